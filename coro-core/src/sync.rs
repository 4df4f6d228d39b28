//! Atomics, which the loom models replace by their own.

#[cfg(not(loom))]
pub(crate) use atomic_waker::AtomicWaker;
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

#[cfg(loom)]
pub(crate) use loom::{
    future::AtomicWaker,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering},
};
