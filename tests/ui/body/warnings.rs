//! The warnings of a plain `fn` are those of a coroutine.
#![deny(warnings)]
#![allow(dead_code)]

use coro::{Generator, StateMachine, Signal, Task};

struct Pair {
    a: u32,
    b: u32,
}

#[coro::coroutine]
fn unused(used: u32, unused: u32, _ignored: u32, in_format: u32, Pair { a, b }: Pair) -> Generator<'static, u32> {
    let local = 1;
    println!("{in_format}");
    co_yield!(used + a);
}

#[coro::coroutine]
fn unused_after_a_wildcard((a, _): (u32, u32), (b, c): (u32, u32), unused: u32) -> Generator<'static, u32> {
    co_yield!(a + c);
}

#[coro::coroutine]
fn unused_mut(mut a: u32, (mut b, _): (u32, u32), mut c: u32, mut needed: u32) -> Generator<'static, u32> {
    let mut local = 1;
    needed += 1;
    co_yield!(a + b + c + local + needed);
}

#[coro::coroutine]
fn unreachable() -> Generator<'static, u32> {
    loop {
        co_yield!(1);
    }
    println!("never");
}

#[coro::coroutine]
fn unreachable_after_return() -> StateMachine<'static, u32, u32> {
    return Signal.await;
    Signal.await;
}

#[coro::coroutine]
fn unused_results(task: Task<'static, Result<u32, String>>) -> Task<'static, u32> {
    task.await;
    let x = (1 + Signal2.await);
    other();
    1
}

struct Signal2;

impl<P: coro::Promise> coro::Awaiter<P> for Signal2 {
    type Output = u32;
    fn await_suspend(&mut self, _: &mut P, me: coro::ContinuationOf<P>) -> Option<coro::ContinuationOf<P>> {
        Some(me)
    }
    fn await_resume(&mut self, _: &mut P) -> u32 {
        1
    }
}

#[coro::coroutine]
fn other() -> Task<'static, u32> {
    1
}

fn main() {}
