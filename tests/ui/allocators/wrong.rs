// What allocates no frames, goes too early, or may not change threads.
use bumpalo::Bump;
use coro::{Generator, Sendable, Shared};

#[coro::coroutine(allocator = 5)]
fn number() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine(allocator = arena)]
fn borrowed<'a>(arena: &'a Bump) -> Generator<'a, u32> {
    co_yield!(1);
}

#[coro::coroutine(allocator = arena.clone())]
fn shared(arena: Shared<Bump>) -> Generator<'static, u32, Sendable> {
    co_yield!(1);
}

#[coro::coroutine(allocator)]
fn nothing() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine(alocator = coro::Global)]
fn misspelt() -> Generator<'static, u32> {
    co_yield!(1);
}

fn main() {}
