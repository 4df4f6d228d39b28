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
    __coroutine.never();
    _coroutine.never();
    with_name!(_coroutine);
    let _ = (__coro_it, __coro_way, __coro_body, __coro_promise, __coro_final, __coro_initial, __coro_arg0);
    break 'coroutine_body;
}

#[coro::coroutine]
fn in_operands(_: u32) -> StateMachine<'static, u32, u32> {
    __coro_it.await;
    co_await!(_coroutine);
    println!("{}", co_await!(_coroutine));
    1
}

#[coro::coroutine(promise = __coroutine.promise(coro::NewPromise::new()), initial = __coroutine.initial_suspend(), final = __coro_promise)]
fn in_arguments() -> Generator<'static, u32> {}

fn main() {}
