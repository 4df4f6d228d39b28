// A place changes threads if its coroutine may.
use core::pin::pin;

use coro::{Generator, InPlace, Sendable, TwoWay, two_way_in};

#[coro::coroutine]
fn local() -> impl InPlace<Generator<'static, u32>> + Send {
    co_yield!(1);
}

#[coro::coroutine]
fn holds_what_is_not_send() -> impl InPlace<Generator<'static, u32, Sendable>> + Send {
    let local = std::rc::Rc::new(1);
    co_yield!(*local);
    co_yield!(*local);
}

#[coro::coroutine]
fn local_talk(first: u32) -> impl InPlace<TwoWay<'static, u32, u32>> + Send {
    co_yield!(first);
}

#[coro::coroutine]
fn talk(first: u32) -> impl InPlace<TwoWay<'static, u32, u32, (), Sendable>> {
    co_yield!(first);
}

fn is_send(_: impl Send) {}

fn what_begins_is_not_send() {
    let shared = std::rc::Rc::new(1);
    is_send(two_way_in(pin!(None), |first| talk(first + *shared)));
}

fn main() {}
