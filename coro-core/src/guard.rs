//! What has to happen also when a user's code panics.

use core::mem::ManuallyDrop;

/// Runs a closure when it is dropped, at the end of its scope or by a panic; where only a panic matters,
/// [`defuse`](Self::defuse) it at the end.
pub(crate) struct Finally<F: FnOnce()>(ManuallyDrop<F>);

impl<F: FnOnce()> Finally<F> {
    pub(crate) const fn new(then: F) -> Self {
        Self(ManuallyDrop::new(then))
    }

    /// No panic came.
    pub(crate) fn defuse(self) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so the closure is dropped once, here. Test: tests/panics.rs.
        unsafe { ManuallyDrop::drop(&mut this.0) }
    }
}

impl<F: FnOnce()> Drop for Finally<F> {
    fn drop(&mut self) {
        // SAFETY: `drop` runs once, and not after `defuse`. Test: tests/panics.rs.
        unsafe { ManuallyDrop::take(&mut self.0)() }
    }
}
