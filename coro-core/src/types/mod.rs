//! The coroutine types that people expect ready-made, each written with the public API, but for what only makes them
//! faster, and for two-way coroutines that delegate to those of another result.
//!
//! Their impls are `do_not_recommend`ed where rustc would list them in an error about a user's own type.

#[cfg(feature = "alloc")]
mod async_generator;
mod awaits_nothing;
#[cfg(feature = "alloc")]
mod fire_and_forget;
mod generator;
mod state_machine;
#[cfg(feature = "alloc")]
mod task;
mod two_way;

#[cfg(feature = "alloc")]
pub use async_generator::{AsyncGenerator, Fails, ItemsOf, ItemsPromise, NextItem, Outcome, TryAsyncGenerator};
#[cfg(feature = "alloc")]
pub use fire_and_forget::{FireAndForget, FireAndForgetPromise};
pub use generator::{Delegation, Generator, GeneratorPromise};
pub use state_machine::{SendError, Signal, SignalAwaiter, StateMachine, StateMachinePromise};
#[cfg(feature = "alloc")]
pub use task::{Task, TaskPromise};
pub(crate) use two_way::Deputizing;
pub use two_way::{Argument, Deputy, Resumable, ResumeError, Resumed, TwoWay, TwoWayPromise, two_way, two_way_in};
