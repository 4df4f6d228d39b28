use coro::CoroutineHandle;

#[coro::promise]
struct StepsPromise;

#[coro::promise]
impl Default for StepsPromise {
    fn default() -> Self { Self }
}

#[coro::promise]
fn steps() {}

struct Other;

#[coro::promise(send)]
#[coro::promise]
unsafe impl Other {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Handle<'_> { Handle(handle) }
    fn return_void(&mut self) {}
}

struct Handle<'a>(CoroutineHandle<'a, Other>);

fn main() {
    let _ = StepsPromise::default();
    steps();
}
