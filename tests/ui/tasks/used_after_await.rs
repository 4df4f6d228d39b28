//! A task is awaited once, and is gone then.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use coro::{Detached, Task};

#[coro::coroutine]
fn one() -> Task<'static, u32> {
    1
}

#[coro::coroutine]
fn one_detached() -> Task<'static, u32, Detached> {
    1
}

#[coro::coroutine]
fn awaits_twice() -> Task<'static, u32> {
    let task = one();
    task.await + task.await
}

#[coro::coroutine]
fn awaits_a_detached_one_twice() -> Task<'static, u32, Detached> {
    let task = one_detached();
    task.await + task.await
}

#[coro::coroutine]
fn uses_it_afterwards() -> Task<'static, u32> {
    let task = one();
    let value = task.await;
    println!("{task:?}");
    value
}

#[coro::coroutine]
fn polls_it_afterwards() -> Task<'static, u32> {
    let task = one();
    let value = task.await;
    let _ = pin!(task).poll(&mut Context::from_waker(Waker::noop()));
    value
}

fn two_executors() {
    let task = one();
    futures::executor::block_on(task);
    futures::executor::block_on(task);
}

fn main() {
    two_executors();
}
