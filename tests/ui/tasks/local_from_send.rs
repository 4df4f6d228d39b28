//! A task that may change threads would take the local one along.

use coro::{Polled, Task};

#[coro::coroutine]
fn local() -> Task<'static, u32, Polled> {
    1
}

#[coro::coroutine]
fn awaits() -> Task<'static, u32> {
    local().await
}

fn main() {}
