//! Local coroutines stay on their thread.

use coro::{Continuation, CoroutineHandle, Detached, Generator, GeneratorPromise};

fn is_send<T: Send>() {}

fn main() {
    is_send::<CoroutineHandle<'static, GeneratorPromise<u32>>>();
    is_send::<Generator<'static, u32>>();
    is_send::<Continuation<Detached>>();
}
