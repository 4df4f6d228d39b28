//! A state machine type, defined by a user: `coro::StateMachine` again, in under 40 lines of safe code.
//!
//! Run: `cargo run --example state_machine_by_hand`

use coro::{Awaiter, Continuation, CoroutineHandle};

struct Machine<'a, S, R>(CoroutineHandle<'a, MachinePromise<S, R>>);

struct MachinePromise<S, R> {
    signal: Option<S>,
    returned: Option<R>,
}

/// What the body awaits, and its own awaiter.
struct Signal;

#[coro::promise]
impl<S, R> MachinePromise<S, R> {
    fn new() -> Self {
        Self { signal: None, returned: None }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Machine<'_, S, R> {
        Machine(handle)
    }

    fn return_value(&mut self, value: R) {
        self.returned = Some(value);
    }
}

impl<S, R> Awaiter<MachinePromise<S, R>> for Signal {
    type Output = S;

    fn await_ready(&mut self, promise: &mut MachinePromise<S, R>) -> bool {
        promise.signal.is_some()
    }

    fn await_suspend(&mut self, _: &mut MachinePromise<S, R>, _: Continuation) -> Option<Continuation> {
        None
    }

    fn await_resume(&mut self, promise: &mut MachinePromise<S, R>) -> S {
        promise.signal.take().expect("the machine is resumed with a signal")
    }
}

impl<S, R> Machine<'_, S, R> {
    /// Runs the machine with `signal`; gives its result once it has one.
    fn send(&mut self, signal: S) -> Option<R> {
        self.0.promise_mut().signal = Some(signal);
        self.0.resume();
        self.0.promise_mut().returned.take()
    }
}

/// Reads a number digit by digit, up to the first letter that is none.
#[coro::coroutine]
fn number() -> Machine<'static, char, u32> {
    let mut number = 0;
    while let Some(digit) = Signal.await.to_digit(10) {
        number = number * 10 + digit;
    }
    number
}

fn main() {
    let mut machine = number();
    for letter in "1984;".chars() {
        match machine.send(letter) {
            Some(number) => println!("{letter:?}: {number}"),
            None => println!("{letter:?}: {:?}", machine.0),
        }
    }
}
