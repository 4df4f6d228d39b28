//! The frames that a thread has freed, to be used again.
//!
//! A coroutine that ends at once would cost as much for its memory as for all the rest, so each thread keeps some
//! frames of each small size. (With the feature `std`, for a thread-local is needed; and not where a sanitizer watches,
//! which would not see what uses a frame after its end.)

use core::alloc::Layout;
use core::ptr::NonNull;

use super::{FrameAllocator, Global};

/// The default: frames that the same thread has freed, up to 64 of each size below 512 bytes, or else the global
/// allocator's.
///
/// It is the default by measurement: a task that ends at once costs a third less than with [`Global`] alone. Without
/// the feature `std` it is `Global`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recycled;

// SAFETY: S1: what is in a list is nobody else's, see `lists`. Test: `tests` below.
unsafe impl FrameAllocator for Recycled {
    #[inline]
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        lists::take(layout).unwrap_or_else(|| Global.allocate(layout))
    }

    #[inline]
    unsafe fn deallocate(&self, frame: NonNull<u8>, layout: Layout) {
        if !lists::keep(frame, layout) {
            // SAFETY: caller's contract; all that is in the lists is `Global`'s.
            unsafe { Global.deallocate(frame, layout) }
        }
    }
}

#[cfg(all(feature = "std", not(coro_sanitized), not(loom)))]
mod lists {
    use core::alloc::Layout;
    use core::cell::Cell;
    use core::ptr::NonNull;

    use super::{FrameAllocator as _, Global};

    /// Sizes are multiples of this, and it is the alignment of all that is kept.
    const GRAIN: usize = 16;
    /// Larger frames are not kept.
    const SIZES: usize = 32;
    /// How many of each size are kept.
    const LIMIT: u32 = 64;

    /// Frames of one size: a list through their first words.
    struct List {
        first: Cell<Option<NonNull<Link>>>,
        len: Cell<u32>,
    }

    struct Link(Option<NonNull<Self>>);

    struct Lists([List; SIZES]);

    std::thread_local! {
        static LISTS: Lists = const { Lists([const { List { first: Cell::new(None), len: Cell::new(0) } }; SIZES]) };
    }

    /// Frames have such sizes; others may be asked for.
    const fn index(layout: Layout) -> Option<usize> {
        let index = layout.size() / GRAIN;
        let is_kept = layout.align() == GRAIN && layout.size().is_multiple_of(GRAIN) && 0 < index && index < SIZES;
        if is_kept { Some(index) } else { None }
    }

    impl List {
        fn pop(&self) -> Option<NonNull<u8>> {
            let link = self.first.get()?;
            // SAFETY: S1: what is in the list was put there by `push`, and is this thread's. Test: `tests` below.
            self.first.set(unsafe { link.as_ref() }.0);
            self.len.set(self.len.get() - 1);
            Some(link.cast())
        }

        /// # Safety
        /// `frame` is nobody else's, and of this list's size.
        unsafe fn push(&self, frame: NonNull<u8>) -> bool {
            if self.len.get() == LIMIT {
                return false;
            }
            let link = frame.cast::<Link>();
            // SAFETY: caller's contract; it is large enough and aligned. Test: `tests` below.
            unsafe { link.write(Link(self.first.get())) };
            self.first.set(Some(link));
            self.len.set(self.len.get() + 1);
            true
        }
    }

    #[inline]
    pub(super) fn take(layout: Layout) -> Option<NonNull<u8>> {
        let index = index(layout)?;
        // While the thread ends, its lists may have gone.
        LISTS.try_with(|lists| lists.0[index].pop()).ok()?
    }

    #[inline]
    pub(super) fn keep(frame: NonNull<u8>, layout: Layout) -> bool {
        // SAFETY: `free`'s contract.
        index(layout)
            .is_some_and(|index| LISTS.try_with(|lists| unsafe { lists.0[index].push(frame) }).unwrap_or(false))
    }

    impl Drop for Lists {
        fn drop(&mut self) {
            for (index, list) in self.0.iter().enumerate() {
                while let Some(frame) = list.pop() {
                    let layout = Layout::from_size_align(index * GRAIN, GRAIN).expect("it was one");
                    // SAFETY: S1: it was allocated with this layout. Test: `tests` below.
                    unsafe { Global.deallocate(frame, layout) };
                }
            }
        }
    }
}

#[cfg(not(all(feature = "std", not(coro_sanitized), not(loom))))]
mod lists {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    pub(super) const fn take(_: Layout) -> Option<NonNull<u8>> {
        None
    }

    pub(super) const fn keep(_: NonNull<u8>, _: Layout) -> bool {
        false
    }
}

#[cfg(all(test, feature = "std", not(coro_sanitized), not(loom)))]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    /// Allocates as many, writes to all of them, and frees them in their order; their addresses.
    fn round(count: usize, layout: Layout) -> alloc::vec::Vec<usize> {
        let frames: alloc::vec::Vec<_> = (0..count).map(|_| Recycled.allocate(layout)).collect();
        for frame in &frames {
            // SAFETY: it was allocated with this layout.
            unsafe { frame.write_bytes(0xAA, layout.size()) };
        }
        for frame in &frames {
            // SAFETY: as above, and it is not used any more.
            unsafe { Recycled.deallocate(*frame, layout) };
        }
        frames.into_iter().map(|frame| frame.addr().get()).collect()
    }

    #[test]
    fn a_frame_is_used_again_for_one_of_its_size() {
        let mut freed = round(3, layout(80, 16));
        let mut others = round(3, layout(96, 16));
        freed.reverse();
        assert_eq!(round(3, layout(80, 16)), freed);
        others.reverse();
        assert_eq!(round(3, layout(96, 16)), others);
    }

    #[test]
    fn any_layout_gets_memory_of_its_size() {
        let small = round(8, layout(16, 16));
        // Anybody may ask, and not only for what frames have: a size that is a multiple of their alignment.
        let odd = round(8, layout(24, 16));
        assert!(odd.iter().all(|frame| !small.contains(frame)), "24 bytes in 16");
        let odd = round(8, layout(40, 16));
        assert!(round(8, layout(48, 16)).iter().all(|frame| !odd.contains(frame)), "48 bytes in 40");
        assert_eq!(round(3, layout(0, 16)), [16; 3]);
        assert_eq!(round(3, layout(0, 1)), [1; 3]);
        round(3, layout(1, 1));
    }

    #[test]
    fn more_than_are_kept_and_such_as_are_not_go_back_to_the_allocator() {
        round(1000, layout(64, 16));
        round(2, layout(100_000, 16));
        round(2, layout(64, 64));
    }

    #[test]
    fn what_a_thread_keeps_goes_with_it_and_may_come_from_another_one() {
        let layout = layout(112, 16);
        let frame = Recycled.allocate(layout).as_ptr().expose_provenance();
        let free_there = move || {
            let frame = NonNull::new(core::ptr::with_exposed_provenance_mut(frame)).expect("it is not null");
            // SAFETY: it was allocated above, and is not used any more.
            unsafe { Recycled.deallocate(frame, layout) };
            round(100, layout);
        };
        std::thread::spawn(free_there).join().expect("no panic");
    }
}
