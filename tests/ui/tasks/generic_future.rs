//! A helper that serves both local worlds cannot await futures: the detached one cannot.

use coro::{LocalWorld, Task};

#[coro::coroutine]
fn helper<W: LocalWorld>() -> Task<'static, u32, W> {
    std::future::ready(1).await
}

fn main() {}
