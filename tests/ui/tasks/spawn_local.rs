//! A local task stays on its thread.

use std::future::Future;

use coro::{Polled, Task};

fn spawn<F: Future<Output: Send> + Send + 'static>(_: F) {}

#[coro::coroutine]
fn local() -> Task<'static, u32, Polled> {
    1
}

fn main() {
    spawn(local());
}
