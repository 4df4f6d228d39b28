//! A promise that must be made, and one of the wrong type.

use coro::{CoroutineHandle, Generator};

struct Noted<'a>(CoroutineHandle<'a, NotedPromise>);
struct NotedPromise(String);

#[coro::promise]
impl NotedPromise {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Noted<'_> {
        Noted(handle)
    }
    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn no_promise() -> Noted<'static> {}

#[coro::coroutine(promise = NotedPromise(1))]
fn wrong_promise() -> Noted<'static> {}

#[coro::coroutine(promise = 1)]
fn wrong_type() -> Generator<'static, u32> {}

#[coro::coroutine(promise = NotedPromise(note))]
fn consumed(note: String) -> Noted<'static> {
    println!("{note}");
}

fn main() {}
