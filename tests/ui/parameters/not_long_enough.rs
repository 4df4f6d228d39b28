//! Parameters that may borrow for a shorter time than the coroutine lives: the error is at the parameter.

use std::cell::Ref;

use coro::{Generator, Task};

#[coro::coroutine]
fn any_iterator(items: impl Iterator<Item = u32>) -> Generator<'static, u32> {
    for item in items {
        co_yield!(item);
    }
}

#[coro::coroutine]
fn hidden(number: Ref<u32>) -> Generator<'static, u32> {
    co_yield!(*number);
}

#[coro::coroutine]
fn in_a_tuple((a, b): (&str, u32)) -> Generator<'static, usize> {
    co_yield!(a.len() + b as usize);
}

#[coro::coroutine]
fn not_used(_: &str) -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn second<'a>(a: &'a str, b: &mut Vec<&'a str>) -> Task<'a, ()> {
    b.push(a);
}

#[coro::coroutine]
fn boxed(action: Box<dyn Fn() -> u32 + '_>) -> Generator<'static, u32> {
    co_yield!(action());
}

#[coro::coroutine]
fn two<'a, 'b>(a: &'a str, b: &'b str) -> Generator<'a, usize> {
    co_yield!(a.len() + b.len());
}

fn main() {}
