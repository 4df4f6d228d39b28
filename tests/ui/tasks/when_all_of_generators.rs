//! A generator has an owner that resumes it: it cannot be awaited together with others.

use coro::{Detached, Generator, Task, when_all};

#[coro::coroutine]
fn numbers() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn both() -> Task<'static, (), Detached> {
    when_all((numbers(), numbers())).await;
}

fn main() {}
