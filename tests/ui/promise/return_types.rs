use coro::{Awaiter, CoroutineHandle, SuspendAlways};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

#[coro::promise]
impl StepsPromise {
    fn new() {}
    fn get_return_object(handle: CoroutineHandle<'_, Self>) { drop(handle); }
    fn initial_suspend(&mut self) {}
    fn final_suspend(&mut self) -> impl Awaiter<Self> { SuspendAlways }
    fn return_value(&mut self, value: u32) -> u32 { value }
    fn await_transform(&mut self, awaited: coro::SuspendNever) {}
    fn await_transform(&mut self, awaited: impl Fn()) -> coro::SuspendNever { coro::SuspendNever }
}

struct Machine;

#[coro::promise]
impl Machine {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Self { Self }
    fn return_void(&mut self) -> () {}
    fn yield_from(&mut self, other: Steps<'_>) -> () { drop(other); }
}

struct Third;

#[coro::promise]
impl Third {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> impl Sized { handle }
    fn return_void(&mut self) {}
}

fn main() {}
