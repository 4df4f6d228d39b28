//! Awaiters that are for another promise, or another world, than the coroutine's that awaits them; and what they cannot do.

use coro::{Awaiter, ByOwner, Continuation, ContinuationOf, CoroutineHandle, Detached, FireAndForget, Promise};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise(u32);

#[coro::promise]
impl StepsPromise {
    fn new() -> Self { Self(0) }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_void(&mut self) {}
}

struct OnlySteps;

impl Awaiter<StepsPromise> for OnlySteps {
    type Output = u32;
    fn await_suspend(&mut self, _: &mut StepsPromise, _: Continuation) -> Option<Continuation> { None }
    fn await_resume(&mut self, promise: &mut StepsPromise) -> u32 { promise.0 }
}

struct OnlyDetached(Option<Continuation<Detached>>);

impl<P: Promise<World = Detached>> Awaiter<P> for OnlyDetached {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0 = Some(me);
        None
    }
    fn await_resume(&mut self, _: &mut P) {}
}

struct Looks;

impl<P: Promise<World = ByOwner>> Awaiter<P> for Looks {
    type Output = u32;
    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> { Some(me) }
    fn await_resume(&mut self, promise: &mut P) -> u32 { promise.0 }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn another_promise() -> FireAndForget {
    OnlySteps.await;
}

#[coro::coroutine]
fn another_world() -> Steps<'static> {
    OnlyDetached(None).await;
}

fn main() {}
