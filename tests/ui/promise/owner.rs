struct Job;
struct JobPromise;

#[coro::promise]
impl JobPromise {
    fn new() -> Self { Self }
    fn get_return_object(&mut self) -> Job { Job }
    fn return_void(&mut self) {}
}

struct Source;
struct SourcePromise(u32);

#[coro::promise(world = Detached)]
impl SourcePromise {
    fn new() -> Self { Self(0) }
    fn get_return_object(&mut self) -> Source { Source }
    fn return_void(&mut self) {}
    fn yield_value(&mut self, value: u32) { self.0 = value; }
}

#[coro::coroutine(initial = suspend_never)]
fn source() -> Source {
    co_yield!(3);
}

fn main() {
    source();
}
