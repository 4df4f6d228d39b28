//! Parameters are used as those of a `fn`: what rustc says about them, it says at the user's tokens.

use coro::{Generator, Task};

#[coro::coroutine]
fn not_mutable(count: u32) -> Generator<'static, u32> {
    count += 1;
    co_yield!(count);
}

#[coro::coroutine]
fn moved_twice(text: String) -> Task<'static, usize> {
    drop(text);
    text.len()
}

#[coro::coroutine]
fn refutable(Some(number): Option<u32>) -> Generator<'static, u32> {
    co_yield!(number);
}

fn main() {}
