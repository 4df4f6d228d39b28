//! A parameter whose type is not there yet: rustc has parsed it before the attribute, and the rest of the function is not
//! reported.

use coro::Generator;

#[coro::coroutine]
fn no_type(number) -> Generator<'static, u32> {
    co_yield!(number);
}

fn main() {}
