//! `unsafe fn`: row 9 of the table of syntax. Every other test forbids `unsafe`.
#![deny(warnings, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use syntax_support::{Steps, give};

/// # Safety
/// `pointer` can be read until the coroutine ends.
#[coro::coroutine]
unsafe fn read(pointer: *const u32) -> Steps<'static, u32> {
    give("pause", ()).await;
    // SAFETY: this function's contract. The body is no unsafe block of its own: without this one it does not compile.
    unsafe { *pointer }
}

#[test]
fn an_unsafe_fn_can_be_a_coroutine() {
    let number = 7;
    // SAFETY: it is alive.
    let steps = unsafe { read(&raw const number) };
    assert_eq!(steps.finish(), 7);
}
