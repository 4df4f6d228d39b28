//! Awaiters that do not have the shape of the trait: C++'s other two forms of `await_suspend`, and forgotten parts.

use coro::{Awaiter, Continuation, ContinuationOf, Detached, Promise};

struct Bool;

impl<P: Promise> Awaiter<P> for Bool {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> bool { true }
    fn await_resume(&mut self, _: &mut P) {}
}

struct Void;

impl<P: Promise> Awaiter<P> for Void {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) {}
    fn await_resume(&mut self, _: &mut P) {}
}

struct NoPromise;

impl<P: Promise> Awaiter<P> for NoPromise {
    type Output = ();
    fn await_suspend(&mut self, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> { None }
    fn await_resume(&mut self) {}
}

struct Incomplete;

impl<P: Promise> Awaiter<P> for Incomplete {
    fn await_ready(&mut self, _: &mut P) -> bool { true }
}

struct AnotherWorld;

impl<P: Promise> Awaiter<P> for AnotherWorld {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> { Some(me) }
    fn await_resume(&mut self, _: &mut P) {}
}

struct WrongValue;

impl<P: Promise> Awaiter<P> for WrongValue {
    type Output = u32;
    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> { None }
    fn await_resume(&mut self, _: &mut P) -> String { String::new() }
}

fn main() {}
