//! Visits that are leaked in the middle: nobody may return into them. Run without leak detection.

#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem::forget;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use coro::{AsyncGenerator, Awaiter, Continuation, Polled, Promise, Task};

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
