//! What is near a coroutine, and cannot be awaited.

use coro::{Detached, FireAndForget, Task};

#[coro::coroutine]
fn one() -> Task<'static, u32, Detached> {
    1
}

#[coro::coroutine]
fn not_called() -> Task<'static, u32, Detached> {
    one.await
}

#[coro::coroutine]
fn borrowed() -> Task<'static, u32, Detached> {
    let mut task = one();
    (&mut task).await
}

#[coro::coroutine]
fn in_an_option() -> Task<'static, u32, Detached> {
    Some(one()).await
}

#[coro::coroutine]
fn several() -> Task<'static, Vec<u32>, Detached> {
    vec![one(), one()].await
}

#[coro::coroutine]
fn a_closure() -> Task<'static, u32, Detached> {
    let later = || one();
    later.await
}

#[coro::coroutine]
fn an_async_block() -> Task<'static, u32, Detached> {
    async { 1 }.await
}

#[coro::coroutine]
fn fire_and_forget(other: FireAndForget) -> Task<'static, u32, Detached> {
    other.await;
    1
}

#[coro::coroutine]
fn awaited_already() -> Task<'static, u32, Detached> {
    one().await.await
}

#[coro::coroutine]
fn at_the_end_of_a_chain() -> Task<'static, usize, Detached> {
    String::from("a").trim().len().await
}

fn main() {}
