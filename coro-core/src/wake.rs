//! The wake slot: what a polled coroutine and the continuation it gave away share.

use core::task::{Context, Poll};

use crate::sync::{AtomicBool, AtomicWaker, Ordering};

/// Fired once, by the continuation; asked by each poll.
pub struct WakeSlot {
    fired: AtomicBool,
    waker: AtomicWaker,
}

impl WakeSlot {
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let slot = Self { fired: AtomicBool::new(false), waker: AtomicWaker::new() };
        slot.register(context);
        slot
    }

    fn register(&self, context: &Context<'_>) {
        #[cfg(not(loom))]
        self.waker.register(context.waker());
        #[cfg(loom)]
        self.waker.register(context.waker().clone());
    }

    /// The continuation was resumed or dropped: whoever polled last is woken.
    pub(crate) fn fire(&self) {
        self.fired.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it has fired; if not, `context` is woken when it does.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        // First the waker, then the flag: one that fires in between wakes it, and is seen here or at that poll.
        self.register(context);
        if self.fired.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}
