//! An allocator that coroutines share.

use alloc::rc::Rc;
use core::alloc::Layout;
use core::ops::Deref;
use core::ptr::NonNull;

use allocator_api2::alloc::Allocator;

use super::FrameAllocator;

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
