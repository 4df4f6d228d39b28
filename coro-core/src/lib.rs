// Where the README's links to the guide lead here: of two definitions, the first holds.
#![cfg_attr(all(feature = "std", feature = "macros"), doc = "[cpp]: guide::cpp\n[which]: guide::which")]
#![cfg_attr(
    all(feature = "std", feature = "macros"),
    doc = "[define]: guide::define\n[cancellation]: guide::cancellation"
)]
#![cfg_attr(all(feature = "std", feature = "macros"), doc = "[executor]: guide::executor")]
#![cfg_attr(all(feature = "std", feature = "macros"), doc = "[threads]: guide::threads\n[how]: guide::how\n")]
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What serves only the worlds that need an allocator.
#![cfg_attr(not(feature = "alloc"), allow(dead_code, unreachable_pub, unused_imports))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod awaiter;
#[cfg(feature = "alloc")]
mod backtrace;
#[cfg(feature = "alloc")]
mod branch;
mod call;
mod continuation;
mod drive;
mod frame;
mod guard;
#[cfg(all(any(doc, doctest), feature = "std", feature = "macros"))]
pub mod guide;
mod handle;
mod in_place;
mod info;
mod inside;
mod leaf;
mod location;
mod memory;
#[cfg(all(test, loom))]
mod models;
#[cfg(not(feature = "alloc"))]
mod no_groups;
mod panic;
mod promise;
mod relay;
#[cfg(feature = "alloc")]
mod scope;
mod start;
mod state;
mod sync;
#[cfg(feature = "alloc")]
mod together;
mod trace;
mod types;
#[cfg(feature = "alloc")]
mod visit;
#[cfg(feature = "alloc")]
mod wake;
mod whole;

#[cfg(not(feature = "alloc"))]
use no_groups::{self as branch, self as scope};

#[doc(hidden)]
pub mod private;

/// As messages of rustc name them.
#[doc(hidden)]
pub use private::{
    Lends, StartsWith,
    probe::{AwaitableKind, AwaiterKind, CallKind, CoAwait, FutureKind, VisitKind},
};
#[doc(hidden)]
pub use start::{ByAttribute, ByPromise};

pub use awaiter::{Awaitable, Awaiter, SuspendAlways, SuspendNever};
#[cfg(feature = "alloc")]
pub use backtrace::Backtrace;
pub use call::{Callee, Calls};
pub use continuation::{
    ByOwner, CallsWorld, ChangesThreads, Continuation, ContinuationOf, Detached, Hosts, Local, LocalWorld, Parks,
    Polled, Sendable, Stops, Threads, World,
};
pub use handle::CoroutineHandle;
pub use in_place::{InPlace, Lendable};
pub use info::{Diagram, Info, State, StateKind};
pub use location::Location;
pub use memory::FrameAllocator;
#[cfg(all(feature = "allocator-api2", feature = "alloc"))]
pub use memory::Shared;
#[cfg(feature = "alloc")]
pub use memory::{Global, Recycled};
pub use panic::Panic;
pub use promise::{
    AwaitTransform, Coroutine, FinalSuspend, Given, Handle, Handled, NeedsStd, NewPromise, Nobody, Owner, PanicPolicy,
    Promise, Propagate, UnhandledException, Unowned, YieldFrom, YieldValue,
};
#[cfg(feature = "alloc")]
pub use relay::{ItemSlot, Relayed};
#[cfg(feature = "alloc")]
pub use scope::{Join, Scope, Spawned};
pub use start::MayStart;
#[cfg(feature = "alloc")]
pub use together::{Any2, Any3, Any4, Any5, Any6, Any7, Any8, when_all, when_any};
pub use types::*;
#[cfg(feature = "alloc")]
pub use visit::{ToVisitor, Visit};

#[cfg(feature = "macros")]
#[doc(inline)]
pub use coro_macros::{co_await, co_yield, coroutine, promise};
