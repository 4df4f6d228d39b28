//! The first argument of a two-way coroutine cannot be missed: it is a parameter.
#![deny(unused_variables)]

use coro::{TwoWay, two_way};

#[coro::coroutine]
fn has_none() -> TwoWay<'static, u32, u32> {
    let second = co_yield!(0);
    co_yield!(second);
}

#[coro::coroutine]
fn ignores_it(first: u32) -> TwoWay<'static, u32, u32> {
    let second = co_yield!(0);
    co_yield!(second);
}

#[coro::coroutine]
fn takes_a_text(first: String) -> TwoWay<'static, u32, usize> {
    co_yield!(first.len());
}

fn main() {
    let _ = two_way(has_none);
    let _ = two_way(takes_a_text);
    takes_a_text(String::new()).resume(2);
    two_way(ignores_it).resume("text");
}
