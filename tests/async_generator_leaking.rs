//! Visits that are leaked in the middle: nobody may return into them. Run without leak detection.

#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem::forget;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use coro::{AsyncGenerator, Awaiter, Callee, Continuation, CoroutineHandle, Polled, Promise, Task, ToVisitor, Visit};

type Slot = Rc<RefCell<Option<Continuation<Polled>>>>;

/// Where a coroutine waits.
struct Wait(Slot);

impl<P: Promise<World = Polled>> Awaiter<P> for Wait {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: Continuation<Polled>) -> Option<Continuation<Polled>> {
        self.0.replace(Some(me));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[coro::coroutine]
fn items(slot: Slot) -> AsyncGenerator<'static, u32, Polled> {
    #[coro::coroutine]
    fn wait(slot: Slot) -> Task<'static, (), Polled> {
        Wait(slot).await;
    }
    for n in 0.. {
        wait(slot.clone()).await;
        co_yield!(n);
    }
}

/// Writes to what it borrows as soon as it goes on.
#[coro::coroutine]
fn visit<'h>(items: &'h mut AsyncGenerator<'_, u32, Polled>, went_on: &'h Cell<u32>) -> Task<'h, Option<u32>, Polled> {
    let item = items.next().await;
    went_on.set(went_on.get() + 1);
    item
}

#[test]
fn a_task_leaked_in_the_middle_of_a_visit_is_not_returned_into() {
    let slot = Slot::default();
    let mut items = items(slot.clone());
    for round in 0..4 {
        let borrowed = Box::new(Cell::new(0));
        let mut visitor = visit(&mut items, &borrowed);
        assert!(poll_once(&mut visitor).is_pending());
        forget(visitor);
        assert_eq!(borrowed.get(), 0);
        drop(borrowed);
        // By a future, by another visitor, or never: nothing goes to the one that was leaked.
        if round % 2 == 0 {
            assert!(poll_once(&mut items.next()).is_pending());
            drop(slot.take());
            assert_eq!(poll_once(&mut items.next()), Poll::Ready(Some(round)));
        } else {
            let went_on = Cell::new(0);
            let mut other = visit(&mut items, &went_on);
            assert!(poll_once(&mut other).is_pending());
            drop(slot.take());
            assert_eq!(poll_once(&mut other), Poll::Ready(Some(round)));
            drop(other);
            assert_eq!(went_on.get(), 1);
        }
    }
    let borrowed = Box::new(Cell::new(0));
    let mut visitor = visit(&mut items, &borrowed);
    assert!(poll_once(&mut visitor).is_pending());
    forget(visitor);
    drop(borrowed);
    assert_eq!(items.backtrace().map(|location| location.function()).collect::<Vec<_>>(), ["wait", "items"]);
    drop(items);
    drop(slot.take());
}

/// The same items, at the end of a line.
#[coro::coroutine]
fn line(slot: Slot, depth: u32) -> AsyncGenerator<'static, u32, Polled> {
    if depth == 0 {
        co_yield!(..items(slot));
    } else {
        co_yield!(..line(slot, depth - 1));
    }
}

