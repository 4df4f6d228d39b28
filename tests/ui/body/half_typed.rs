//! Row 35: a body that is being typed. The functions stay, so that nothing is said about their callers.

use coro::{Generator, Task};

#[coro::coroutine]
fn field(text: String) -> Task<'static, usize> {
    text.
}

#[coro::coroutine]
fn condition() -> Generator<'static, u32> {
    if 1
}

#[coro::coroutine]
fn binding() -> Generator<'static, u32> {
    let number =
}

#[coro::coroutine]
fn no_semicolon() -> Generator<'static, u32> {
    let number = 1
    co_yield!(number);
}

fn main() {
    for item in condition().chain(binding()).chain(no_semicolon()) {
        println!("{}", item + 1);
    }
    drop(field(String::new()));
}
