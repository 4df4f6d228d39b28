//! Row 8: what a coroutine cannot return.

use coro::Generator;

#[coro::coroutine]
fn nothing() {}

#[coro::coroutine]
fn opaque() -> impl Iterator<Item = u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn never() -> ! {
    loop {}
}

fn main() {
    let _: Generator<'_, u32>;
    nothing();
    opaque();
}
