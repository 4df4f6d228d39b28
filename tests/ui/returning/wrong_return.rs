//! `return`, the tail, and `?` of another type than the promise takes.

use coro::{Generator, StateMachine, Task};

#[coro::coroutine]
fn tail() -> StateMachine<'static, char, u32> {
    "tail"
}

#[coro::coroutine]
fn returned(early: bool) -> Task<'static, u32> {
    if early {
        return "early";
    }
    1
}

#[coro::coroutine]
fn missing() -> Task<'static, u32> {
    println!("no value");
}

#[coro::coroutine]
fn generator() -> Generator<'static, u32> {
    co_yield!(1);
    2
}

#[coro::coroutine]
fn question() -> Task<'static, Option<u32>> {
    let number: u32 = "1".parse::<u32>()?;
    Some(number)
}

#[coro::coroutine]
fn no_question() -> Task<'static, u32> {
    let number = "1".parse::<u32>()?;
    number
}

fn main() {}
