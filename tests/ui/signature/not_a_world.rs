//! A coroutine type with parameters that are none of its own.

use coro::Task;

#[coro::coroutine]
fn not_a_world() -> Task<'static, u32, u32> {
    1
}

fn main() {}
