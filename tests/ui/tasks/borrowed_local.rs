//! What a started task borrows, its caller cannot use; and what it borrows outlives it.

use coro::Task;

#[coro::coroutine]
fn push(to: &mut Vec<u32>) -> Task<'_, ()> {
    futures::pending!();
    to.push(1);
}

#[coro::coroutine]
fn uses_what_is_lent() -> Task<'static, usize> {
    let mut numbers = Vec::new();
    let pushing = push(&mut numbers);
    let count = numbers.len();
    pushing.await;
    count
}

#[coro::coroutine]
fn outlives() -> Task<'static, ()> {
    let pushing;
    {
        let mut numbers = Vec::new();
        pushing = push(&mut numbers);
    }
    pushing.await;
}

fn returns_it() -> Task<'static, ()> {
    let mut numbers = Vec::new();
    push(&mut numbers)
}

fn main() {
    drop(returns_it());
}
