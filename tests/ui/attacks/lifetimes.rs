//! What a coroutine holds outlives it, and whoever holds it.
#![forbid(unsafe_code)]

use std::cell::RefCell;

use coro::{
    ByOwner, Coroutine, CoroutineHandle, Detached, FireAndForget, Generator, GeneratorPromise, Handle, NewPromise, Nobody,
    Promise, Propagate, SuspendAlways, Task,
};

#[coro::coroutine(initial = suspend_never)]
fn borrows_for_ever(text: &str) -> FireAndForget {
    println!("{text}");
}

#[coro::coroutine]
fn hides_a_loan(text: &str) -> Generator<'static, u32> {
    co_yield!(text.len() as u32);
}

#[coro::coroutine(final = Keeps(text))]
fn hides_a_loan_in_final(text: &str) -> Task<'static, (), Detached> {}

struct Keeps<'a>(&'a str);

impl<P: Promise> coro::FinalSuspend<P> for Keeps<'_> {
    fn final_suspend(self, _: &mut P) -> Option<coro::ContinuationOf<P>> {
        println!("{}", self.0);
        None
    }
}

/// The body would keep the shorter loan.
fn shortens_the_promises_lifetime<'short, 'long: 'short>(
    handle: CoroutineHandle<'short, GeneratorPromise<&'long str>>,
) -> CoroutineHandle<'short, GeneratorPromise<&'short str>> {
    handle
}

fn lengthens<'short, 'long: 'short>(
    handle: CoroutineHandle<'short, GeneratorPromise<u32>>,
) -> CoroutineHandle<'long, GeneratorPromise<u32>> {
    handle
}

#[coro::coroutine]
fn items(text: &str) -> Generator<'_, &str> {
    co_yield!(text);
}

fn outlives_what_it_borrows() {
    let mut kept;
    {
        let text = String::from("short");
        kept = items(&text);
    }
    kept.next();
}

fn outlives_by_its_drop() {
    let kept;
    let text = String::from("short");
    kept = items(&text);
}

/// A detached coroutine's return object would reach into its promise.
struct Looks(&'static mut LooksPromise);

struct LooksPromise;

impl Promise for LooksPromise {
    type World = Detached;
    type Owner = Nobody;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;
    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn return_value(&mut self, (): ()) {}
}

impl NewPromise for LooksPromise {
    fn new() -> Self {
        Self
    }
}

impl Coroutine<'static> for Looks {
    type Promise = LooksPromise;

    fn get_return_object(promise: &mut LooksPromise) -> Self {
        Looks(promise)
    }
}

/// A detached coroutine type that pretends to hold what lives for `'a`.
struct Loose<'a>(&'a ());

impl<'a> Coroutine<'a> for Loose<'a> {
    type Promise = LooksPromise;

    fn get_return_object(_: &mut LooksPromise) -> Self {
        Loose(&())
    }
}

#[coro::coroutine(initial = suspend_never)]
fn pretends(text: &str) -> Loose<'_> {
    println!("{text}");
}

thread_local! {
    static KEPT: RefCell<Option<CoroutineHandle<'static, StoredPromise>>> = const { RefCell::new(None) };
}

/// A return object that keeps its handle for longer than the coroutine's loans.
struct Stored;

struct StoredPromise;

impl Promise for StoredPromise {
    type World = ByOwner;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;
    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }
    fn return_value(&mut self, (): ()) {}
}

impl<'a> Coroutine<'a> for Stored {
    type Promise = StoredPromise;

    fn get_return_object(handle: CoroutineHandle<'a, StoredPromise>) -> Self {
        KEPT.set(Some(handle));
        Stored
    }
}

fn main() {}
