//! A `crate =` that leads nowhere.

use coro::Generator;

#[coro::coroutine(crate = ::nowhere::coro)]
fn nowhere() -> Generator<'static, u32> {
    co_yield!(1);
}

fn main() {}
