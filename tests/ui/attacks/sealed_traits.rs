//! The traits that stand for a soundness rule cannot be implemented, not even for one's own promise.
#![forbid(unsafe_code)]

use std::rc::Rc;

use coro::{
    ByOwner, Calls, CallsWorld, Detached, GeneratorPromise, Handle, Hosts, MayStart, PanicPolicy, Polled, Promise,
    Propagate, Sendable, SuspendAlways, Unowned, World,
};

struct Mine(Rc<()>);

struct MyPromise;

impl Promise for MyPromise {
    type World = Detached;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;
    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn return_value(&mut self, (): ()) {}
}

impl Hosts<Mine> for Sendable {}
impl CallsWorld<Mine> for Polled {}
impl PanicPolicy<MyPromise> for Mine {}
impl Unowned for Handle {}
impl Calls<MyPromise, GeneratorPromise<Mine>> for ByOwner {}
impl MayStart<MyPromise, Mine> for (Detached, Handle) {}
impl World for Mine {
    type Threads = Sendable;
}

fn main() {}
