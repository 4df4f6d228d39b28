//! A promise without `await_transform` awaits all that its world allows: awaiters and coroutines.

use coro::{FireAndForget, Generator, Task};

struct Recv(u32);

#[coro::coroutine]
fn not_awaitable(generator: Generator<'static, u32>) -> Task<'static, u32> {
    let received = Recv(1).await;
    let future = std::future::ready(1).await;
    generator.await;
    println!("{}", Recv(2).await);
    received + future
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn nobody() -> FireAndForget {
    let number: u32 = "text".await;
    coro::SuspendAlways.await;
}

#[coro::coroutine]
fn nothing_at_all(other: Generator<'static, u32>) -> Generator<'static, u32> {
    other.await;
    coro::SuspendAlways.await;
}

fn main() {}
