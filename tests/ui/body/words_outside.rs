//! The attribute was forgotten, or it is on another function.

use coro::*;

fn forgotten() -> Generator<'static, u32> {
    co_yield!(1);
}

fn awaits() -> Task<'static, u32> {
    co_await!(std::future::ready(1))
}

async fn native() -> u32 {
    coro::co_await!(std::future::ready(1))
}

#[coro::coroutine]
fn qualified_in_a_macro() -> Generator<'static, u32> {
    println!("{:?}", coro::co_yield!(1));
}

fn main() {}
