//! The work that is measured, a file for each kind of coroutine: ours, and the same by everybody else in Rust. The C++ is
//! in `cpp/`.

mod deep;
mod generator;
mod memory;
mod signal;
mod task;
mod threads;
mod transfer;

use std::arch::asm;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Somebody who does the work of a row.
#[derive(Clone, Copy)]
pub struct Case {
    pub row: &'static str,
    pub who: &'static str,
    /// Does so many operations; everybody in a row returns the same.
    pub run: fn(u64) -> u64,
}

const fn case(row: &'static str, who: &'static str, run: fn(u64) -> u64) -> Case {
    Case { row, who, run }
}

/// All that is written in Rust.
pub fn cases() -> impl Iterator<Item = Case> {
    [generator::CASES, signal::CASES, task::CASES, deep::CASES, transfer::CASES, memory::CASES, threads::CASES]
        .into_iter()
        .flatten()
        .copied()
}

/// The barrier that every value passes, in C++ too: the optimizer sees neither where it comes from nor that it is only
/// summed up. (`black_box` would also send it through memory.)
#[inline(always)]
fn pass(mut value: u64) -> u64 {
    // SAFETY: there is no instruction in it.
    unsafe { asm!("/* {0} */", inout(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Polls for nobody.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A future that waits for nothing gives its value.
fn now<F: Future>(future: F) -> F::Output {
    match poll(std::pin::pin!(future)) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Pending once.
#[derive(Default)]
struct Once {
    suspended: bool,
}

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.suspended, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
