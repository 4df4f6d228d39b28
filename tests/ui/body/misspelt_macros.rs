//! The macros of the body, misspelt, qualified, or outside of a coroutine.

use coro::Generator;

#[coro::coroutine]
fn misspelt() -> Generator<'static, u32> {
    co_yeild!(1);
}

#[coro::coroutine]
fn qualified() -> Generator<'static, u32> {
    std::co_yield!(1);
}

fn without_the_attribute() -> Generator<'static, u32> {
    co_yield!(1);
}

fn await_without_the_attribute() -> u32 {
    std::future::ready(1).await
}

fn main() {}
