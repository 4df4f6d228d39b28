//! Row 4: the return type does not allow what a parameter borrows.

use coro::{FireAndForget, Generator, Task};

#[coro::coroutine]
fn length(text: &str) -> Task<'static, usize> {
    text.len()
}

#[coro::coroutine]
fn two<'a>(a: &'a str, b: &str) -> Generator<'a, usize> {
    co_yield!(a.len() + b.len());
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn detached(text: &str) -> FireAndForget {
    println!("{text}");
}

struct Number(u32);

impl Number {
    #[coro::coroutine]
    fn this(&self) -> Generator<'static, u32> {
        co_yield!(self.0);
    }
}

fn main() {}
