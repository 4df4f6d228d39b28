use coro::CoroutineHandle;

struct Steps<'a>(CoroutineHandle<'a, Undefined>);

#[coro::promise]
impl Undefined {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_void(&mut self) {}
    fn yield_value(&mut self, value: u32) { drop(value); }
}

fn main() {}
