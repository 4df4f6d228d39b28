//! Without its path the attribute is ambiguous: rustc has a built-in one of this name.

use coro::{Generator, coroutine};

#[coroutine]
fn bare() -> Generator<'static, u32> {}

fn main() {}
