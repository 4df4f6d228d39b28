use coro::{Awaiter, ContinuationOf, CoroutineHandle, Promise};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(String);
struct Borrowing<'a>(&'a str);

impl<P: Promise> Awaiter<P> for Borrowing<'_> {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> { Some(me) }
    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::promise]
impl StepsPromise {
    fn new() -> Self { Self(String::new()) }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn initial_suspend(&mut self) -> Borrowing<'_> { Borrowing(&self.0) }
    fn return_value(&mut self, value: &str) { self.0 = value.into(); }
    fn await_transform(&mut self, (): ()) -> Borrowing<'_> { Borrowing(&self.0) }
    fn await_transform(&mut self, names: (&str, &str)) -> &str { names.0 }
}

#[coro::coroutine]
fn steps() -> Steps<'static> {
    ().await;
    "value"
}

struct Job<'a>(&'a u32);
struct JobPromise(u32);

#[coro::promise(world = Detached)]
impl JobPromise {
    fn new() -> Self { Self(0) }
    fn get_return_object(&mut self) -> Job<'_> { Job(&self.0) }
    fn return_value<T>(&mut self, value: T) { drop(value); }
}

fn main() {
    steps();
}
