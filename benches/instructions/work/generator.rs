//! B1: an item of a generator that comes from a factory the optimizer knows nothing about. B1u: the same where it sees all.
//! B2: a generator for a single item.

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;

use coro::InPlace;

use super::{Boxed, Case, Once, case, pass, poll};

pub const CASES: &[Case] = &[
    case("B1", "ours", |n| sum(black_box(ours::count as fn(u64) -> ours::Items)(n))),
    case("B1", "ours, folded", |n| fold(black_box(ours::count as fn(u64) -> ours::Items)(n))),
    case("B1", "genawaiter::rc", |n| sum(black_box(genawaiting::count_rc as fn(u64) -> Erased)(n))),
    case("B1", "genawaiter::sync", |n| sum(black_box(genawaiting::count_sync as fn(u64) -> Erased)(n))),
    case("B1", "async-stream", |n| streaming::sum(black_box(streaming::count as fn(u64) -> streaming::Erased)(n))),
    case("B1", "corosensei", |n| stackful::sum(black_box(stackful::count as fn(u64) -> stackful::Items)(n))),
    case("B1", "boxed async", |n| sum(black_box(boxed::count as fn(u64) -> boxed::Items)(n))),
    case("B1", "by hand", |n| sum(black_box(by_hand::count as fn(u64) -> Erased)(n))),
    case("B1u", "ours", |n| sum(pin!(ours::count_in_place(n)).coroutine())),
    case("B1u", "ours, folded", |n| fold(pin!(ours::count_in_place(n)).coroutine())),
    case("B1u", "ours, boxed, folded", |n| fold(ours::count(n))),
    case("B1u", "ours, boxed", |n| sum(ours::count(n))),
    case("B1u", "genawaiter::rc", |n| sum(genawaiting::count_in_rc(n))),
    case("B1u", "genawaiter::stack", genawaiting::sum_on_stack),
    case("B1u", "async-stream", |n| streaming::sum(pin!(streaming::count_in_place(n)))),
    case("B1u", "async fn", boxed::sum_in_place),
    case("B1u", "by hand", |n| sum(by_hand::Count { next: 0, end: n })),
    case("B2", "ours", |n| each(n, |i| sum(black_box(ours::single as fn(u64) -> ours::Items)(i)))),
    case("B2", "genawaiter::rc", |n| each(n, |i| sum(black_box(genawaiting::single_rc as fn(u64) -> Erased)(i)))),
    case("B2", "genawaiter::sync", |n| each(n, |i| sum(black_box(genawaiting::single_sync as fn(u64) -> Erased)(i)))),
    case("B2", "async-stream", |n| {
        each(n, |i| streaming::sum(black_box(streaming::single as fn(u64) -> streaming::Erased)(i)))
    }),
    case("B2", "corosensei", |n| {
        each(n, |i| stackful::sum(black_box(stackful::single as fn(u64) -> stackful::Items)(i)))
    }),
    case("B2", "boxed async", |n| each(n, |i| sum(black_box(boxed::single as fn(u64) -> boxed::Items)(i)))),
    case("B2", "by hand", |n| each(n, |i| sum(black_box(by_hand::single as fn(u64) -> Erased)(i)))),
    case("B7-generator", "ours", |n| keep(n, black_box(ours::count as fn(u64) -> ours::Items))),
    case("B7-generator", "genawaiter::rc", |n| keep(n, black_box(genawaiting::count_rc as fn(u64) -> Erased))),
    case("B7-generator", "genawaiter::sync", |n| keep(n, black_box(genawaiting::count_sync as fn(u64) -> Erased))),
    case("B7-generator", "async-stream", |n| keep(n, black_box(streaming::count as fn(u64) -> streaming::Erased))),
    case("B7-generator", "boxed async", |n| keep(n, black_box(boxed::count as fn(u64) -> boxed::Items))),
    case("B7-generator", "by hand", |n| keep(n, black_box(by_hand::count as fn(u64) -> Erased))),
];

/// A type that a factory can be written with, where the generator's own has no name.
type Erased = Box<dyn Iterator<Item = u64>>;

#[inline(always)]
fn sum(items: impl Iterator<Item = u64>) -> u64 {
    let mut sum = 0;
    for item in items {
        sum += pass(item);
    }
    sum
}

/// The same, where the iterator goes through its items.
#[inline(always)]
fn fold(items: impl Iterator<Item = u64>) -> u64 {
    items.map(pass).sum()
}

fn each(times: u64, one: impl Fn(u64) -> u64) -> u64 {
    let mut sum = 0;
    for i in 0..times {
        sum += one(i);
    }
    sum
}

/// Makes so many and frees none.
fn keep<T>(times: u64, factory: fn(u64) -> T) -> u64 {
    for i in 0..times {
        std::mem::forget(factory(i));
    }
    times
}

mod ours {
    use coro::{Generator, InPlace};

    pub(super) type Items = Generator<'static, u64>;

    #[coro::coroutine]
    pub(super) fn count(end: u64) -> Generator<'static, u64> {
        for i in 0..end {
            co_yield!(i);
        }
    }

    #[coro::coroutine]
    pub(super) fn count_in_place(end: u64) -> impl InPlace<Generator<'static, u64>> {
        for i in 0..end {
            co_yield!(i);
        }
    }

    #[coro::coroutine]
    pub(super) fn single(value: u64) -> Generator<'static, u64> {
        co_yield!(value);
    }
}

