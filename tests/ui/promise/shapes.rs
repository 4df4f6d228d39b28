use coro::{CoroutineHandle, Panic, SuspendAlways};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

#[coro::promise]
impl StepsPromise {
    fn new(start: u32) -> Self { Self(start) }
    pub fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn initial_suspend(&self) -> SuspendAlways { SuspendAlways }
    fn final_suspend(self) -> SuspendAlways { drop(self); SuspendAlways }
    fn return_value(value: u32) { self.0 = value; }
    async fn yield_value(&mut self, value: u32) { async {}.await; self.0 = value; }
    fn await_transform(&mut self) -> SuspendAlways { awaited }
    unsafe extern "C" fn yield_from(&mut self, other: u32) -> SuspendAlways { SuspendAlways }
    fn unhandled_exception(&mut self, panic: Panic, more: u32) { panic.resume(); }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    co_yield!(3);
    2
}

struct Machine<'a>(CoroutineHandle<'a, MachinePromise>);
struct MachinePromise(u32);

#[coro::promise]
impl MachinePromise {
    fn new(&self) -> Self { Self(0) }
    fn get_return_object(&mut self, handle: CoroutineHandle<'_, Self>) -> Machine<'_> { Machine(handle) }
    fn initial_suspend(self: &mut Self) -> SuspendAlways { SuspendAlways }
    fn final_suspend(&mut self, last: bool) -> SuspendAlways { if last { panic!() } SuspendAlways }
    const fn return_void(&mut self);
    fn yield_value<'a>(&'a mut self, value: &'a u32) { self.0 = *value; }
}

struct Third<'a>(CoroutineHandle<'a, ThirdPromise>);
struct ThirdPromise;

#[coro::promise]
impl ThirdPromise {
    fn get_return_object() -> Third<'static> { todo!() }
    fn return_value(&mut self) {}
}

#[coro::coroutine(promise = ThirdPromise)]
fn third() -> Third<'static> {}

fn main() {
    steps();
    third();
}
