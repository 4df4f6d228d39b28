//! Who is woken: the slot that a polled coroutine and the continuation it gave away share, and the wakers of several
//! that are awaited together.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker};

use crate::sync::{AtomicBool, AtomicUsize, AtomicWaker, Ordering};

/// Fired once, by the continuation; asked by each poll.
pub struct WakeSlot {
    fired: AtomicBool,
    waker: AtomicWaker,
}

impl WakeSlot {
    /// One that wakes `context` when it fires: in the memory of `spent`, if nobody else has that.
    pub(crate) fn new(context: &Context<'_>, spent: Option<Arc<Self>>) -> Arc<Self> {
        let again = |mut spent: Arc<Self>| {
            Arc::get_mut(&mut spent)?.fired.store(false, Ordering::Relaxed);
            Some(spent)
        };
        let slot = spent
            .and_then(again)
            .unwrap_or_else(|| Arc::new(Self { fired: AtomicBool::new(false), waker: AtomicWaker::new() }));
        register(&slot.waker, context);
        slot
    }

    /// The continuation was resumed or dropped: whoever polled last is woken.
    pub(crate) fn fire(&self) {
        self.fired.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it has fired. It keeps no waker then, or not for long.
    #[inline]
    pub(crate) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }

    /// If it has not fired: `context`, and nobody else, is woken when it does.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        // First the waker, then the flag: one that fires in between wakes it, and is seen here or at that poll.
        register(&self.waker, context);
        if self.has_fired() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The slot that this thread has used last, for its next suspension: so one that goes from suspension to suspension
/// allocates once. (With the feature `std`, for a thread-local is needed.)
#[cfg(all(feature = "std", not(loom)))]
pub(crate) mod spent {
    use super::{Arc, WakeSlot};
    use core::cell::Cell;

    std::thread_local! {
        static SPENT: Cell<Option<Arc<WakeSlot>>> = const { Cell::new(None) };
    }

    #[inline]
    pub(crate) fn take() -> Option<Arc<WakeSlot>> {
        // While the thread ends, it may have gone.
        SPENT.try_with(Cell::take).ok()?
    }

    /// Keeps one that [has fired](WakeSlot::has_fired).
    #[inline]
    pub(crate) fn keep(slot: Arc<WakeSlot>) {
        let _or_drop = SPENT.try_with(|spent| spent.replace(Some(slot)));
    }
}

#[cfg(not(all(feature = "std", not(loom))))]
pub(crate) mod spent {
    use super::{Arc, WakeSlot};

    pub(crate) const fn take() -> Option<Arc<WakeSlot>> {
        None
    }

    pub(crate) fn keep(_: Arc<WakeSlot>) {}
}

fn register(waker: &AtomicWaker, context: &Context<'_>) {
    #[cfg(not(loom))]
    waker.register(context.waker());
    #[cfg(loom)]
    waker.register(context.waker().clone());
}

/// The wakers of several that are awaited together, so that only those are polled that were woken.
pub struct Wakers {
    woken: Arc<Woken>,
    /// Of those that have not ended.
    each: Vec<Option<Waker>>,
    left: usize,
}

/// Who was woken since the last poll: a bit for each.
struct Woken {
    bits: Box<[AtomicUsize]>,
    waker: AtomicWaker,
}

struct WakeOne {
    woken: Arc<Woken>,
    index: usize,
}

impl Wake for WakeOne {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let bit = 1 << (self.index % BITS);
        self.woken.bits[self.index / BITS].fetch_or(bit, Ordering::Release);
        self.woken.waker.wake();
    }
}

const BITS: usize = usize::BITS as usize;

impl Wakers {
    /// For `count`, all of which are to be polled.
    pub(crate) fn new(count: usize) -> Self {
        let bits = (0..count.div_ceil(BITS)).map(|_| AtomicUsize::new(usize::MAX)).collect();
        let woken = Arc::new(Woken { bits, waker: AtomicWaker::new() });
        let waker = |index| Some(Arc::new(WakeOne { woken: woken.clone(), index }).into());
        Self { each: (0..count).map(waker).collect(), woken, left: count }
    }

    /// Polls those that were woken, in their order; `ends` polls one, and says whether it has ended. Ready with the
    /// first that has if `any`, otherwise when all have.
    pub(crate) fn poll(
        &mut self,
        context: &Context<'_>,
        any: bool,
        mut ends: impl FnMut(usize, &mut Context<'_>) -> bool,
    ) -> Poll<Option<usize>> {
        // Before the bits are looked at: see `WakeSlot::poll`.
        register(&self.woken.waker, context);
        for (word, bits) in self.woken.bits.iter().enumerate() {
            let mut woken = bits.swap(0, Ordering::Acquire);
            while woken != 0 {
                let index = word * BITS + woken.trailing_zeros() as usize;
                woken &= woken - 1;
                let Some(Some(waker)) = self.each.get(index) else { continue };
                if ends(index, &mut Context::from_waker(waker)) {
                    if any {
                        return Poll::Ready(Some(index));
                    }
                    self.each[index] = None;
                    self.left -= 1;
                }
            }
        }
        if self.left == 0 { Poll::Ready(None) } else { Poll::Pending }
    }
}
