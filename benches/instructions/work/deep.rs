//! B5b: a chain of coroutines, created and completed, or dropped half-way. B5c: to resume the leaf of one, and to come back.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

use coro::{Awaiter, Continuation, ContinuationOf, Detached, FireAndForget, LocalWorld, Parks, Polled, Promise, Task};

use super::{Boxed, Case, Once, case, now, poll};

pub const CASES: &[Case] = &[
    case("B5b", "ours", ours::complete),
    case("B5b", "ours, polled", |n| now(black_box(down::<Polled>)(n))),
    case("B5b", "boxed async", |n| now(black_box(boxed::down)(n))),
    case("B5b", "async-trait", |n| now(by_trait::chain().down(n))),
    case("B5b", "by hand", |n| black_box(by_hand::down as fn(u64) -> u64)(n)),
    case("B5b-drop", "ours", ours::drop_half_way),
    case("B5b-drop", "ours, polled", ours::drop_polled_half_way),
    case("B5b-drop", "boxed async", |depth| {
        assert!(poll(black_box(boxed::wait_at)(depth).as_mut()).is_pending());
        depth
    }),
    case("B5b-drop", "async-trait", |depth| {
        assert!(poll(by_trait::chain().wait_at(depth).as_mut()).is_pending());
        depth
    }),
    case("B5c-1", "ours", |n| ours::resume(1, n)),
    case("B5c-10", "ours", |n| ours::resume(10, n)),
    case("B5c-100", "ours", |n| ours::resume(100, n)),
    case("B5c-1000", "ours", |n| ours::resume(1_000, n)),
    case("B5c-1", "ours, polled", |n| ours::poll_leaf(1, n)),
    case("B5c-10", "ours, polled", |n| ours::poll_leaf(10, n)),
    case("B5c-100", "ours, polled", |n| ours::poll_leaf(100, n)),
    case("B5c-1000", "ours, polled", |n| ours::poll_leaf(1_000, n)),
    case("B5c-1", "ours, polled, a future", |n| ours::poll_future(1, n)),
    case("B5c-10", "ours, polled, a future", |n| ours::poll_future(10, n)),
    case("B5c-100", "ours, polled, a future", |n| ours::poll_future(100, n)),
    case("B5c-1000", "ours, polled, a future", |n| ours::poll_future(1_000, n)),
    case("B5c-1", "corosensei", |n| stackful::resume(1, n)),
    case("B5c-10", "corosensei", |n| stackful::resume(10, n)),
    case("B5c-100", "corosensei", |n| stackful::resume(100, n)),
    case("B5c-1000", "corosensei", |n| stackful::resume(1_000, n)),
    case("B5c-1", "boxed async", |n| poll_often(black_box(boxed::wait_at)(1), n)),
    case("B5c-10", "boxed async", |n| poll_often(black_box(boxed::wait_at)(10), n)),
    case("B5c-100", "boxed async", |n| poll_often(black_box(boxed::wait_at)(100), n)),
    case("B5c-1000", "boxed async", |n| poll_often(black_box(boxed::wait_at)(1_000), n)),
    case("B5c-1", "async-trait", |n| poll_often(by_trait::chain().wait_at(1), n)),
    case("B5c-10", "async-trait", |n| poll_often(by_trait::chain().wait_at(10), n)),
    case("B5c-100", "async-trait", |n| poll_often(by_trait::chain().wait_at(100), n)),
    case("B5c-1000", "async-trait", |n| poll_often(by_trait::chain().wait_at(1_000), n)),
];

/// Runs it to its first suspension, and then so many times to its next one.
fn poll_often(mut waiting: Boxed<'_, ()>, times: u64) -> u64 {
    for _ in 0..=times {
        assert!(poll(waiting.as_mut()).is_pending());
    }
    times
}

#[coro::coroutine]
fn down<W: LocalWorld>(depth: u64) -> Task<'static, u64, W> {
    if depth == 0 {
        return 0;
    }
    1 + down(depth - 1).await
}

/// Where one coroutine waits.
struct Bench<W: Parks>(Cell<Option<Continuation<W>>>);

impl<W: Parks> Default for Bench<W> {
    fn default() -> Self {
        Self(Cell::default())
    }
}

impl<P: Promise<World: Parks>> Awaiter<P> for &Bench<P::World> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.set(Some(me));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

mod ours {
    use super::{
        Bench, Cell, Detached, FireAndForget, LocalWorld, Once, Polled, Rc, Task, black_box, down, poll, poll_often,
    };

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn complete_for(depth: u64, result: Rc<Cell<u64>>) -> FireAndForget {
        result.set(black_box(down)(depth).await);
    }

