use coro::{CoroutineHandle, SuspendAlways, SuspendNever};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise;

#[coro::promise]
impl StepsPromise {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_void(&mut self) {}
    fn await_transform(&mut self, awaited: SuspendAlways) -> SuspendAlways { awaited }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    SuspendNever.await;
}

fn main() {
    steps();
}
