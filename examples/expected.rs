//! Errors without `?`: awaiting an error ends the coroutine there.
//!
//! `Expected<T, E>` is a value, not something that runs: its coroutine runs to its end inside the call. Awaiting an
//! `Expected` that holds an error puts the error into the promise and suspends; nobody resumes it, so the locals are dropped
//! with the handle, and the caller gets the error.
//!
//! Run: `cargo run --example expected -- 12 0x1f seven`

use coro::{Awaiter, Continuation, CoroutineHandle};

#[derive(Debug, PartialEq)]
struct Expected<T, E>(Result<T, E>);

struct ExpectedPromise<T, E>(Option<Result<T, E>>);

#[coro::promise]
impl<T, E> ExpectedPromise<T, E> {
    fn new() -> Self {
        Self(None)
    }

    fn initial_suspend(&mut self) -> coro::SuspendNever {
        coro::SuspendNever
    }

    /// The coroutine has run to its end, or to the error, by now.
    fn get_return_object(mut handle: CoroutineHandle<'_, Self>) -> Expected<T, E> {
        Expected(handle.promise_mut().0.take().expect("it returned, or awaited an error"))
    }

    fn return_value(&mut self, value: T) {
        self.0 = Some(Ok(value));
    }

    fn await_transform<U>(&mut self, expected: Expected<U, E>) -> Unwrap<U, E> {
        Unwrap(Some(expected.0))
    }
}

struct Unwrap<U, E>(Option<Result<U, E>>);

impl<T, U, E> Awaiter<ExpectedPromise<T, E>> for Unwrap<U, E> {
    type Output = U;

    fn await_ready(&mut self, _: &mut ExpectedPromise<T, E>) -> bool {
        matches!(self.0, Some(Ok(_)))
    }

    fn await_suspend(&mut self, promise: &mut ExpectedPromise<T, E>, _: Continuation) -> Option<Continuation> {
        promise.0 = self.0.take().and_then(Result::err).map(Err);
        None
    }

    fn await_resume(&mut self, _: &mut ExpectedPromise<T, E>) -> U {
        self.0.take().and_then(Result::ok).expect("an error is not resumed")
    }
}

/// A number as people write them. It borrows its argument, although its type says nothing of it: it is over by then.
#[coro::coroutine]
fn number(text: &str) -> Expected<u32, String> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    Expected(u32::from_str_radix(digits, radix).map_err(|error| format!("{text:?}: {error}"))).await
}

#[coro::coroutine]
fn sum(texts: &[String]) -> Expected<u32, String> {
    let mut sum = 0;
    for text in texts {
        sum += number(text).await;
        println!("... {sum}");
    }
    sum
}

fn main() {
    let texts: Vec<String> = std::env::args().skip(1).collect();
    match sum(&texts) {
        Expected(Ok(sum)) => println!("{sum} in all"),
        Expected(Err(error)) => println!("no sum: {error}"),
    }
}
