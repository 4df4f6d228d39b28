//! Words that are almost the attribute's, and values that are no `initial` or `final`.

use coro::{FireAndForget, Generator};

#[coro::coroutine(initial = suspend_alway)]
fn misspelt() -> Generator<'static, u32> {}

#[coro::coroutine(initial = suspend_never, final = suspend_nevr)]
fn misspelt_final() -> FireAndForget {}

#[coro::coroutine(initial = never, final = always)]
fn halves() -> Generator<'static, u32> {}

#[coro::coroutine(final = "suspend_always")]
fn quoted() -> Generator<'static, u32> {}

/// A parameter may have any name.
#[coro::coroutine(initial = suspend_now, final = never)]
fn parameters(suspend_now: coro::SuspendAlways, never: coro::SuspendAlways) -> Generator<'static, u32> {}

fn main() {
    misspelt().chain(halves()).count();
    let _ = misspelt_final();
}
