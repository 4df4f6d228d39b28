//! S6 for tasks as futures: constant stack, in debug builds too. Everything runs on 256 KiB.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use coro::{Awaiter, Continuation, LocalWorld, Polled, Promise, Task};
use futures::executor::block_on;
use support::{attempt, on_256_kib};

const MILLION: u64 = 1_000_000;

type Count = Rc<Cell<u64>>;
type Slot = Rc<RefCell<Option<Continuation<Polled>>>>;

/// Adds one when it is dropped.
struct CountsDrop(Count);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Waits until its continuation is taken out of the slot.
struct Wait<'s>(&'s Slot);

impl<P: Promise<World = Polled>> Awaiter<P> for Wait<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Polled>) -> Option<Continuation<Polled>> {
        self.0.replace(Some(own));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// What the innermost task does.
#[derive(Clone, Copy)]
enum Bottom {
    Waits,
    WaitsForFutures,
    Panics,
}

#[coro::coroutine]
fn depth(below: u64, bottom: Bottom, slot: &Slot, dropped: Count) -> Task<'_, u64, Polled> {
    let _local = CountsDrop(dropped.clone());
    if below > 0 {
        return depth(below - 1, bottom, slot, dropped).await + 1;
    }
    match bottom {
        Bottom::Waits => Wait(slot).await,
        Bottom::WaitsForFutures => {
            futures::pending!();
            futures::pending!();
        }
        Bottom::Panics => {
            Wait(slot).await;
            resume_unwind(Box::new("from the bottom"));
        }
    }
    0
}

fn poll<F: Future + Unpin>(task: &mut F) -> Poll<F::Output> {
    Pin::new(task).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_million_nested_tasks_are_resumed_at_the_innermost_one_and_complete() {
    on_256_kib(|| {
        let (slot, dropped) = (Slot::default(), Count::default());
        let mut task = depth(MILLION, Bottom::Waits, &slot, dropped.clone());
        for _ in 0..10_000 {
            // Spurious: if these went through all of them, this test would not end.
            assert_eq!(poll(&mut task), Poll::Pending);
        }
        assert_eq!(dropped.get(), 0);
        slot.take().expect("it waits").resume();
        assert_eq!(poll(&mut task), Poll::Ready(MILLION));
        assert_eq!(dropped.get(), MILLION + 1);
    });
}

#[test]
fn a_million_nested_tasks_wait_for_a_future_of_the_innermost_one() {
    on_256_kib(|| {
        let (slot, dropped) = (Slot::default(), Count::default());
        let mut task = depth(MILLION, Bottom::WaitsForFutures, &slot, dropped.clone());
        assert_eq!(poll(&mut task), Poll::Pending);
        assert_eq!(poll(&mut task), Poll::Pending);
        assert_eq!(poll(&mut task), Poll::Ready(MILLION));
        assert_eq!(dropped.get(), MILLION + 1);
    });
}

#[test]
fn a_million_nested_tasks_are_dropped_half_way() {
    on_256_kib(|| {
        let (slot, dropped) = (Slot::default(), Count::default());
        let mut task = depth(MILLION, Bottom::Waits, &slot, dropped.clone());
        assert_eq!(poll(&mut task), Poll::Pending);
        assert_eq!(dropped.get(), 0);
        drop(task);
        assert_eq!(dropped.get(), MILLION + 1);
        slot.take().expect("it outlives them").resume();
    });
}

#[test]
fn a_million_nested_tasks_below_one_that_was_polled_by_hand_are_linked_where_it_is_awaited() {
    #[coro::coroutine]
    fn adopts(mut polled: Task<'_, u64, Polled>) -> Task<'_, u64, Polled> {
        assert_eq!(futures::poll!(&mut polled), Poll::Pending);
        polled.await + 1
    }
    on_256_kib(|| {
        for drops in [false, true] {
            let (slot, dropped) = (Slot::default(), Count::default());
            let mut task = adopts(depth(MILLION / 2, Bottom::Waits, &slot, dropped.clone()));
            assert_eq!(poll(&mut task), Poll::Pending);
            if !drops {
                slot.take().expect("it waits").resume();
                assert_eq!(poll(&mut task), Poll::Ready(MILLION / 2 + 1));
            }
            drop(task);
            assert_eq!(dropped.get(), MILLION / 2 + 1);
        }
    });
}

#[test]
fn a_panic_goes_through_a_hundred_thousand_nested_tasks() {
    on_256_kib(|| {
        let (slot, dropped) = (Slot::default(), Count::default());
        let mut task = depth(MILLION / 10, Bottom::Panics, &slot, dropped.clone());
        assert_eq!(poll(&mut task), Poll::Pending);
        slot.take().expect("it waits").resume();
        assert_eq!(attempt(|| poll(&mut task)), Err("from the bottom".to_owned()));
        assert_eq!(dropped.get(), MILLION / 10 + 1);
    });
}

#[coro::coroutine]
fn same<W: LocalWorld>(number: u64) -> Task<'static, u64, W> {
    number
}

#[coro::coroutine]
fn same_sent(number: u64) -> Task<'static, u64> {
    std::future::ready(number).await
}

#[test]
fn a_million_tasks_that_complete_at_once_are_awaited_one_after_the_other() {
    #[coro::coroutine]
    fn sum() -> Task<'static, u64, Polled> {
        let mut sum = 0;
        for number in 1..=MILLION {
            sum += same::<Polled>(number).await;
            sum += same_sent(number).await;
        }
        sum
    }
    on_256_kib(|| assert_eq!(block_on(sum()), MILLION * (MILLION + 1)));
}

#[test]
fn a_wake_up_is_used_inside_await_suspend_a_million_times() {
    struct Again(u64);
    impl<P: Promise<World = Polled>> Awaiter<P> for Again {
        type Output = u64;
        fn await_suspend(&mut self, _: &mut P, own: Continuation<Polled>) -> Option<Continuation<Polled>> {
            match self.0 % 3 {
                0 => return Some(own),
                1 => own.resume(),
                _ => drop(own),
            }
            None
        }
        fn await_resume(&mut self, _: &mut P) -> u64 {
            1
        }
    }
    #[coro::coroutine]
    fn counts() -> Task<'static, u64, Polled> {
        let mut count = 0;
        while count < MILLION {
            count += Again(count).await;
        }
        count
    }
    on_256_kib(|| assert_eq!(poll(&mut counts()), Poll::Ready(MILLION)));
}
