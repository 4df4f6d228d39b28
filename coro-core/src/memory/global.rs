//! The global allocator.

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::ptr::{NonNull, without_provenance_mut};

use super::{FrameAllocator, out_of_memory};

/// The global allocator, and nothing before it. It aborts as `Box` does if there is no memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Global;

// SAFETY: S1: the global allocator promises as much. Test: tests/allocators.rs.
unsafe impl FrameAllocator for Global {
    #[inline]
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        // No frame's, but anybody may ask.
        if layout.size() == 0 {
            return NonNull::new(without_provenance_mut(layout.align())).expect("an alignment is not zero");
        }
        // SAFETY: S1: the size is not zero. Test: `tests` in recycled.rs.
        NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| out_of_memory(layout))
    }

    #[inline]
    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        if layout.size() != 0 {
            // SAFETY: S1: caller's contract. Test: tests/allocators.rs.
            unsafe { dealloc(memory.as_ptr(), layout) }
        }
    }
}