    pub(super) fn complete(depth: u64) -> u64 {
        let result = Rc::default();
        complete_for(depth, Rc::clone(&result));
        result.get()
    }

    /// The innermost of so many coroutines waits for ever.
    #[coro::coroutine]
    fn wait_at<W: LocalWorld>(depth: u64, bench: &Bench<W>) -> Task<'_, (), W> {
        if depth > 1 {
            return wait_at(depth - 1, bench).await;
        }
        loop {
            bench.await;
        }
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root(depth: u64, bench: Rc<Bench<Detached>>) -> FireAndForget {
        black_box(wait_at)(depth, &bench).await;
    }

    pub(super) fn resume(depth: u64, times: u64) -> u64 {
        let bench = Rc::default();
        root(depth, Rc::clone(&bench));
        for _ in 0..times {
            bench.0.take().expect("it waits").resume();
        }
        drop(bench.0.take());
        times
    }

    pub(super) fn drop_half_way(depth: u64) -> u64 {
        resume(depth, 0);
        depth
    }

    fn waiting(depth: u64, bench: &Bench<Polled>) -> std::pin::Pin<Box<Task<'_, (), Polled>>> {
        let mut task = Box::pin(black_box(wait_at::<Polled>)(depth, bench));
        assert!(poll(task.as_mut()).is_pending());
        task
    }

    /// With a leaf awaiter, whose continuation is a wake-up.
    pub(super) fn poll_leaf(depth: u64, times: u64) -> u64 {
        let bench = Bench::default();
        let mut task = waiting(depth, &bench);
        for _ in 0..times {
            bench.0.take().expect("it waits").resume();
            assert!(poll(black_box(task.as_mut())).is_pending());
        }
        times
    }

    pub(super) fn drop_polled_half_way(depth: u64) -> u64 {
        drop(waiting(depth, &Bench::default()));
        depth
    }

    #[coro::coroutine]
    fn wait_in_future(depth: u64) -> Task<'static, (), Polled> {
        if depth > 1 {
            return wait_in_future(depth - 1).await;
        }
        loop {
            Once::default().await;
        }
    }

    /// With a future as its leaf, as the others.
    pub(super) fn poll_future(depth: u64, times: u64) -> u64 {
        poll_often(Box::pin(black_box(wait_in_future)(depth)), times)
    }
}

mod boxed {
    use super::{Boxed, Once};

    pub(super) fn down(depth: u64) -> Boxed<'static, u64> {
        Box::pin(async move { if depth == 0 { 0 } else { 1 + down(depth - 1).await } })
    }

    pub(super) fn wait_at(depth: u64) -> Boxed<'static, ()> {
        Box::pin(async move {
            if depth > 1 {
                return wait_at(depth - 1).await;
            }
            loop {
                Once::default().await;
            }
        })
    }
}

mod by_trait {
    use super::{Once, black_box};

    #[async_trait::async_trait(?Send)]
    pub(super) trait Chain {
        async fn down(&self, depth: u64) -> u64;
        async fn wait_at(&self, depth: u64);
    }

    struct Link;

    #[async_trait::async_trait(?Send)]
    impl Chain for Link {
        async fn down(&self, depth: u64) -> u64 {
            if depth == 0 { 0 } else { 1 + self.down(depth - 1).await }
        }

        async fn wait_at(&self, depth: u64) {
            if depth > 1 {
                return self.wait_at(depth - 1).await;
            }
            loop {
                Once::default().await;
            }
        }
    }

    pub(super) fn chain() -> &'static dyn Chain {
        black_box(&Link)
    }
}

/// The callers' frames are on the coroutine's stack, so there is nothing to do for them.
mod stackful {
    use corosensei::{Coroutine, Yielder};

    use super::black_box;

    fn wait_at(depth: u64, co: &Yielder<(), ()>) {
        if depth > 1 {
            black_box(wait_at as fn(u64, &Yielder<(), ()>))(depth - 1, co);
            return;
        }
        loop {
            co.suspend(());
        }
    }

    fn waiting(depth: u64) -> Coroutine<(), (), ()> {
        Coroutine::new(move |co, ()| wait_at(depth, co))
    }

    pub(super) fn resume(depth: u64, times: u64) -> u64 {
        let mut coroutine = black_box(waiting as fn(u64) -> Coroutine<(), (), ()>)(depth);
        for _ in 0..=times {
            assert!(coroutine.resume(()).as_yield().is_some());
        }
        times
    }
}

/// A function, which is no coroutine.
mod by_hand {
    use super::black_box;

    pub(super) fn down(depth: u64) -> u64 {
        if depth == 0 { 0 } else { 1 + black_box(down as fn(u64) -> u64)(depth - 1) }
    }
}
