// A place is pinned before it is used, and what it lends goes with its borrow.
use std::pin::pin;

use coro::{Generator, InPlace};

#[coro::coroutine]
fn letters(text: &str) -> impl InPlace<Generator<'_, char>> {
    for letter in text.chars() {
        co_yield!(letter);
    }
}

fn not_pinned() {
    letters("ab").coroutine().next();
}

fn lent_twice() {
    let mut letters = pin!(letters("ab"));
    let mut first = letters.as_mut().coroutine();
    let mut second = letters.as_mut().coroutine();
    first.next();
    second.next();
}

fn lent_for_longer() -> Generator<'static, char> {
    let letters = pin!(letters("ab"));
    letters.coroutine()
}

fn borrows_what_dies() {
    let letters = {
        let text = String::from("ab");
        letters(&text)
    };
    pin!(letters).coroutine().next();
}

fn moved_out() {
    let mut letters = Box::pin(letters("ab"));
    letters.as_mut().coroutine().next();
    let _moved = *letters;
}

fn main() {}
