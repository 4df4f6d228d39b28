//! Coroutines that may be running on other threads cannot be stopped, so they cannot race.

use coro::{Detached, FireAndForget, Sendable, Task, when_any};

#[coro::coroutine]
fn number() -> Task<'static, u32, Detached<Sendable>> {
    1
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn races() -> FireAndForget<Sendable> {
    let _first = when_any([number(), number()]).await;
}

fn main() {}
