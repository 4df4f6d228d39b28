//! `co_yield!` and `co_await!` that are given something else than one expression.

use coro::Generator;

#[coro::coroutine]
fn malformed() -> Generator<'static, u32> {
    co_yield!(1, 2);
    co_yield!(1 2);
    co_yield!(1 +);
    co_yield!(..malformed(), 2);
    co_await!();
    co_await!(a, b);
}

fn main() {}
