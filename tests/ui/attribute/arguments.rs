//! Row 36: wrong arguments, all reported.

use coro::Generator;

#[coro::coroutine(initail = suspend_never, color = 1)]
fn unknown() -> Generator<'static, u32> {}

#[coro::coroutine(initial = suspend_never, initial = suspend_always, final, promise =)]
fn twice_and_missing() -> Generator<'static, u32> {}

#[coro::coroutine(crate = "coro")]
fn quoted() -> Generator<'static, u32> {}

#[coro::coroutine(final = suspend_always suspend_never, 1, initial: suspend_never)]
fn junk() -> Generator<'static, u32> {}

#[coro::coroutine(suspend_never)]
fn no_key() -> Generator<'static, u32> {}

#[coro::coroutine(initial = 1 +, final(suspend_never), crate = )]
fn broken() -> Generator<'static, u32> {}

#[coro::coroutine(,)]
fn comma() -> Generator<'static, u32> {}

fn main() {
    // The functions are there.
    unknown().chain(twice_and_missing()).chain(quoted()).chain(junk()).chain(no_key()).chain(broken()).count();
}
