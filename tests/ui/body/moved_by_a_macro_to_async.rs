//! Row 26: a macro moves a suspension out of the body. The label around the body refuses it, without which the coroutine
//! could be used after its end.

use coro::{Generator, Signal, StateMachine};

macro_rules! in_async_block {
    ($($tokens:tt)*) => {
        async { $($tokens)* }
    };
}

macro_rules! in_async_move {
    ($e:expr) => {
        async move { $e }
    };
}

macro_rules! in_async_closure {
    ($e:expr) => {
        async || $e
    };
}

macro_rules! in_function {
    ($e:expr) => {{
        fn nested() -> u32 {
            $e
        }
        nested()
    }};
}

macro_rules! in_constant {
    ($e:expr) => {
        const { $e }
    };
}

#[coro::coroutine]
fn yields() -> Generator<'static, u32> {
    in_async_block!(co_yield!(1));
    in_async_move!(co_yield!(2));
    in_async_closure!(co_yield!(3));
    in_constant!(co_yield!(4));
}

#[coro::coroutine]
fn delegates(other: Generator<'static, u32>) -> Generator<'static, u32> {
    in_async_move!(co_yield!(..other));
}

#[coro::coroutine]
fn awaits() -> StateMachine<'static, u32, u32> {
    in_async_block!(co_await!(Signal));
    in_async_move!(Signal.await);
    in_async_closure!(Signal.await);
    in_async_closure!(co_await!(Signal));
    1
}

#[coro::coroutine]
fn to_a_function() -> StateMachine<'static, u32, u32> {
    in_function!(co_await!(Signal))
}

fn main() {}
