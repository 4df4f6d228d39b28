//! What a task holds across an await goes where the task goes.

use std::rc::Rc;

use coro::Task;

#[coro::coroutine]
fn callee() -> Task<'static, u32> {
    1
}

#[coro::coroutine]
fn across_a_task() -> Task<'static, u32> {
    let shared = Rc::new(1);
    callee().await + *shared
}

#[coro::coroutine]
fn across_a_future() -> Task<'static, u32> {
    let counted = Rc::new(1);
    std::future::ready(1).await + *counted
}

#[coro::coroutine]
fn before_and_after() -> Task<'static, u32> {
    let before = *Rc::new(1);
    let awaited = callee().await;
    before + awaited + *Rc::new(2)
}

fn main() {}
