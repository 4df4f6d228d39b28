//! An impl of one of these traits would be handed the coroutine itself. It would have to name a type that has no name.

use std::future::{Pending, Ready, pending, ready};

use coro::private::{Co, Point, probe};
use coro::{AwaitableKind, CoAwait, FireAndForgetPromise, StartsWith};

struct Mine;

impl<P> CoAwait<P, AwaitableKind> for Mine {
    type Wait = Ready<()>;
    unsafe fn co_await(_: probe::Way<P, AwaitableKind>, _: Mine, _: &'static Point) -> Ready<()> {
        ready(())
    }
}

struct Inferred;

impl<P, K> CoAwait<P, K> for Inferred {
    type Wait = Ready<()>;
    unsafe fn co_await(_: probe::sealed::Way<P, K>, _: Inferred, _: &'static Point) -> Ready<()> {
        ready(())
    }
}

impl StartsWith<Mine, ()> for FireAndForgetPromise {
    type Wait = Pending<Co<Self>>;
    unsafe fn wait(_: probe::Way<Self, ()>, _: Mine) -> Pending<Co<Self>> {
        pending()
    }
}

fn main() {}
