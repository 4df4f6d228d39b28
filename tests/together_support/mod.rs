//! What the tests of groups and scopes share: places with names where detached coroutines wait; and a wrapper that catches panics.
#![allow(dead_code)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::mem::forget;
use std::panic::resume_unwind;

use coro::{Awaiter, Callee, Continuation, CoroutineHandle, Detached, FireAndForget, Panic, Promise, Task};

use crate::support::{Live, event};

pub type K = Continuation<Detached>;

/// Who waits, by name.
#[derive(Default)]
struct Places(RefCell<BTreeMap<&'static str, K>>);

impl Drop for Places {
    /// With the thread. After a failed test, what is left here would use thread-locals that have gone.
    fn drop(&mut self) {
        let left = self.0.take();
        if !left.is_empty() {
            forget(left);
        }
    }
}

thread_local! {
    static PLACES: Places = Places::default();
}

/// Awaited, waits at the place of this name.
pub struct At(pub &'static str);

impl<P: Promise<World = Detached>> Awaiter<P> for At {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        put(self.0, own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

pub fn put(place: &'static str, continuation: K) {
    let before = PLACES.with(|places| places.0.borrow_mut().insert(place, continuation));
    assert!(before.is_none(), "two wait at {place}");
}

/// The continuation that waits at this place.
pub fn take(place: &str) -> K {
    PLACES.with(|places| places.0.borrow_mut().remove(place)).unwrap_or_else(|| panic!("nobody waits at {place}"))
}

pub fn go(place: &str) {
    take(place).resume();
}

/// Forgets all who wait, from the first name to the last: some are resumed, some dropped.
pub fn clear_places() {
    let mut resumes = false;
    for (_, continuation) in PLACES.with(|places| places.0.take()) {
        resumes = !resumes;
        if resumes { continuation.resume() } else { drop(continuation) }
    }
}

pub fn fail(text: &str) -> ! {
    resume_unwind(Box::new(text.to_owned()))
}

/// Does with its continuation what the closure does.
pub struct With<F>(pub F);

impl<P: Promise<World = Detached>, F: FnMut(K) -> Option<K>> Awaiter<P> for With<F> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        (self.0)(own)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// Does something when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Waits at the place of its name, and gives its name.
#[coro::coroutine]
pub fn waits(name: &'static str) -> Task<'static, &'static str, Detached> {
    let _local = Live::new(name);
    At(name).await;
    event(format!("{name} ends"));
    name
}

/// Runs what is made of `work` as a detached coroutine, which logs the result or the panic.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
pub fn run<T: Debug + 'static>(work: Task<'static, T, Detached>) -> FireAndForget {
    let _caller = Live::new("caller");
    match catches(work).await {
        Ok(result) => event(format!("{result:?}")),
        Err(panic) => event(format!("caught {}", panic.message().expect("a text"))),
    }
    At("afterwards").await;
    event("and it goes on");
}

/// Awaited, gives what its body returned or panicked with.
pub struct Attempt<'a, T>(CoroutineHandle<'a, AttemptPromise<T>>);

pub struct AttemptPromise<T> {
    outcome: Option<Result<T, Panic>>,
}

#[coro::promise(world = Detached)]
impl<T> AttemptPromise<T> {
    fn new() -> Self {
        Self { outcome: None }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Attempt<'_, T> {
        Attempt(handle)
    }

    fn return_value(&mut self, value: T) {
        self.outcome = Some(Ok(value));
    }

    fn unhandled_exception(&mut self, panic: Panic) {
        self.outcome = Some(Err(panic));
    }
}

impl<'a, T: 'a> Callee<'a> for Attempt<'a, T> {
    type Promise = AttemptPromise<T>;
    type Output = Result<T, Panic>;

    fn into_handle(self) -> CoroutineHandle<'a, AttemptPromise<T>> {
        self.0
    }

    fn result(promise: &mut AttemptPromise<T>) -> Result<T, Panic> {
        promise.outcome.take().expect("it has ended")
    }
}

#[coro::coroutine]
pub fn catches<'a, T: 'a>(task: Task<'a, T, Detached>) -> Attempt<'a, T> {
    task.await
}
