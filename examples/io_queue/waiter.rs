//! Who waits for an operation.

use std::any::Any;

use coro::{Backtrace, Continuation, Detached, LocalWorld, Polled};

/// A coroutine of either world that stays on its thread.
pub(super) enum Waiter {
    Detached(Continuation<Detached>),
    Polled(Continuation<Polled>),
}

impl Waiter {
    pub(super) fn new<W: LocalWorld>(continuation: Continuation<W>) -> Self {
        // There are only two such worlds, and rustc knows which one this is.
        let mut continuation = Some(continuation);
        let any: &mut dyn Any = &mut continuation;
        if let Some(detached) = any.downcast_mut::<Option<Continuation<Detached>>>() {
            return Self::Detached(detached.take().expect("put there above"));
        }
        let polled = any.downcast_mut::<Option<Continuation<Polled>>>().expect("no other world is local");
        Self::Polled(polled.take().expect("put there above"))
    }

    /// Where it is. Of one that is polled only its owner knows.
    pub(super) fn backtrace(&self) -> Option<Backtrace> {
        match self {
            Self::Detached(continuation) => Some(continuation.backtrace()),
            Self::Polled(_) => None,
        }
    }

    /// Whether its coroutine was destroyed, and nobody waits any more.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Detached(continuation) if continuation.is_done())
    }

    pub(super) fn resume(self) {
        match self {
            Self::Detached(continuation) => continuation.resume(),
            Self::Polled(continuation) => continuation.resume(),
        }
    }
}
