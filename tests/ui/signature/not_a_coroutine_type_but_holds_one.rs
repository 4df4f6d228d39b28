//! The return type itself is the coroutine type: not what is around one, and not what an `async fn` would return.

use std::future::Future;
use std::pin::Pin;

use coro::{Generator, Task};

type Numbers = Vec<u32>;

#[coro::coroutine]
fn result() -> Result<Generator<'static, u32>, String> {
    co_yield!(1);
}

#[coro::coroutine]
fn boxed() -> Box<Generator<'static, u32>> {
    co_yield!(1);
}

#[coro::coroutine]
fn future() -> Pin<Box<dyn Future<Output = u32>>> {
    1
}

#[coro::coroutine]
fn alias() -> Numbers {
    co_yield!(1);
}

#[coro::coroutine]
fn tuple(number: u32) -> (Task<'static, u32>, u32) {
    number
}

#[coro::coroutine]
fn unit() -> () {}

#[coro::coroutine]
fn reference<'a>(task: &'a Task<'static, u32>) -> &'a Task<'static, u32> {
    task
}

fn main() {}
