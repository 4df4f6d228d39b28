//! A coroutine has one owner.

use coro::{CoroutineHandle, Generator, GeneratorPromise, Task};

fn use_after_drop(mut handle: CoroutineHandle<'static, GeneratorPromise<u32>>) {
    drop(handle);
    handle.resume();
}

fn copied(handle: CoroutineHandle<'static, GeneratorPromise<u32>>) {
    let _other = handle.clone();
}

#[coro::coroutine]
fn one() -> Task<'static, u32> {
    1
}

#[coro::coroutine]
fn twice() -> Task<'static, u32> {
    let task = one();
    task.await + task.await
}

#[coro::coroutine]
fn delegates_twice(other: Generator<'static, u32>) -> Generator<'static, u32> {
    co_yield!(..other);
    co_yield!(..other);
}

fn shared(handle: &CoroutineHandle<'static, GeneratorPromise<u32>>) {
    handle.resume();
}

fn main() {}
