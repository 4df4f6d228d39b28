//! Values of another type than the generator's items, and delegation to what is no such generator.

use coro::{Generator, TwoWay};

#[coro::coroutine]
fn text() -> Generator<'static, String> {
    co_yield!("text");
}

#[coro::coroutine]
fn reference(numbers: &[u32]) -> Generator<'_, u32> {
    for number in numbers {
        co_yield!(number);
    }
}

#[coro::coroutine]
fn option() -> Generator<'static, u32> {
    co_yield!(Some(1));
}

#[coro::coroutine]
fn of_an_iterator(numbers: Vec<u32>) -> Generator<'static, u32> {
    co_yield!(..numbers);
}

#[coro::coroutine]
fn of_other_items(other: Generator<'static, char>) -> Generator<'static, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn of_a_borrowed(mut other: Generator<'static, u32>) -> Generator<'static, u32> {
    co_yield!(..&mut other);
}

#[coro::coroutine]
fn the_answer(first: u32) -> TwoWay<'static, u32, String> {
    let answer: String = co_yield!(first.to_string());
}

#[coro::coroutine]
fn no_answer() -> Generator<'static, u32> {
    let answer: u32 = co_yield!(1);
}

fn main() {}
