use coro::{CoroutineHandle, SuspendAlways};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise;

#[coro::promise]
impl StepsPromise {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    SuspendAlways.await;
}

struct Nothing;

#[coro::promise]
impl Nothing {}

struct Conditional;

#[coro::promise]
impl Conditional {
    #[cfg(any())]
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_void(&mut self) {}
}

fn main() {
    steps();
}
