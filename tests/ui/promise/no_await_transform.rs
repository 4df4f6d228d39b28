//! A promise by hand that lacks the hooks that its coroutines use.

use coro::{ByOwner, Coroutine, CoroutineHandle, Handle, Promise, Propagate, SuspendAlways};

struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
struct StepsPromise;

impl Promise for StepsPromise {
    type World = ByOwner;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;
    fn initial_suspend(&mut self) -> SuspendAlways { SuspendAlways }
    fn final_suspend(&mut self) -> SuspendAlways { SuspendAlways }
    fn return_value(&mut self, (): ()) {}
}

impl<'a> Coroutine<'a> for Steps<'a> {
    type Promise = StepsPromise;
    fn get_return_object(handle: CoroutineHandle<'a, StepsPromise>) -> Self { Steps(handle) }
}

#[coro::coroutine(promise = StepsPromise)]
fn awaits() -> Steps<'static> {
    SuspendAlways.await;
}

#[coro::coroutine(promise = StepsPromise)]
fn yields() -> Steps<'static> {
    co_yield!(1);
}

#[coro::coroutine]
fn is_not_made() -> Steps<'static> {}

fn main() {}
