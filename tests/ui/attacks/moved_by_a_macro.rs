//! A user's macro that moves a suspension out of the body would use the coroutine after its death.
#![forbid(unsafe_code)]

use coro::Generator;

macro_rules! in_a_closure {
    ($($suspension:tt)*) => { let later = async move || { $($suspension)*; }; drop(later) };
}

macro_rules! in_an_async_block {
    ($suspend:ident) => { let later = async move { $suspend!(1); }; drop(later) };
}

#[coro::coroutine]
fn closure() -> Generator<'static, u32> {
    in_a_closure!(co_yield!(1));
}

#[coro::coroutine]
fn hidden_name() -> Generator<'static, u32> {
    in_an_async_block!(co_yield);
}

#[coro::coroutine]
fn own_macro() -> Generator<'static, u32> {
    macro_rules! give {
        ($value:expr) => { co_yield!($value) };
    }
    let later = async { give!(1) };
    drop(later);
}

fn main() {}
