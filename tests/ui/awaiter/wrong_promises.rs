//! Awaiters for no promise, and for another one than the coroutine's.

use coro::{Awaiter, ContinuationOf};

struct NoPromise;

impl<P> Awaiter<P> for NoPromise {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> { None }
    fn await_resume(&mut self, _: &mut P) {}
}

struct NoType;

impl Awaiter for NoType {
    type Output = ();
    fn await_resume(&mut self, _: &mut ()) {}
}

struct NotAPromise;

impl Awaiter<u32> for NotAPromise {
    type Output = ();
    fn await_suspend(&mut self, _: &mut u32, _: ContinuationOf<u32>) -> Option<ContinuationOf<u32>> { None }
    fn await_resume(&mut self, _: &mut u32) {}
}

fn main() {}
