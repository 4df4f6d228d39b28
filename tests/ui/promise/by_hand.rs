//! A promise written by hand, as `#[coro::promise]` would write it, with mistakes.
#![allow(unused)]

use coro::{ByOwner, Coroutine, CoroutineHandle, Handle, Promise, Propagate, SuspendAlways};

struct Incomplete;

impl Promise for Incomplete {
    type World = ByOwner;
    fn return_value(&mut self, value: u32) {}
}

struct WrongParts;

impl Promise for WrongParts {
    type World = u32;
    type Owner = SuspendAlways;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = u32;
    fn initial_suspend(&mut self) -> SuspendAlways { SuspendAlways }
    fn final_suspend(&mut self) -> u32 { 1 }
    fn return_value(&mut self, (): ()) {}
}

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

impl coro::NewPromise for StepsPromise {
    fn new() -> Self { Self }
}

impl<'a> Coroutine<'a> for Steps<'a> {
    type Promise = StepsPromise;
    fn get_return_object(promise: &mut StepsPromise) -> Self { panic!() }
}

fn main() {}
