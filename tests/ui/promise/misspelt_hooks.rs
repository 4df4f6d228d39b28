use coro::{CoroutineHandle, SuspendAlways};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

#[coro::promise]
impl StepsPromise {
    fn new() -> Self { Self(0) }
    fn get_return_objet(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn initial_supsend(&mut self) -> SuspendAlways { SuspendAlways }
    fn retrun_value(&mut self, value: u32) { self.0 = value; }
    fn yield_values(&mut self, value: u32) { self.0 = value; }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    co_yield!(3);
    SuspendAlways.await;
    2
}

fn main() {
    steps();
}
