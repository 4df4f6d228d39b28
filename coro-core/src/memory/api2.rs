//! Allocators of the crate `allocator-api2`.

use core::alloc::Layout;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use super::{FrameAllocator, out_of_memory};

// SAFETY: S1: an `Allocator` promises as much, and more. Test: tests/allocators.rs.
unsafe impl<A: Allocator> FrameAllocator for A {
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        Allocator::allocate(self, layout).map_or_else(|AllocError| out_of_memory(layout), NonNull::cast)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        // SAFETY: S1: caller's contract. Test: tests/allocators.rs.
        unsafe { Allocator::deallocate(self, memory, layout) }
    }
}

#[cfg(feature = "alloc")]
pub use shared::Shared;

#[cfg(feature = "alloc")]
mod shared {
    use alloc::rc::Rc;
    use core::ops::Deref;

    use super::{Allocator, FrameAllocator, Layout, NonNull};

    /// An allocator that is used by reference, such as an arena, shared by coroutines: it goes with the last of them.
    ///
    /// ```
    /// use bumpalo::Bump;
    /// use coro::{Generator, Shared};
    ///
    /// #[coro::coroutine(allocator = arena.clone())]
    /// fn bits(arena: Shared<Bump>, of: u32) -> Generator<'static, u32> {
    ///     if of > 1 {
    ///         co_yield!(..bits(arena, of / 2));
    ///     }
    ///     co_yield!(of % 2);
    /// }
    ///
    /// let arena = Shared::new(Bump::new());
    /// assert_eq!(bits(arena.clone(), 6).collect::<Vec<_>>(), [1, 1, 0]);
    /// assert!(arena.allocated_bytes() > 0);
    /// ```
    #[derive(Debug, Default)]
    pub struct Shared<A>(Rc<A>);

    impl<A> Shared<A> {
        /// Shares an allocator.
        pub fn new(allocator: A) -> Self {
            Self(Rc::new(allocator))
        }

        /// The allocator, if nobody else shares it: no coroutine lives in its memory.
        pub fn get_mut(&mut self) -> Option<&mut A> {
            Rc::get_mut(&mut self.0)
        }
    }

    impl<A> Clone for Shared<A> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }

    impl<A> Deref for Shared<A> {
        type Target = A;

        fn deref(&self) -> &A {
            &self.0
        }
    }

    // SAFETY: S1: references to an allocator are one and the same allocator, which stays while a frame shares it. Test:
    // tests/allocators.rs.
    unsafe impl<A> FrameAllocator for Shared<A>
    where
        for<'a> &'a A: Allocator,
    {
        fn allocate(&self, layout: Layout) -> NonNull<u8> {
            FrameAllocator::allocate(&&*self.0, layout)
        }

        unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
            // SAFETY: S1: caller's contract. Test: tests/allocators.rs.
            unsafe { FrameAllocator::deallocate(&&*self.0, memory, layout) }
        }
    }
}
