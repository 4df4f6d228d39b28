//! A generator awaits nothing: the error says which type could.

use coro::{Generator, SuspendAlways, TwoWay};

#[coro::coroutine]
fn generator(other: Generator<'static, u32>) -> Generator<'static, u32> {
    let length: u32 = std::future::ready(1).await;
    co_yield!(length + 1);
    other.await;
    println!("{:?}", SuspendAlways.await);
}

#[coro::coroutine]
fn two_way(first: u32) -> TwoWay<'static, u32, u32> {
    co_yield!(first + std::future::ready(1).await);
}

fn main() {}
