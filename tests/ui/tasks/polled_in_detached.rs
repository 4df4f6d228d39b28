//! A polled task in a detached coroutine: nobody would poll it.

use coro::{Detached, FireAndForget, LocalWorld, Polled, Task};

#[coro::coroutine]
fn polled() -> Task<'static, u32, Polled> {
    1
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn detached() -> FireAndForget {
    polled().await;
}

#[coro::coroutine]
fn task() -> Task<'static, u32, Detached> {
    polled().await
}

#[coro::coroutine]
fn helper<W: LocalWorld>() -> Task<'static, u32, W> {
    polled().await
}

fn main() {}
