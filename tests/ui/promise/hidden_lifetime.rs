use coro::CoroutineHandle;

struct Hidden<'a>(CoroutineHandle<'a, HiddenPromise>);
struct HiddenPromise;

#[coro::promise]
impl HiddenPromise {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<Self>) -> Hidden { Hidden(handle) }
    fn return_void(&mut self) {}
}

fn main() {}
