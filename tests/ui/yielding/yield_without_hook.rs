//! `co_yield!` in a coroutine whose promise has no `yield_value`, or one for other types.

use coro::{Generator, Task};

#[coro::coroutine]
fn no_hook() -> Task<'static, u32> {
    co_yield!(1);
    println!("{:?}", co_yield!("in a macro"));
    co_yield!(..no_hook());
    2
}

#[coro::coroutine]
fn wrong_type() -> Generator<'static, u32> {
    co_yield!("text");
    co_yield!(..no_hook());
    co_yield!(..5);
    co_yield!();
}

fn main() {}
