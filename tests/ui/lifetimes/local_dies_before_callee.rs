//! A callee borrows from its caller only what lives until its end.

use coro::Task;

#[coro::coroutine]
fn length(text: &str) -> Task<'_, usize> {
    text.len()
}

#[coro::coroutine]
fn caller() -> Task<'static, usize> {
    let task = {
        let text = String::from("text");
        length(&text)
    };
    task.await
}

#[coro::coroutine]
fn keeps_a_borrow() -> Task<'static, usize> {
    let mut text = String::from("text");
    let task = length(&text);
    text.clear();
    task.await
}

fn main() {}
