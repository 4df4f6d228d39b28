#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Frames live on the heap: without an allocator there is nothing here yet.
#![cfg(feature = "alloc")]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod allocation;
mod awaiter;
mod branch;
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
mod scope;
mod start;
mod state;
mod sync;
mod together;
mod types;
mod visit;
mod wake;

#[doc(hidden)]
pub mod private;

/// As messages of rustc name them.
#[doc(hidden)]
pub use private::{
    StartsWith,
    probe::{AwaitableKind, AwaiterKind, CallKind, CoAwait, FutureKind, VisitKind},
};

pub use awaiter::{Awaitable, Awaiter, SuspendAlways, SuspendNever};
pub use call::{Callee, Calls};
pub use continuation::{
    ByOwner, CallsWorld, Continuation, ContinuationOf, Detached, Hosts, Local, LocalWorld, Parks, Polled, Sendable,
    Stops, Threads, World,
};
pub use handle::CoroutineHandle;
pub use location::{Backtrace, Location};
pub use panic::Panic;
pub use promise::{
    AwaitTransform, Coroutine, FinalSuspend, Given, Handle, Handled, NeedsStd, NewPromise, Nobody, Owner, PanicPolicy,
    Promise, Propagate, UnhandledException, Unowned, YieldFrom, YieldValue,
};
pub use scope::{Join, Scope, Spawned};
pub use start::MayStart;
pub use together::{Any2, Any3, Any4, Any5, Any6, Any7, Any8, when_all, when_any};
pub use types::*;
pub use visit::{ToVisitor, Visit};

#[cfg(feature = "macros")]
#[doc(inline)]
pub use coro_macros::{coroutine, promise};
