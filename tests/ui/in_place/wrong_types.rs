// What cannot live where its caller puts it, and what is no place.
use coro::{FireAndForget, Generator, InPlace, Task};

#[coro::coroutine]
fn task() -> impl InPlace<Task<'static, u32>> {
    1
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn detached() -> impl InPlace<FireAndForget> {}

#[coro::coroutine]
fn number() -> impl InPlace<u32> {
    1
}

#[coro::coroutine]
fn iterator() -> impl Iterator<Item = u32> {
    co_yield!(1);
}

#[coro::coroutine(allocator = coro::Global)]
fn allocated() -> impl InPlace<Generator<'static, u32>> {
    co_yield!(1);
}

fn takes(_: impl InPlace<Generator<'static, u32>>) {}

#[coro::coroutine]
fn boxed() -> Generator<'static, u32> {
    co_yield!(1);
}

fn main() {
    takes(boxed());
}
