use coro::{Awaiter, CoroutineHandle, Promise, SuspendNever};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

#[coro::promise(await = none)]
impl StepsPromise {
    fn new() -> Self { Self(0) }
    fn new() -> Self { Self(1) }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_value(&mut self, value: u32) { self.0 = value; }
    fn return_void(&mut self) {}
    fn await_transform(&mut self, awaited: SuspendNever) -> SuspendNever { awaited }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    SuspendNever.await;
    2
}

struct Machine<'a>(CoroutineHandle<'a, MachinePromise>);
struct MachinePromise;
type Number = u32;

#[coro::promise]
impl MachinePromise {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Machine<'_> { Machine(handle) }
    fn return_void(&mut self) {}
    fn yield_value(&mut self, value: u32) { drop(value); }
    fn yield_value(&mut self, value: Number) { drop(value); }
}

fn is_awaiter(_: impl Awaiter<MachinePromise>) {}

fn main() {
    steps();
    is_awaiter(SuspendNever);
    let _ = <MachinePromise as Promise>::final_suspend;
}
