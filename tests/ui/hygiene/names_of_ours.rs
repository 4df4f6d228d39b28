//! What generated code calls its things is out of reach.

use coro::{Generator, StateMachine};

macro_rules! with_name {
    ($name:ident) => {
        $name.never()
    };
}

#[coro::coroutine]
fn names() -> Generator<'static, u32> {
    co_yield!(1);
    __co.never();
    with_name!(__co);
    let _ = (__it, __kind, __body, __promise, __final, __out, __start, __arg0);
    break 'coroutine_body;
}

#[coro::coroutine]
fn in_operands(_: u32) -> StateMachine<'static, u32, u32> {
    __it.await;
    co_await!(__co);
    println!("{}", co_await!(__co));
    1
}

#[coro::coroutine(promise = __co.new_promise(), initial = __co.initial_suspend(), final = __promise)]
fn in_arguments() -> Generator<'static, u32> {}

fn main() {}
