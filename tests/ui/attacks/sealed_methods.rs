//! The methods of a sealed trait can be called through a bound on the public one: what trusts a pointer is `unsafe`.
#![forbid(unsafe_code)]

use std::pin::pin;
use std::ptr::NonNull;
use std::task::Poll;

use coro::{PanicPolicy, UnhandledException, World};

fn invent_a_promise<P: UnhandledException, Q: PanicPolicy<P>>() {
    let _ = Q::run(NonNull::dangling(), |_| panic!("to be handled by nobody"));
}

fn invent_a_turn<W: World>() -> Poll<()> {
    W::poll(pin!(async {}), invented())
}

fn invented<T>() -> T {
    panic!("about no frame")
}

fn main() {}
