//! A coroutine does not outlive what it borrows.

use coro::{Generator, StateMachine};

#[coro::coroutine]
fn characters(text: &str) -> Generator<'_, char> {
    for c in text.chars() {
        co_yield!(c);
    }
}

fn dropped() {
    let mut generator;
    {
        let text = String::from("text");
        generator = characters(&text);
    }
    generator.next();
}

fn moved() {
    let text = String::from("text");
    let generator = characters(&text);
    drop(text);
    drop(generator);
}

fn returned() -> Generator<'static, char> {
    let text = String::from("text");
    characters(&text)
}

#[coro::coroutine]
fn yields_its_local() -> Generator<'static, &'static String> {
    let local = String::new();
    co_yield!(&local);
}

#[coro::coroutine]
fn returns_its_local() -> StateMachine<'static, (), &'static str> {
    let local = String::new();
    &local
}

fn main() {}
