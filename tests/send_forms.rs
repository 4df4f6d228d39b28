//! `Generator`, `StateMachine` and `TwoWay` with `Sendable`: they go to other threads, and hold only what may go there. What is
//! refused in a body is in tests/ui/threads/generator_not_send.rs.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ThreadId};

use coro::Resumed::{Complete, Yielded};
use coro::{
    AsyncGenerator, Detached, Generator, InPlace, Local, Polled, Resumable, Sendable, Signal, StateMachine, Task,
    TryAsyncGenerator, TwoWay, two_way, two_way_in,
};

struct Probe<T>(PhantomData<T>);

impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<T> {}

impl<T> Probe<T> {
    /// Of the type of a value, where that has no name.
    fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// Whether a type is `Send`: of two methods of one name, the probe's own is called where its bound holds.
macro_rules! is_send {
    ($($ty:tt)*) => { Probe::<$($ty)*>(PhantomData).is_send() };
}

#[test]
fn the_sendable_forms_are_send_if_what_they_give_and_take_is() {
    type Shared = Rc<u32>;
    type Begin<C> = fn(u32) -> C;
    let pairs = [
        (is_send!(Generator<'static, u32, Sendable>), is_send!(Generator<'static, u32>)),
        (is_send!(Generator<'static, &'static str, Sendable>), is_send!(Generator<'static, Shared, Sendable>)),
        (
            is_send!(Generator<'static, &'static u32, Sendable>),
            is_send!(Generator<'static, &'static Cell<u32>, Sendable>),
        ),
        (is_send!(StateMachine<'static, u32, u32, Sendable>), is_send!(StateMachine<'static, u32, u32, Local>)),
        (
            is_send!(StateMachine<'static, u32, String, Sendable>),
            is_send!(StateMachine<'static, Shared, u32, Sendable>),
        ),
        (
            is_send!(StateMachine<'static, String, u32, Sendable>),
            is_send!(StateMachine<'static, u32, Shared, Sendable>),
        ),
        (is_send!(TwoWay<'static, u32, u32, u32, Sendable>), is_send!(TwoWay<'static, u32, u32, u32>)),
        (is_send!(TwoWay<'static, String, u32, (), Sendable>), is_send!(TwoWay<'static, Shared, u32, (), Sendable>)),
        (is_send!(TwoWay<'static, u32, String, (), Sendable>), is_send!(TwoWay<'static, u32, Shared, (), Sendable>)),
        (is_send!(TwoWay<'static, u32, u32, String, Sendable>), is_send!(TwoWay<'static, u32, u32, Shared, Sendable>)),
        (
            is_send!(Resumable<Begin<()>, TwoWay<'static, u32, u32, (), Sendable>>),
            is_send!(Resumable<Begin<()>, TwoWay<'static, u32, u32>>),
        ),
        (
            is_send!(Resumable<String, TwoWay<'static, u32, u32, (), Sendable>>),
            is_send!(Resumable<Shared, TwoWay<'static, u32, u32, (), Sendable>>),
        ),
        (is_send!(AsyncGenerator<'static, u32>), is_send!(AsyncGenerator<'static, u32, Polled>)),
        (is_send!(AsyncGenerator<'static, String>), is_send!(AsyncGenerator<'static, Shared>)),
        (is_send!(AsyncGenerator<'static, u32, Detached<Sendable>>), is_send!(AsyncGenerator<'static, u32, Detached>)),
        (is_send!(TryAsyncGenerator<'static, u32, u32>), is_send!(TryAsyncGenerator<'static, u32, u32, Polled>)),
        (is_send!(TryAsyncGenerator<'static, u32, String>), is_send!(TryAsyncGenerator<'static, u32, Shared>)),
    ];
    for (index, pair) in pairs.into_iter().enumerate() {
        assert_eq!(pair, (true, false), "pair {index}");
    }
}

#[test]
fn a_place_and_what_is_made_of_it_is_send_if_its_coroutine_is() {
    #[coro::coroutine]
    fn items(of: [u32; 2]) -> impl InPlace<Generator<'static, u32>> {
        for item in of {
            co_yield!(item);
        }
    }
    #[coro::coroutine]
    fn sendable_items(of: [u32; 2]) -> impl InPlace<Generator<'static, u32, Sendable>> {
        for item in of {
            co_yield!(item);
        }
    }
    #[coro::coroutine]
    fn talk(first: u32) -> impl InPlace<TwoWay<'static, u32, u32, u32>> {
        co_yield!(first)
    }
    #[coro::coroutine]
    fn sendable_talk(first: u32) -> impl InPlace<TwoWay<'static, u32, u32, u32, Sendable>> {
        co_yield!(first)
    }
    let (here, there) = (items([1, 2]), sendable_items([1, 2]));
    assert!(!Probe::of(&here).is_send() && Probe::of(&there).is_send());
    assert!(!Probe::of(&talk(1)).is_send() && Probe::of(&sendable_talk(1)).is_send());
    let (here, there) = (pin!(None), pin!(None));
    assert!(!Probe::of(&two_way_in(here, talk)).is_send());
    assert!(Probe::of(&two_way_in(there, sendable_talk)).is_send());
}

/// Adds up where it ran, and is counted when it is dropped.
struct Trace<'d>(HashSet<ThreadId>, &'d AtomicU32);

impl Trace<'_> {
    fn here(&mut self) -> usize {
        self.0.insert(thread::current().id());
        self.0.len()
    }
}

impl Drop for Trace<'_> {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs `step` on a thread of its own with a coroutine that it takes and gives back.
fn elsewhere<C: Send, T: Send>(mut coroutine: C, step: impl FnOnce(&mut C) -> T + Send) -> (C, T) {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let given = step(&mut coroutine);
            (coroutine, given)
        });
        thread.join().expect("no panic")
    })
}

#[coro::coroutine]
fn outer(dropped: &AtomicU32) -> Generator<'_, usize, Sendable> {
    let mut trace = Trace(HashSet::new(), dropped);
    co_yield!(trace.here());
    co_yield!(..inner(&mut trace));
    co_yield!(trace.here());
}

