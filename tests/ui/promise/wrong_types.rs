use coro::CoroutineHandle;

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise;

#[coro::promise]
impl StepsPromise {
    fn new() -> Option<Self> { Some(Self) }
    fn get_return_object(handle: &u32) -> Steps<'_> { panic!("{handle}") }
    fn final_suspend(&mut self) -> u32 { 0 }
    fn return_void(&mut self) {}
    fn yield_value(&mut self, value: u32) -> u32 { value }
    fn unhandled_exception(&mut self, panic: String) { drop(panic); }
}

struct Foreign;

#[coro::promise(world = Detached)]
impl Foreign {
    fn get_return_object(&mut self) -> Option<u32> { None }
    fn return_void(&mut self) {}
}

fn main() {}
