//! What is awaited together are coroutines, in a tuple, an array or a `Vec`.

use coro::{Polled, Task, when_all, when_any};

#[coro::coroutine]
fn task() -> Task<'static, u32, Polled> {
    1
}

#[coro::coroutine]
fn numbers() -> Task<'static, (), Polled> {
    when_all((1, 2)).await;
}

#[coro::coroutine]
fn futures() -> Task<'static, (), Polled> {
    when_all((task(), std::future::ready(1))).await;
}

#[coro::coroutine]
fn not_in_a_tuple() -> Task<'static, (), Polled> {
    when_any(task()).await;
}

#[coro::coroutine]
fn an_iterator() -> Task<'static, (), Polled> {
    when_all((0..3).map(|_| task())).await;
}

fn main() {}
