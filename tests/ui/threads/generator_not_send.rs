//! Of a generator, one that awaits, a state machine and a two-way coroutine, the local form stays on its thread, and
//! the other one holds only what is `Send`. What is accepted is in tests/send_forms.rs.

use std::cell::Cell;
use std::rc::Rc;

use coro::{AsyncGenerator, Generator, Polled, Sendable, Signal, StateMachine, TwoWay};

fn is_send<T: Send>() {}

#[coro::coroutine]
fn holds_a_local() -> Generator<'static, u32, Sendable> {
    let shared = Rc::new(1);
    co_yield!(1);
    co_yield!(*shared);
}

#[coro::coroutine]
fn holds_a_borrow(cell: &Cell<u32>) -> StateMachine<'_, u32, (), Sendable> {
    cell.set(Signal.await);
}

#[coro::coroutine]
fn holds_a_parameter(shared: Rc<u32>, first: u32) -> TwoWay<'static, u32, u32, (), Sendable> {
    co_yield!(*shared + first);
}

#[coro::coroutine]
fn delegates_to(local: Generator<'static, u32>) -> Generator<'static, u32, Sendable> {
    co_yield!(..local);
}

#[coro::coroutine]
fn awaits_and_holds_a_local() -> AsyncGenerator<'static, u32> {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    co_yield!(*shared);
}

fn main() {
    is_send::<AsyncGenerator<'static, u32, Polled>>();
    is_send::<StateMachine<'static, u32, u32>>();
    is_send::<TwoWay<'static, u32, u32>>();
}
