//! What rustc says of a return type, it says once, though the attribute writes that type twice.

use coro::{Generator, InPlace};

#[coro::coroutine]
fn nested() -> impl InPlace<impl Sized> {
    1
}

#[coro::coroutine]
fn lifetime() -> impl InPlace<Generator<'a, u32>> {
    co_yield!(1);
}

fn main() {}
