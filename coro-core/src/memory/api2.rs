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
