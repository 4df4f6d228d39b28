// A parameter that the return type does not mention.
use coro::{Generator, InPlace};

#[coro::coroutine]
fn words(text: &str, and: &str) -> impl InPlace<Generator<'static, usize>> {
    co_yield!(text.len());
    co_yield!(and.len());
}

fn main() {}