mod genawaiting {
    use genawaiter::stack::let_gen_using;
    use genawaiter::{rc, stack, sync};

    use super::{Erased, pass};

    pub(super) fn count_in_rc(end: u64) -> impl Iterator<Item = u64> {
        let body = |co: rc::Co<u64>| async move {
            for i in 0..end {
                co.yield_(i).await;
            }
        };
        rc::Gen::new(body).into_iter()
    }

    pub(super) fn count_rc(end: u64) -> Erased {
        Box::new(count_in_rc(end))
    }

    pub(super) fn count_sync(end: u64) -> Erased {
        let body = |co: sync::Co<u64>| async move {
            for i in 0..end {
                co.yield_(i).await;
            }
        };
        Box::new(sync::Gen::new(body).into_iter())
    }

    pub(super) fn single_rc(value: u64) -> Erased {
        Box::new(rc::Gen::new(|co: rc::Co<u64>| async move { co.yield_(value).await }).into_iter())
    }

    pub(super) fn single_sync(value: u64) -> Erased {
        Box::new(sync::Gen::new(|co: sync::Co<u64>| async move { co.yield_(value).await }).into_iter())
    }

    async fn count_on_stack(co: stack::Co<'_, u64>, end: u64) {
        for i in 0..end {
            co.yield_(i).await;
        }
    }

    pub(super) fn sum_on_stack(end: u64) -> u64 {
        let_gen_using!(items, |co| count_on_stack(co, end));
        let mut sum = 0;
        for item in items {
            sum += pass(item);
        }
        sum
    }
}

mod streaming {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use futures::Stream;

    use super::pass;

    pub(super) type Erased = Pin<Box<dyn Stream<Item = u64>>>;

    pub(super) fn count_in_place(end: u64) -> impl Stream<Item = u64> {
        async_stream::stream! {
            for i in 0..end {
                yield i;
            }
        }
    }

    pub(super) fn count(end: u64) -> Erased {
        Box::pin(count_in_place(end))
    }

    pub(super) fn single(value: u64) -> Erased {
        Box::pin(async_stream::stream! { yield value; })
    }

    #[inline(always)]
    pub(super) fn sum(mut items: impl Stream<Item = u64> + Unpin) -> u64 {
        let mut sum = 0;
        let context = &mut Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(item)) = Pin::new(&mut items).poll_next(context) {
            sum += pass(item);
        }
        sum
    }
}

mod stackful {
    use corosensei::{Coroutine, CoroutineResult};

    use super::pass;

    pub(super) type Items = Coroutine<(), u64, ()>;

    pub(super) fn count(end: u64) -> Items {
        Coroutine::new(move |co, ()| {
            for i in 0..end {
                co.suspend(i);
            }
        })
    }

    pub(super) fn single(value: u64) -> Items {
        Coroutine::new(move |co, ()| co.suspend(value))
    }

    #[inline(always)]
    pub(super) fn sum(mut items: Items) -> u64 {
        let mut sum = 0;
        while let CoroutineResult::Yield(item) = items.resume(()) {
            sum += pass(item);
        }
        sum
    }
}

/// What one can do with `async` alone: each item goes through a cell.
mod boxed {
    use super::{Boxed, Cell, Once, Rc, pass, pin, poll};

    type Slot = Rc<Cell<Option<u64>>>;

    async fn give(slot: &Cell<Option<u64>>, item: u64) {
        slot.set(Some(item));
        Once::default().await;
    }

    async fn counting(slot: Slot, end: u64) {
        for i in 0..end {
            give(&slot, i).await;
        }
    }

    pub(super) struct Items {
        slot: Slot,
        body: Option<Boxed<'static, ()>>,
    }

    impl Iterator for Items {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            if poll(self.body.as_mut()?.as_mut()).is_ready() {
                self.body = None;
            }
            self.slot.take()
        }
    }

    pub(super) fn count(end: u64) -> Items {
        let slot = Slot::default();
        Items { slot: slot.clone(), body: Some(Box::pin(counting(slot, end))) }
    }

    pub(super) fn single(value: u64) -> Items {
        let slot = Slot::default();
        let body = {
            let slot = slot.clone();
            async move { give(&slot, value).await }
        };
        Items { slot, body: Some(Box::pin(body)) }
    }

    pub(super) fn sum_in_place(end: u64) -> u64 {
        let slot = Slot::default();
        let mut body = pin!(counting(slot.clone(), end));
        let mut sum = 0;
        while poll(body.as_mut()).is_pending() {
            sum += pass(slot.take().expect("an item"));
        }
        sum
    }
}

mod by_hand {
    use super::Erased;

    pub(super) struct Count {
        pub(super) next: u64,
        pub(super) end: u64,
    }

    impl Iterator for Count {
        type Item = u64;

        fn next(&mut self) -> Option<u64> {
            if self.next == self.end {
                return None;
            }
            self.next += 1;
            Some(self.next - 1)
        }
    }

    pub(super) fn count(end: u64) -> Erased {
        Box::new(Count { next: 0, end })
    }

    pub(super) fn single(value: u64) -> Erased {
        Box::new(Count { next: value, end: value + 1 })
    }
}
