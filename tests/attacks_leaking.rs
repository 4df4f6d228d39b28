//! Attacks that leak on purpose. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use coro::{
    Awaiter, Backtrace, Continuation, Coroutine, CoroutineHandle, Detached, FireAndForget, Generator, Promise, Task,
};

type Own = Continuation<Detached>;

#[coro::coroutine]
fn lends(text: &str) -> Generator<'_, &str> {
    co_yield!(text);
    co_yield!(&text[1..]);
}

#[coro::coroutine]
fn delegates(text: String) -> Generator<'static, usize> {
    co_yield!(..lengths(&text));
}

#[coro::coroutine]
fn lengths(text: &str) -> Generator<'_, usize> {
    co_yield!(text.len());
    co_yield!(text.len());
}

#[test]
fn a_leaked_handle_leaves_what_it_borrowed_alone() {
    let text = String::from("borrowed for a while");
    let mut generator = lends(&text);
    assert_eq!(generator.next(), Some("borrowed for a while"));
    forget(generator);
    drop(text);
    let mut generator = delegates("delegated".into());
    assert_eq!(generator.next(), Some(9));
    forget(generator);
}

struct Leak<F>(F);

impl<P: Promise<World = Detached>, F: FnMut(Own) -> Option<Own>> Awaiter<P> for Leak<F> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Own) -> Option<Own> {
        (self.0)(own)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn borrows<'a, F: FnMut(Own) -> Option<Own> + 'a>(text: &'a str, attack: F) -> Task<'a, usize, Detached> {
    Leak(attack).await;
    text.len()
}

#[coro::coroutine(initial = suspend_never)]
fn calls<F: FnMut(Own) -> Option<Own> + 'static>(attack: F, ended: Rc<Cell<bool>>) -> FireAndForget {
    let text = String::from("lent to the callee");
    assert_eq!(borrows(&text, attack).await, 18);
    ended.set(true);
}

#[test]
fn a_leaked_continuation_suspends_its_coroutine_for_ever() {
    let ended = Rc::new(Cell::new(false));
    calls(
        |own| {
            forget(own);
            None
        },
        ended.clone(),
    );
    assert!(!ended.get());
}

#[test]
fn a_continuation_leaked_before_a_panic_is_no_way_back() {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        calls(
            |own| {
                forget(own);
                panic!("after the leak")
            },
            Rc::default(),
        )
    }));
    assert!(panicked.is_err());
}

#[test]
fn a_backtrace_through_a_leaked_continuation_does_not_outlive_the_callers() {
    thread_local! {
        static TRACE: RefCell<Option<Backtrace>> = const { RefCell::new(None) };
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        calls(
            |own| {
                let mut trace = Box::leak(Box::new(own)).backtrace();
                trace.next();
                TRACE.set(Some(trace));
                panic!("the callers are gone")
            },
            Rc::default(),
        )
    }));
    assert!(panicked.is_err());
    let mut trace = TRACE.take().expect("it was kept");
    assert!(trace.all(|location| !location.function().is_empty()));
}

#[test]
fn a_coroutine_that_keeps_its_own_continuation_is_a_cycle() {
    let ended = Rc::new(Cell::new(false));
    let mut kept = None;
    calls(
        move |own| {
            assert!(kept.replace(own).is_none());
            None
        },
        ended.clone(),
    );
    assert!(!ended.get());
}

/// A coroutine type that forgets its handle.
struct Forgets;

struct ForgetsPromise;

#[coro::promise]
impl ForgetsPromise {
    fn new() -> Self {
        Self
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Forgets {
        forget(handle);
        Forgets
    }

    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn forgotten(text: &str) -> Forgets {
    println!("{text}");
}

#[test]
fn get_return_object_may_forget_its_handle() {
    let text = String::from("never printed");
    let _: Forgets = forgotten(&text);
    drop(text);
    fn is_a_coroutine<'a, R: Coroutine<'a>>() {}
    is_a_coroutine::<Forgets>();
}