#[test]
fn a_task_leaked_in_the_middle_of_a_visit_of_a_line_is_not_returned_into() {
    let slot = Slot::default();
    let mut items = line(slot.clone(), 2);
    let mut expected = 0;
    // Who comes after one that was leaked: a future, another visitor, a line that is hung above this one, nobody.
    for round in 0..9 {
        let borrowed = Box::new(Cell::new(0));
        let mut visitor = visit(&mut items, &borrowed);
        assert!(poll_once(&mut visitor).is_pending());
        forget(visitor);
        assert_eq!(borrowed.get(), 0);
        drop(borrowed);
        if round % 3 == 0 {
            assert!(poll_once(&mut items.next()).is_pending());
            drop(slot.take());
            assert_eq!(poll_once(&mut items.next()), Poll::Ready(Some(expected)));
            expected += 1;
        }
        if round % 3 == 2 {
            #[coro::coroutine]
            fn above(items: AsyncGenerator<'static, u32, Polled>) -> AsyncGenerator<'static, u32, Polled> {
                co_yield!(..items);
            }
            items = above(items);
        }
        if round % 3 != 0 {
            let went_on = Cell::new(0);
            let mut other = visit(&mut items, &went_on);
            assert!(poll_once(&mut other).is_pending());
            drop(slot.take());
            assert_eq!(poll_once(&mut other), Poll::Ready(Some(expected)));
            drop(other);
            assert_eq!(went_on.get(), 1);
            expected += 1;
        }
    }
    let borrowed = Box::new(Cell::new(0));
    let mut visitor = visit(&mut items, &borrowed);
    assert!(poll_once(&mut visitor).is_pending());
    forget(visitor);
    drop(borrowed);
    let functions: Vec<_> = items.backtrace().map(|location| location.function()).collect();
    assert_eq!(functions, ["wait", "items", "line", "line", "line", "above", "above", "above"]);
    drop(items);
    drop(slot.take());
}

#[test]
fn a_line_that_is_leaked_half_way_is_not_gone_on_with() {
    let slot = Slot::default();
    let went_on = Cell::new(0);
    let mut leaked = line(slot.clone(), 2);
    assert!(poll_once(&mut visit(&mut leaked, &went_on)).is_pending());
    drop(slot.take());
    assert_eq!(poll_once(&mut visit(&mut leaked, &went_on)), Poll::Ready(Some(0)));
    forget(leaked);
    assert_eq!(went_on.get(), 1);
}

#[test]
fn a_visit_of_a_leaked_generator_is_as_good_as_none() {
    let slot = Slot::default();
    let went_on = Cell::new(0);
    let mut leaked = items(slot.clone());
    assert!(poll_once(&mut visit(&mut leaked, &went_on)).is_pending());
    forget(leaked);
    drop(slot.take());
    assert_eq!(went_on.get(), 0);
}

/// A coroutine of a type that is visited, and can be awaited to its end.
struct Both<'a>(CoroutineHandle<'a, BothPromise>);

struct BothPromise {
    value: u32,
}

#[coro::promise(world = Polled)]
impl BothPromise {
    fn new() -> Self {
        Self { value: 0 }
    }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Both<'_> {
        Both(handle)
    }
    fn yield_value(&mut self, value: u32) -> ToVisitor {
        self.value = value;
        ToVisitor
    }
    fn return_value(&mut self, value: u32) {
        self.value = value;
    }
}

impl<'h, 'a> Visit<'h, 'a> for &'h mut Both<'a> {
    type Promise = BothPromise;
    type Output = u32;

    fn into_handle(self) -> &'h mut CoroutineHandle<'a, BothPromise> {
        &mut self.0
    }

    fn output(promise: &mut BothPromise) -> u32 {
        promise.value
    }
}

impl<'a> Callee<'a> for Both<'a> {
    type Promise = BothPromise;
    type Output = u32;

    fn into_handle(self) -> CoroutineHandle<'a, BothPromise> {
        self.0
    }

    fn result(promise: &mut BothPromise) -> u32 {
        promise.value
    }
}

#[test]
fn a_coroutine_whose_visitor_was_leaked_is_awaited_to_its_end_and_not_the_visitor() {
    #[coro::coroutine]
    fn both(slot: Slot) -> Both<'static> {
        co_yield!(1);
        Wait(slot).await;
        co_yield!(2);
        3
    }
    #[coro::coroutine]
    fn visit<'h>(both: &'h mut Both<'_>, went_on: &'h Cell<u32>) -> Task<'h, u32, Polled> {
        let value = both.await;
        went_on.set(went_on.get() + 1);
        value
    }
    #[coro::coroutine]
    fn call(both: Both<'static>) -> Task<'static, u32, Polled> {
        both.await
    }
    let slot = Slot::default();
    let mut both = both(slot.clone());
    assert_eq!(poll_once(&mut visit(&mut both, &Cell::new(0))), Poll::Ready(1));
    let borrowed = Box::new(Cell::new(0));
    let mut visitor = visit(&mut both, &borrowed);
    assert!(poll_once(&mut visitor).is_pending());
    forget(visitor);
    drop(borrowed);
    let mut caller = call(both);
    assert!(poll_once(&mut caller).is_pending());
    drop(slot.take());
    assert_eq!(poll_once(&mut caller), Poll::Ready(3));
}
