//! What owners do with their coroutines.

use coro::{Generator, Polled, Signal, StateMachine, Task, TwoWay, two_way};

#[coro::coroutine]
fn numbers() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn machine() -> StateMachine<'static, char, u32> {
    let _ = Signal.await;
    1
}

#[coro::coroutine]
fn ping(first: u32) -> TwoWay<'static, u32, u32> {
    co_yield!(first);
}

#[coro::coroutine]
fn task() -> Task<'static, u32, Polled> {
    1
}

fn not_mutable() {
    let generator = numbers();
    generator.next();
}

fn after_the_loop() {
    let generator = numbers();
    for _ in generator {}
    generator.count();
}

fn wrong_signal() {
    let _ = machine().send_signal(1);
}

fn result_is_an_option() {
    let result: u32 = machine().result();
}

fn wrong_argument() {
    let _ = two_way(ping).resume('a');
}

fn resumed_by_hand() {
    task().resume();
}

fn not_awaited() {
    let number: u32 = task();
}

fn main() {}
