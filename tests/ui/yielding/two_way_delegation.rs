//! A two-way coroutine delegates to what is no such coroutine, or to one of other arguments, outputs, or threads.

use std::rc::Rc;

use coro::{Generator, Sendable, TwoWay};

#[coro::coroutine]
fn to_a_generator(_first: u32, other: Generator<'static, u32>) -> TwoWay<'static, u32, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn of_other_arguments(_first: u32, other: TwoWay<'static, char, u32, u8>) -> TwoWay<'static, u32, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn of_other_outputs(_first: u32, other: TwoWay<'static, u32, char>) -> TwoWay<'static, u32, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_a_local_one(first: u32, other: fn(u32) -> TwoWay<'static, u32, u32>) -> TwoWay<'static, u32, u32, (), Sendable> {
    co_yield!(..other(first));
}

#[coro::coroutine]
fn of_a_local_result(
    first: u32,
    other: fn(u32) -> TwoWay<'static, u32, u32, Rc<u32>, Sendable>,
) -> TwoWay<'static, u32, u32, u32, Sendable> {
    *co_yield!(..other(first))
}

#[coro::coroutine]
fn of_another_result(first: u32, other: fn(u32) -> TwoWay<'static, u32, u32, String>) -> TwoWay<'static, u32, u32, u32> {
    co_yield!(..other(first))
}

#[coro::coroutine]
fn the_function_itself(_first: u32) -> TwoWay<'static, u32, u32> {
    co_yield!(..the_function_itself);
}

fn main() {}
