use coro::CoroutineHandle;

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

macro_rules! hooks {
    () => {};
}

#[coro::promise]
impl StepsPromise {
    const START: u32 = 0;
    type Value = u32;
    hooks!();
    fn new() -> Self { Self(Self::START) }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_value(&mut self, value: u32) { self.set(value); }
    fn set(&mut self, value: u32) { self.0 = value; }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    2
}

fn main() {
    steps();
}
