//! A detached task in a polled one: its continuation would own a caller that has another owner.

use coro::{Detached, Polled, Task};

#[coro::coroutine]
fn detached() -> Task<'static, u32, Detached> {
    1
}

#[coro::coroutine]
fn polled() -> Task<'static, u32, Polled> {
    detached().await
}

fn main() {}
