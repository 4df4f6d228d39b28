//! What is sent to another thread.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::thread;

use coro::{Continuation, CoroutineHandle, Detached, FireAndForget, Generator, Sendable, Task};

#[coro::coroutine]
fn numbers() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn sendable() -> Generator<'static, u32, Sendable> {
    co_yield!(1);
}

#[coro::coroutine]
fn borrowing(text: &str) -> Generator<'_, usize, Sendable> {
    co_yield!(text.len());
}

fn a_local_generator() {
    let numbers = numbers();
    thread::spawn(move || numbers.count());
}

fn a_continuation(continuation: Continuation<Detached>) {
    thread::spawn(move || continuation.resume());
}

fn one_that_borrows() {
    let text = String::from("text");
    let borrowing = borrowing(&text);
    thread::spawn(move || borrowing.count());
}

#[coro::coroutine]
fn a_guard(shared: Arc<Mutex<u32>>) -> Task<'static, u32> {
    let mut guard = shared.lock().expect("nobody panics");
    *guard += std::future::ready(1).await;
    *guard
}

#[coro::coroutine(initial = suspend_never)]
fn a_parameter(cell: &'static Cell<u32>) -> FireAndForget<Sendable> {
    cell.set(1);
}

struct Noted<'a>(CoroutineHandle<'a, NotedPromise>);
struct NotedPromise(std::rc::Rc<u32>);

#[coro::promise(send)]
impl NotedPromise {
    fn new() -> Self { Self(std::rc::Rc::new(1)) }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Noted<'_> { Noted(handle) }
    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn a_promise() -> Noted<'static> {}

fn main() {}
