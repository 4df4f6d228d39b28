//! Row 10: keywords that make it another kind of function.

use coro::Generator;

#[coro::coroutine]
async fn asynchronous() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
const fn constant() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
extern "C" fn foreign() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
unsafe extern "C" fn variadic(_first: u32, _: ...) -> Generator<'static, u32> {
    co_yield!(1);
}

fn main() {
    let _: Option<u32> = asynchronous().next().or(constant().next()).or(foreign().next());
}
