//! Borrows in a body, across its suspensions.

use coro::{Generator, StateMachine, Signal, Task};

#[coro::coroutine]
fn changed_while_borrowed(mut numbers: Vec<u32>) -> Generator<'static, u32> {
    for number in &numbers {
        numbers.push(1);
        co_yield!(*number);
    }
}

#[coro::coroutine]
fn item_of_a_local() -> Generator<'static, &'static str> {
    let text = String::from("text");
    co_yield!(text.as_str());
}

#[coro::coroutine]
fn signal_that_borrows() -> StateMachine<'static, &'static str, String> {
    Signal.await.to_owned()
}

#[coro::coroutine]
fn first_word(text: &str) -> Task<'_, &str> {
    text.split(' ').next().unwrap_or(text)
}

#[coro::coroutine]
fn of_a_temporary() -> Task<'static, usize> {
    let word = first_word(&String::from("two words")).await;
    word.len()
}

fn sends_a_local() {
    let mut machine = signal_that_borrows();
    let signal = String::from("signal");
    let _ = machine.send_signal(&signal);
}

fn outlives_what_was_borrowed() -> Generator<'static, usize> {
    #[coro::coroutine]
    fn lengths(words: &[String]) -> Generator<'_, usize> {
        for word in words {
            co_yield!(word.len());
        }
    }
    let words = vec![String::new()];
    lengths(&words)
}

fn main() {}
