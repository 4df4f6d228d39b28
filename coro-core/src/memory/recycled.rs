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
        // SAFETY: caller's contract; all that is in the lists is `Global`'s.
        unsafe { lists::keep(frame, layout) }
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
        /// How many more are kept: none until the list is open.
        room: Cell<u32>,
        is_open: Cell<bool>,
    }

    struct Link(Option<NonNull<Self>>);

    /// Frees what is in the lists when the thread ends.
    struct Emptied;

    // Two, for each use of one with a destructor would ask first whether that is registered.
    std::thread_local! {
        static LISTS: [List; SIZES] = const { [const { List::new() }; SIZES] };
        static EMPTIED: Emptied = const { Emptied };
    }

    /// Frames have such sizes; others may be asked for.
    const fn index(layout: Layout) -> Option<usize> {
        let index = layout.size() / GRAIN;
        let is_kept = layout.align() == GRAIN && layout.size().is_multiple_of(GRAIN) && 0 < index && index < SIZES;
        if is_kept { Some(index) } else { None }
    }

    impl List {
        const fn new() -> Self {
            Self { first: Cell::new(None), room: Cell::new(0), is_open: Cell::new(false) }
        }

        #[inline]
        fn pop(&self) -> Option<NonNull<u8>> {
            let link = self.first.get()?;
            // SAFETY: S1: what is in the list was put there by `push`, and is this thread's. Test: `tests` below.
            self.first.set(unsafe { link.as_ref() }.0);
            self.room.update(|room| room + 1);
            Some(link.cast())
        }

        /// # Safety
        /// `frame` is nobody else's, and of this list's size, and there is room.
        #[inline]
        unsafe fn push(&self, frame: NonNull<u8>) {
            let link = frame.cast::<Link>();
            // SAFETY: caller's contract; it is large enough and aligned. Test: `tests` below.
            unsafe { link.write(Link(self.first.get())) };
            self.first.set(Some(link));
            self.room.update(|room| room - 1);
        }

        /// Whether there is room after all: the list was not open, and now it is.
        fn opens(&self) -> bool {
            // While the thread ends, what would free the frames may have gone.
            let opens = !self.is_open.replace(true) && EMPTIED.try_with(|_| ()).is_ok();
            if opens {
                self.room.set(LIMIT);
            }
            opens
        }
    }

    #[inline]
    pub(super) fn take(layout: Layout) -> Option<NonNull<u8>> {
        let index = index(layout)?;
        LISTS.with(|lists| lists[index].pop())
    }

    /// # Safety
    /// As for [`FrameAllocator::deallocate`], of `Global`'s.
    #[inline]
    pub(super) unsafe fn keep(frame: NonNull<u8>, layout: Layout) {
        // SAFETY: caller's contract.
        unsafe {
            match index(layout) {
                None => Global.deallocate(frame, layout),
                Some(index) => LISTS.with(|lists| {
                    let list = &lists[index];
                    if list.room.get() == 0 { keep_or_free(list, frame, layout) } else { list.push(frame) }
                }),
            }
        }
    }

    /// # Safety
    /// As for [`keep`].
    #[cold]
    unsafe fn keep_or_free(list: &List, frame: NonNull<u8>, layout: Layout) {
        // SAFETY: caller's contract.
        unsafe { if list.opens() { list.push(frame) } else { Global.deallocate(frame, layout) } }
    }

    impl Drop for Emptied {
        fn drop(&mut self) {
            LISTS.with(|lists| {
                for (index, list) in lists.iter().enumerate() {
                    while let Some(frame) = list.pop() {
                        let layout = Layout::from_size_align(index * GRAIN, GRAIN).expect("it was one");
                        // SAFETY: S1: it was allocated with this layout. Test: `tests` below.
                        unsafe { Global.deallocate(frame, layout) };
                    }
                    // From here on it is neither open nor opened.
                    list.room.set(0);
                    list.is_open.set(true);
                }
            });
        }
    }
}

#[cfg(not(all(feature = "std", not(coro_sanitized), not(loom))))]
mod lists {
    use core::alloc::Layout;
    use core::ptr::NonNull;

    use super::{FrameAllocator as _, Global};

    pub(super) const fn take(_: Layout) -> Option<NonNull<u8>> {
        None
    }

    /// # Safety
    /// As for [`FrameAllocator::deallocate`], of `Global`'s.
    pub(super) unsafe fn keep(frame: NonNull<u8>, layout: Layout) {
        // SAFETY: caller's contract.
        unsafe { Global.deallocate(frame, layout) }
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
