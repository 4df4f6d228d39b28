#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Frames live on the heap: without an allocator there is nothing here yet.
#![cfg(feature = "alloc")]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod awaiter;
mod call;
mod continuation;
mod drive;
mod frame;
mod guard;
mod handle;
mod leaf;
mod location;
#[cfg(all(test, loom))]
mod models;
mod panic;
mod promise;
mod start;
mod state;
mod sync;
mod types;
mod wake;

#[doc(hidden)]
pub mod private;

pub use awaiter::{Awaitable, Awaiter, SuspendAlways, SuspendNever};
pub use call::{Callee, Calls};
pub use continuation::{
    ByOwner, CallsWorld, Continuation, ContinuationOf, Detached, Hosts, Local, LocalWorld, Parks, Polled, Sendable,
    Threads, World,
};
pub use handle::CoroutineHandle;
pub use location::{Backtrace, Location};
pub use panic::Panic;
pub use promise::{
    AwaitTransform, Coroutine, FinalSuspend, Given, Handle, Handled, NeedsStd, NewPromise, Nobody, Owner, PanicPolicy,
    Promise, Propagate, UnhandledException, Unowned, YieldFrom, YieldValue,
};
pub use start::MayStart;
pub use types::*;

#[cfg(feature = "macros")]
#[doc(inline)]
pub use coro_macros::{coroutine, promise};
