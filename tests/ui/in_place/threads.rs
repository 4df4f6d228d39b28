// A place changes threads if its coroutine may.
use coro::{Generator, InPlace, Sendable};

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

fn main() {}
