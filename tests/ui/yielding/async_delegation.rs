//! A generator that awaits delegates to what is no such generator, to one of other items, or in another world.

use coro::{AsyncGenerator, Detached, Generator, Polled, Task, TryAsyncGenerator};

#[coro::coroutine]
fn to_an_iterator(numbers: Vec<u32>) -> AsyncGenerator<'static, u32> {
    co_yield!(..numbers);
}

#[coro::coroutine]
fn to_a_generator(other: Generator<'static, u32, coro::Sendable>) -> AsyncGenerator<'static, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_other_items(other: AsyncGenerator<'static, char>) -> AsyncGenerator<'static, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_another_world(other: AsyncGenerator<'static, u32, Detached>) -> AsyncGenerator<'static, u32, Polled> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_a_local_one(other: AsyncGenerator<'static, u32, Polled>) -> AsyncGenerator<'static, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_one_that_is_borrowed(other: &mut AsyncGenerator<'static, u32>) -> AsyncGenerator<'static, u32> {
    co_yield!(..other);
}

#[coro::coroutine]
fn to_other_errors(other: TryAsyncGenerator<'static, u32, u8>) -> TryAsyncGenerator<'static, u32, u64> {
    co_yield!(..other)?;
    Ok(())
}

#[coro::coroutine]
fn in_a_task(other: AsyncGenerator<'static, u32>) -> Task<'static, ()> {
    co_yield!(..other);
}

#[coro::coroutine]
fn awaited_to_its_end(other: AsyncGenerator<'static, u32>) -> Task<'static, ()> {
    other.await
}

fn main() {}
