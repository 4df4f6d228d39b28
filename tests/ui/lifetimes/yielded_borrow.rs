//! What is yielded, or returned, does not live as long as the coroutine type says: a parameter, a local, a temporary.

use coro::{AsyncGenerator, Generator, Task, TwoWay};

#[coro::coroutine]
fn parameter(lines: Vec<String>) -> Generator<'static, &'static str> {
    for line in &lines {
        co_yield!(line.as_str());
    }
}

#[coro::coroutine]
fn named<'a>(text: String) -> Generator<'a, &'a str> {
    co_yield!(&text);
}

#[coro::coroutine]
fn later(text: String) -> AsyncGenerator<'static, &'static str> {
    co_yield!(text.trim());
}

#[coro::coroutine]
fn answered(text: String) -> TwoWay<'static, String, &'static str> {
    co_yield!(&text);
}

#[coro::coroutine]
fn returned(text: String) -> Task<'static, &'static str> {
    std::future::ready(()).await;
    &text
}

#[coro::coroutine]
fn kept(text: String) -> Generator<'static, usize> {
    let whole: &'static str = &text;
    co_yield!(whole.len());
}

#[coro::coroutine]
fn local() -> Generator<'static, &'static str> {
    let text = String::new();
    co_yield!(&text);
}

#[coro::coroutine]
fn temporary() -> Generator<'static, &'static str> {
    co_yield!(String::new().as_str());
}

fn main() {}
