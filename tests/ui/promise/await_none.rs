use coro::{CoroutineHandle, SuspendNever};

struct Silent<'a>(CoroutineHandle<'a, SilentPromise>);
struct SilentPromise;

#[coro::promise(await = none)]
impl SilentPromise {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Silent<'_> { Silent(handle) }
    fn return_void(&mut self) {}
}

#[coro::coroutine(promise = SilentPromise)]
fn silent() -> Silent<'static> {
    SuspendNever.await;
}

fn main() {
    silent();
}
