//! Nobody could resume a detached coroutine that starts suspended; one that is awaited cannot start at once.

use coro::{FireAndForget, Generator, Task};

#[coro::coroutine]
fn none() -> FireAndForget {}

#[coro::coroutine(initial = suspend_always, final = suspend_never)]
fn always() -> FireAndForget {}

#[coro::coroutine(initial = suspend_never)]
fn eager() -> Task<'static, u32> {
    1
}

#[coro::coroutine(initial = 1)]
fn number() -> Generator<'static, u32> {}

fn main() {}
