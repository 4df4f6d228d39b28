//! A coroutine has one owner, who may use it once.
#![forbid(unsafe_code)]

use std::rc::Rc;

use coro::{ByOwner, Continuation, CoroutineHandle, Detached, FireAndForget, GeneratorPromise, Sendable, Task};

fn resumes_twice(continuation: Continuation<Detached>) {
    continuation.resume();
    continuation.resume();
}

fn looks_while_it_runs(mut handle: CoroutineHandle<'static, GeneratorPromise<String>>) {
    let promise = handle.promise_mut();
    handle.resume();
    drop(promise);
}

#[coro::coroutine(initial = suspend_never)]
fn is_given_what_may_not_be_sent(_count: Rc<u32>) -> FireAndForget<Sendable> {}

mod types {
    use super::{ByOwner, Continuation, Detached, FireAndForget, Sendable, Task};

    fn clones(continuation: &Continuation<Detached>) -> Continuation<Detached> {
        continuation.clone()
    }

    fn resumes_what_its_owner_resumes(continuation: Continuation<ByOwner>) {
        continuation.resume();
    }

    #[coro::coroutine(initial = suspend_never)]
    fn calls_a_local_one(task: Task<'static, (), Detached>) -> FireAndForget<Sendable> {
        task.await;
    }
}

fn main() {}
