//! Row 26: suspensions in a closure, an `async` block, a nested function, a constant, or the attribute.

use coro::{Generator, StateMachine, Signal};

#[coro::coroutine]
fn closures() -> StateMachine<'static, u32, u32> {
    let wait = || Signal.await;
    let nested = |n: u32| if n > 0 { vec![n].into_iter().map(|n| n + Signal.await).sum() } else { 0 };
    let in_macro = || println!("{}", Signal.await);
    wait() + nested(1)
}

#[coro::coroutine]
fn yields() -> Generator<'static, u32> {
    [1, 2].iter().for_each(|&n| co_yield!(n));
    let later = async { co_yield!(1) };
    let closure = async || co_await!(later);
    let allowed = async || std::future::ready(1).await;
}

#[coro::coroutine]
fn functions() -> Generator<'static, u32> {
    fn plain() -> u32 {
        std::future::ready(1).await
    }
    async fn rusts_own() -> u32 {
        co_yield!(2);
        std::future::ready(1).await
    }
    struct Local;
    impl Local {
        fn method(&self) {
            co_yield!(3);
        }
    }
}

#[coro::coroutine]
fn constants() -> Generator<'static, u32> {
    const ONE: u32 = co_await!(1);
    let array = [0; ONE.await];
    let block = const { co_yield!(1) };
    let ty: [u32; { 1.await }] = array;
}

#[coro::coroutine(initial = first.await, final = { co_yield!(1); suspend_always }, promise = co_await!(2))]
fn arguments(first: u32) -> Generator<'static, u32> {}

fn main() {}
