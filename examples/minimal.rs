//! The smallest coroutine type there is: it can be resumed, and that is all.
//!
//! A coroutine type is a return type that chooses a *promise*. The promise's hooks, here three, say what starting and
//! returning mean; everything else is the default: start suspended, await anything, keep the frame until the handle goes.
//!
//! Run: `cargo run --example minimal`

use coro::{CoroutineHandle, SuspendAlways};

/// The return object: it owns the coroutine through its handle.
struct Resumable<'a>(CoroutineHandle<'a, ResumablePromise>);

struct ResumablePromise;

#[coro::promise]
impl ResumablePromise {
    fn new() -> Self {
        Self
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Resumable<'_> {
        Resumable(handle)
    }

    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn greet(name: &str) -> Resumable<'_> {
    println!("Hello");
    SuspendAlways.await;
    println!("{name}!");
}

fn main() {
    let name = String::from("world");
    let Resumable(mut greeting) = greet(&name);
    while !greeting.is_done() {
        println!("-- {greeting:?}");
        greeting.resume();
    }
}
