//! Generators of users that delegate while they await: hooks that panic, cancel, and answer differently each time. Run
//! under AddressSanitizer.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use coro::{
    Callee, CoroutineHandle, Detached, ItemSlot, Polled, Relayed, Scope, Spawned, Task, ToVisitor, Visit, when_all,
    when_any,
};
use support::{Live, Park, alive, attempt, dropped_twice, event, reset, take_log, unpark};

thread_local! {
    /// What `item_slot` does at so many calls from now on.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    static ACTS: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

fn asked() {
    let left = LEFT.get();
    LEFT.set(left.wrapping_sub(1));
    if left == 0
        && let Some(act) = ACTS.take()
    {
        act();
    }
}

/// Panics, or else acts, when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        asked();
    }
}

macro_rules! generators {
    ($World:ident) => {
        use super::*;
        /// A generator whose promise has two places for items.
        struct Odd<'a>(CoroutineHandle<'a, OddPromise>);

        struct OddPromise {
            places: [Option<Live>; 2],
            turn: usize,
            name: Option<Live>,
        }

        #[coro::promise(world = $World)]
        impl OddPromise {
            fn new() -> Self {
                Self { places: [None, None], turn: 0, name: Some(Live::new("promise")) }
            }
            fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Odd<'_> {
                Odd(handle)
            }
            fn yield_value(&mut self, value: Live) -> ToVisitor {
                self.places[self.turn % 2] = Some(value);
                ToVisitor
            }
            fn yield_from<'a>(&mut self, other: Odd<'a>) -> Relayed<Odd<'a>> {
                asked();
                Relayed(other)
            }
            fn return_void(&mut self) {}
        }

        impl ItemSlot for OddPromise {
            type Item = Live;
            fn item_slot(&mut self) -> &mut Option<Live> {
                asked();
                self.turn += 1;
                &mut self.places[self.turn % 2]
            }
        }

        impl<'a> Callee<'a> for Odd<'a> {
            type Promise = OddPromise;
            type Output = Option<Live>;
            fn into_handle(self) -> CoroutineHandle<'a, OddPromise> {
                asked();
                self.0
            }
            fn result(promise: &mut OddPromise) -> Option<Live> {
                asked();
                promise.name.take()
            }
        }

        impl<'h, 'a> Visit<'h, 'a> for &'h mut Odd<'a> {
            type Promise = OddPromise;
            type Output = Option<Live>;
            fn into_handle(self) -> &'h mut CoroutineHandle<'a, OddPromise> {
                asked();
                &mut self.0
            }
            fn output(promise: &mut OddPromise) -> Option<Live> {
                asked();
                promise.places.iter_mut().find_map(Option::take)
            }
        }

        #[coro::coroutine]
        fn line(left: u32) -> Odd<'static> {
            let _local = Live::new("line's");
            let _bomb = Bomb;
            co_yield!(Live::new("first"));
            if left > 0 {
                let _returned = co_yield!(..line(left - 1));
                co_yield!(Live::new("between"));
                let _returned = co_yield!(..line(0));
            }
            leaf().await;
            co_yield!(Live::new("last"));
        }

        #[coro::coroutine]
        fn leaf() -> Task<'static, (), $World> {
            let _bomb = Bomb;
        }

        #[coro::coroutine]
        pub(super) fn walk() -> Task<'static, u32, $World> {
            let _local = Live::new("walker's");
            let _bomb = Bomb;
            let mut items = line(2);
            let mut count = 0;
            while !items.0.is_done() && count < 40 {
                drop((&mut items).await);
                count += 1;
            }
            // Half way, and dropped.
            let mut half = line(2);
            for _ in 0..3 {
                drop((&mut half).await);
            }
            // To its end, though it is called.
            drop(line(1).await);
            count
        }

        /// Awaits some together that yield.
        #[coro::coroutine]
        pub(super) fn together() -> Task<'static, usize, $World> {
            let ended = when_all(vec![line(2), line(1)]).await;
            let (_, first) = when_any([line(1), line(1)]).await;
            ended.len() + usize::from(first.is_some())
        }
    };
}

mod polled {
    generators!(Polled);
}

mod detached {
    generators!(Detached);
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn hooks_that_panic_anywhere_lose_and_leak_nothing() {
    for moment in 0.. {
        reset(&[]);
        LEFT.set(moment);
        ACTS.set(Some(Box::new(|| resume_unwind(Box::new("now")))));
        let _ended = attempt(|| poll_once(&mut polled::walk()));
        LEFT.set(usize::MAX);
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "at {moment}");
        if ACTS.take().is_some() {
            return assert!(moment > 50);
        }
    }
}

#[test]
fn hooks_that_panic_anywhere_lose_and_leak_nothing_where_nobody_polls() {
    for moment in 0.. {
        reset(&[]);
        let scope = Scope::new();
        LEFT.set(moment);
        ACTS.set(Some(Box::new(|| resume_unwind(Box::new("now")))));
        let _ended = attempt(|| scope.spawn(detached::walk()));
        LEFT.set(usize::MAX);
        drop(scope);
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "at {moment}");
        if ACTS.take().is_some() {
            return assert!(moment > 50);
        }
    }
}

#[test]
fn hooks_that_cancel_anywhere_stop_at_the_next_suspension() {
    #[coro::coroutine]
    fn first_waits() -> Task<'static, u32, Detached> {
        Park.await;
        let walked = detached::walk().await;
        Park.await;
        event("not reached");
        walked
    }
    for moment in 0.. {
        reset(&[]);
        let scope = Scope::new();
        let spawned = scope.spawn(first_waits());
        let victim: Spawned = spawned.clone();
        LEFT.set(moment);
        ACTS.set(Some(Box::new(move || victim.cancel())));
        unpark().expect("it waits").resume();
        LEFT.set(usize::MAX);
        let acted = ACTS.take().is_none();
        assert_eq!(spawned.is_done(), acted, "at {moment}");
        drop(scope);
        assert!(take_log().iter().all(|it| it != "not reached"));
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "at {moment}");
        drop(unpark());
        if !acted {
            return assert!(moment > 50);
        }
    }
}

#[test]
fn generators_that_are_awaited_together_to_their_ends_go_on_though_nobody_takes_their_items() {
    reset(&[]);
    let scope = Scope::new();
    assert!(scope.spawn(detached::together()).is_done());
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    assert_eq!(poll_once(&mut polled::together()), Poll::Ready(3));
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}
