//! The value of an `.await`, used as something else.

use coro::{Task, Signal, StateMachine};

#[coro::coroutine]
fn text() -> Task<'static, String> {
    String::new()
}

#[coro::coroutine]
fn annotated() -> Task<'static, ()> {
    let number: u32 = text().await;
}

#[coro::coroutine]
fn argument() -> Task<'static, usize> {
    wrong_argument(text().await).await
}

#[coro::coroutine]
fn no_such_method() -> Task<'static, ()> {
    text().await.no_such_method();
}

#[coro::coroutine]
fn forgotten() -> Task<'static, usize> {
    text().len()
}

#[coro::coroutine]
fn wrong_argument(number: u32) -> Task<'static, usize> {
    wrong_argument("number").await
}

#[coro::coroutine]
fn signal() -> StateMachine<'static, char, u32> {
    Signal.await
}

fn main() {}
