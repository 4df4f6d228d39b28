//! What the behaviour tests share: a log of events, each of which can be made to panic; objects that are counted; and
//! three coroutine types whose every hook is an event.
#![allow(dead_code, unused_imports)]

mod probe;
#[cfg(feature = "tracing")]
mod watched;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;
use std::thread::{self, panicking};

use coro::{Awaiter, Continuation, Detached, Promise};

pub use probe::*;

/// What happened on this thread since the last [`reset`].
#[derive(Default)]
struct Happened {
    log: Vec<String>,
    /// The events that panic, by their place in the log.
    armed: Vec<usize>,
    fired: Vec<String>,
    live: BTreeMap<usize, &'static str>,
    made: usize,
    dropped_twice: Vec<&'static str>,
}

thread_local! {
    static HAPPENED: RefCell<Happened> = RefCell::default();
    static PARKED: RefCell<VecDeque<Continuation<Detached>>> = RefCell::default();
}

fn happened<T>(look: impl FnOnce(&mut Happened) -> T) -> T {
    #[cfg(feature = "tracing")]
    watched::begin();
    HAPPENED.with_borrow_mut(look)
}

/// Forgets all events; those at the places `armed` will panic.
pub fn reset(armed: &[usize]) {
    happened(|it| *it = Happened { armed: armed.to_vec(), ..Happened::default() });
}

/// From now on no event panics.
pub fn disarm() {
    happened(|it| it.armed.clear());
}

/// Logs an event, and panics if it was armed, unless the thread panics already.
pub fn event(name: impl Into<String>) {
    let name = name.into();
    let panics = happened(|it| {
        it.log.push(name.clone());
        let panics = it.armed.contains(&(it.log.len() - 1)) && !panicking();
        if panics {
            it.fired.push(name.clone());
        }
        panics
    });
    if panics {
        // Not `panic!`: it would print a message each time.
        resume_unwind(Box::new(format!("injected at {name}")));
    }
}

/// Takes the log so far, and goes on with an empty one.
pub fn take_log() -> Vec<String> {
    happened(|it| std::mem::take(&mut it.log))
}

/// The log so far.
pub fn log() -> Vec<String> {
    happened(|it| it.log.clone())
}

/// The armed events that did panic.
pub fn fired() -> Vec<String> {
    happened(|it| it.fired.clone())
}

/// The counted objects that are alive, by name.
pub fn alive() -> Vec<&'static str> {
    happened(|it| it.live.values().copied().collect())
}

/// The counted objects that were dropped more than once.
pub fn dropped_twice() -> Vec<&'static str> {
    happened(|it| it.dropped_twice.clone())
}

/// Runs `part`; the text of its panic if it panics.
pub fn attempt<T>(part: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(part)).map_err(|payload| match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().copied().unwrap_or("not a text").to_owned(),
    })
}

/// From now on, panics whose text contains `part` print nothing.
pub fn silence(part: &'static str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<String>();
            if !text.is_some_and(|text| text.contains(part)) {
                print(panic);
            }
        }));
    });
}

/// Keeps a continuation until [`unpark`].
pub fn park(continuation: Continuation<Detached>) {
    PARKED.with_borrow_mut(|parked| parked.push_back(continuation));
}

/// The continuation that was parked first, if any.
pub fn unpark() -> Option<Continuation<Detached>> {
    PARKED.with_borrow_mut(VecDeque::pop_front)
}

/// Awaited in a detached coroutine, parks it until [`unpark`].
#[derive(Debug)]
pub struct Park;

impl<P: Promise<World = Detached>> Awaiter<P> for Park {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        park(own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// Runs `test` on a stack of 256 KiB.
pub fn on_256_kib(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(test).expect("a thread");
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}

/// An object that is counted, and whose drop is an event.
#[derive(Debug)]
pub struct Live {
    id: usize,
    pub name: &'static str,
}

impl Live {
    pub fn new(name: &'static str) -> Self {
        let id = happened(|it| {
            it.made += 1;
            it.live.insert(it.made, name);
            it.made
        });
        Self { id, name }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        happened(|it| {
            if it.live.remove(&self.id).is_none() {
                it.dropped_twice.push(self.name);
            }
        });
        event(format!("drop {}", self.name));
    }
}
