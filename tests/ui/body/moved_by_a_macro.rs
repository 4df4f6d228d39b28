//! Row 26: a macro moves a suspension out of the body. The label around the body refuses it.

use coro::{Signal, StateMachine};

macro_rules! in_closure {
    ($e:expr) => {
        (|| $e)()
    };
}

#[coro::coroutine]
fn yields() -> coro::Generator<'static, u32> {
    in_closure!(co_yield!(1));
}

#[coro::coroutine]
fn awaits() -> StateMachine<'static, u32, u32> {
    in_closure!(Signal.await)
}

fn main() {}
