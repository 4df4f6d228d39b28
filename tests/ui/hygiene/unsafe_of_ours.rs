//! None of the user's tokens stands in the `unsafe` block that the attribute emits.

use coro::Generator;

const unsafe fn dangerous() -> usize {
    1
}

macro_rules! dangerous {
    () => {
        dangerous()
    };
}

#[coro::coroutine(
    promise = { dangerous(); coro::NewPromise::new() },
    final = { dangerous(); coro::SuspendAlways },
    initial = { dangerous!(); coro::SuspendAlways }
)]
fn attacked((_a, _): (u32, u32)) -> Generator<'static, usize> {
    dangerous();
    co_yield!(dangerous());
    println!("{} {:?}", dangerous!(), co_yield!(dangerous!()));
}

#[coro::coroutine]
unsafe fn no_unsafe_block() -> Generator<'static, usize> {
    #![deny(unsafe_op_in_unsafe_fn)]
    co_yield!(dangerous());
}

fn main() {}