#[coro::coroutine]
fn inner<'t>(trace: &'t mut Trace<'_>) -> Generator<'t, usize, Sendable> {
    let threads = *Rc::new(trace.here()); // It is not held.
    co_yield!(threads);
    co_yield!(trace.here());
}

#[coro::coroutine]
fn machine(dropped: &AtomicU32) -> StateMachine<'_, Arc<str>, usize, Sendable> {
    let mut trace = Trace(HashSet::new(), dropped);
    while &*Signal.await != "end" {
        trace.here();
    }
    trace.here()
}

#[coro::coroutine]
fn talk<'d>(dropped: &'d AtomicU32, first: &'d str) -> TwoWay<'d, &'d str, usize, usize, Sendable> {
    let (mut trace, mut said) = (Trace(HashSet::new(), dropped), first);
    while said != "end" {
        said = co_yield!(trace.here());
    }
    trace.here()
}

#[test]
fn each_goes_on_where_it_was_on_another_thread() {
    let dropped = AtomicU32::new(0);

    let mut items = outer(&dropped);
    for expected in [Some(1), Some(2), Some(3), Some(4), None, None] {
        let item;
        (items, item) = elsewhere(items, Iterator::next);
        assert_eq!(item, expected);
    }

    let mut machine = machine(&dropped);
    for signal in ["one", "two", "end"] {
        let sent;
        (machine, sent) = elsewhere(machine, |machine| machine.send_signal(signal.into()));
        assert_eq!(sent, Ok(()));
    }
    assert_eq!(machine.result(), Some(3));

    let (mut talk, mut given) = (two_way(|first| talk(&dropped, first)), None);
    for said in ["one", "two", "end"] {
        let out;
        (talk, out) = elsewhere(talk, |talk| talk.resume(said));
        given = Some(out);
    }
    assert_eq!(given, Some(Ok(Complete(3))));
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

#[test]
fn each_is_destroyed_half_way_on_another_thread() {
    let dropped = AtomicU32::new(0);
    let mut items = outer(&dropped);
    assert_eq!(items.by_ref().take(2).count(), 2);
    let mut machine = machine(&dropped);
    assert_eq!(machine.send_signal("one".into()), Ok(()));
    let mut talk = two_way(|first| talk(&dropped, first));
    assert_eq!(talk.resume("one"), Ok(Yielded(1)));
    thread::scope(|scope| scope.spawn(move || drop((items, machine, talk))).join().expect("no panic"));
    assert_eq!(dropped.into_inner(), 3);
}

#[coro::coroutine]
fn numbers() -> Generator<'static, u32, Sendable> {
    co_yield!(1);
    co_yield!(2);
}

#[coro::coroutine]
fn adds_up() -> Task<'static, u32> {
    let mut sum = 0;
    for number in numbers() {
        sum += std::future::ready(number).await;
    }
    sum
}

#[test]
fn a_task_that_may_change_threads_holds_one_across_an_await() {
    let task = adds_up();
    assert_eq!(thread::spawn(|| futures::executor::block_on(task)).join().expect("no panic"), 3);
}
