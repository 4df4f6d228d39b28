//! Where frames come from: C++'s `operator new` of a promise type ([dcl.fct.def.coroutine]/9).

use core::alloc::Layout;
use core::ptr::NonNull;

#[cfg(feature = "allocator-api2")]
mod api2;
#[cfg(feature = "alloc")]
mod global;
#[cfg(feature = "alloc")]
mod recycled;
#[cfg(all(feature = "allocator-api2", feature = "alloc"))]
mod shared;

/// There is none: nothing is created with it ([`NeedsAlloc`](crate::private::NeedsAlloc)).
#[cfg(not(feature = "alloc"))]
pub(crate) use Lent as Default;
#[cfg(feature = "alloc")]
pub use global::Global;
#[cfg(feature = "alloc")]
pub use recycled::Recycled;
#[cfg(feature = "alloc")]
pub(crate) use recycled::Recycled as Default;
#[cfg(all(feature = "allocator-api2", feature = "alloc"))]
pub use shared::Shared;

/// Gives the memory for frames, where the attribute says `allocator = …`.
///
/// [`Recycled`] is the default, [`Global`] the global allocator alone:
///
/// ```
/// #[coro::coroutine(allocator = coro::Global)]
/// fn numbers() -> coro::Generator<'static, u32> {
///     co_yield!(1);
///     co_yield!(2);
/// }
///
/// assert_eq!(numbers().sum::<u32>(), 3);
/// ```
///
/// With the feature `allocator-api2`, every allocator of that crate's trait is one. An arena, which is used by
/// reference, is `Shared` among coroutines. The expression sees the function's parameters, as `promise = …` does.
///
/// An allocator is `'static`. A coroutine can be leaked, and whoever it had called may still look at its frame; so the
/// memory of a frame must stay until the frame is given back.
///
/// # Safety
/// What [`allocate`](Self::allocate) returns is valid memory for the layout, whatever that is, and nobody else's, until
/// it is given to [`deallocate`](Self::deallocate) of the same allocator, which may have been moved since (to another
/// thread, if it is `Send`), or for ever if it is not. `deallocate` does not unwind.
pub unsafe trait FrameAllocator {
    /// Memory for a frame. Where there is none this does not return: it aborts as `Box` does, or panics. Then the
    /// function's arguments are dropped, and the panic goes to its caller.
    fn allocate(&self, layout: Layout) -> NonNull<u8>;

    /// Takes it back.
    ///
    /// # Safety
    /// This allocator has [`allocate`](Self::allocate)d it with this layout, and nobody uses it any more.
    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout);
}

/// The memory is somebody else's.
pub(crate) struct Lent;

// SAFETY: S2: it is never asked for memory, and gives none back. Test: tests/in_place.rs.
unsafe impl FrameAllocator for Lent {
    fn allocate(&self, _: Layout) -> NonNull<u8> {
        unreachable!("its memory is there")
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
}

#[cfg(feature = "alloc")]
use alloc::alloc::handle_alloc_error as out_of_memory;

#[cfg(all(feature = "allocator-api2", not(feature = "alloc")))]
fn out_of_memory(layout: Layout) -> ! {
    panic!("no memory for a frame of {} bytes", layout.size())
}
