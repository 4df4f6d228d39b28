//! The handle is invariant in the promise: a shorter lifetime could be put into the promise and read by the body, which
//! keeps the longer one.

use coro::{CoroutineHandle, GeneratorPromise, StateMachine};

fn shrunk<'a>(
    handle: CoroutineHandle<'a, GeneratorPromise<&'static str>>,
) -> CoroutineHandle<'a, GeneratorPromise<&'a str>> {
    handle
}

fn grown<'a>(
    handle: CoroutineHandle<'a, GeneratorPromise<&'a str>>,
) -> CoroutineHandle<'a, GeneratorPromise<&'static str>> {
    handle
}

fn signals<'a>(machine: &mut StateMachine<'static, &'static str, ()>, signal: &'a str) {
    let _ = machine.send_signal(signal);
}

fn covariant<'a>(
    handle: CoroutineHandle<'static, GeneratorPromise<u32>>,
) -> CoroutineHandle<'a, GeneratorPromise<u32>> {
    handle
}

fn longer<'a>(handle: CoroutineHandle<'a, GeneratorPromise<u32>>) -> CoroutineHandle<'static, GeneratorPromise<u32>> {
    handle
}

fn main() {}
