//! What the user cannot reach is reported as in an `async fn`, and nothing else is.
#![deny(unreachable_code)]

use std::convert::Infallible;

use coro::Task;

async fn tick() {}

#[coro::coroutine]
fn for_ever() -> Task<'static, Infallible> {
    loop {
        tick().await;
    }
}

#[coro::coroutine]
fn never_arrives() -> Task<'static, Infallible> {
    for_ever().await
}

#[coro::coroutine]
fn after_return() -> Task<'static, u32> {
    return 1;
    tick().await;
}

async fn after_return_async() -> u32 {
    return 1;
    tick().await;
}

#[coro::coroutine]
fn after_loop() -> Task<'static, u32> {
    loop {
        tick().await;
    }
    2
}

async fn after_loop_async() -> u32 {
    loop {
        tick().await;
    }
    2
}

fn main() {}
