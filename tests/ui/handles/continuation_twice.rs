//! A continuation is resumed once.

use coro::{Awaiter, ByOwner, Continuation, Detached, Promise};

fn twice(continuation: Continuation<Detached>) {
    continuation.resume();
    continuation.resume();
}

fn copied(continuation: Continuation<Detached>) -> (Continuation<Detached>, Continuation<Detached>) {
    (continuation.clone(), continuation)
}

fn by_owner(continuation: Continuation<ByOwner>) {
    continuation.resume();
}

struct Both(Option<Continuation<Detached>>);

impl<P: Promise<World = Detached>> Awaiter<P> for Both {
    type Output = ();
    fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0 = Some(me);
        Some(me)
    }
    fn await_resume(&mut self, _: &mut P) {}
}

fn main() {}
