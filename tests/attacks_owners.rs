//! Safe programs that try to make owned coroutines do what they must not: through their handles, their promises, and
//! return objects and callees that misbehave. Run under AddressSanitizer and LeakSanitizer.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::mem::{replace, swap, take};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

use coro::{
    Callee, Coroutine, CoroutineHandle, Detached, FireAndForget, Generator, Handle, NewPromise, Polled, Promise,
    Propagate, SuspendAlways, Task, YieldFrom, YieldValue,
};

thread_local! {
    static ALIVE: Cell<u32> = const { Cell::new(0) };
}

struct Live(String);

impl Live {
    fn new(name: &str) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self(name.repeat(5))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

/// A coroutine type that opens everything a handle offers, and is delegated to in whichever way it is told.
struct Open<'a>(CoroutineHandle<'a, OpenPromise>);

struct OpenPromise {
    live: Live,
    item: u32,
}

impl Promise for OpenPromise {
    type World = coro::ByOwner;
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

    fn return_value(&mut self, (): ()) {
        assert!(!self.live.0.is_empty());
    }
}

impl NewPromise for OpenPromise {
    fn new() -> Self {
        Self { live: Live::new("promise"), item: 0 }
    }
}

impl YieldValue<u32> for OpenPromise {
    type Awaiter = SuspendAlways;

    fn yield_value(&mut self, item: u32) -> SuspendAlways {
        assert!(!self.live.0.is_empty());
        self.item = item;
        SuspendAlways
    }
}

impl<X> YieldFrom<X> for OpenPromise {
    type Awaitable = X;

    fn yield_from(&mut self, other: X) -> X {
        other
    }
}

impl<'a> Coroutine<'a> for Open<'a> {
    type Promise = OpenPromise;

    fn get_return_object(handle: CoroutineHandle<'a, OpenPromise>) -> Self {
        Self(handle)
    }
}

impl Open<'_> {
    fn step(&mut self) -> Option<u32> {
        self.0.resume();
        if self.0.is_done() { None } else { Some(self.0.innermost_promise_mut().item) }
    }
}

/// A callee that gives up whatever handle its closure finds.
struct Gives<F>(F);

impl<'a, F: FnOnce() -> Open<'a>> Callee<'a> for Gives<F> {
    type Promise = OpenPromise;
    type Output = u32;

    fn into_handle(self) -> CoroutineHandle<'a, OpenPromise> {
        (self.0)().0
    }

    fn result(promise: &mut OpenPromise) -> u32 {
        // The promise goes on holding something else.
        drop(replace(&mut promise.live, Live::new("other")));
        promise.item
    }
}

#[coro::coroutine]
fn counts(upto: u32) -> Open<'static> {
    let live = Live::new("counts");
    for item in 0..upto {
        co_yield!(item);
    }
    assert!(live.0.starts_with("counts"));
}

#[coro::coroutine]
fn delegates<'a, F: FnOnce() -> Open<'a> + 'a>(to: F) -> Open<'a> {
    let live = Live::new("delegates");
    co_yield!(..Gives(to));
    assert!(live.0.starts_with("delegates"));
}

fn collect(open: &mut Open<'_>) -> Vec<u32> {
    std::iter::from_fn(|| open.step()).collect()
}

#[test]
fn a_callee_may_give_a_new_a_half_run_a_delegating_or_an_ended_handle() {
    assert_eq!(collect(&mut delegates(|| counts(3))), [0, 1, 2]);
    let mut half = counts(3);
    assert_eq!(half.step(), Some(0));
    assert_eq!(collect(&mut delegates(move || half)), [1, 2]);
    let mut delegating = delegates(|| delegates(|| counts(4)));
    assert_eq!((delegating.step(), delegating.step()), (Some(0), Some(1)));
    let mut outer = delegates(move || delegating);
    assert_eq!(outer.step(), Some(2));
    let mut outermost = delegates(move || outer);
    assert_eq!(collect(&mut outermost), [3]);
    let mut ended = counts(0);
    assert_eq!(ended.step(), None);
    assert_eq!(collect(&mut delegates(move || ended)), []);
    drop(outermost);
    assert_eq!(ALIVE.get(), 0);
}

#[test]
fn a_delegating_coroutine_may_be_dropped_at_every_depth_and_a_callee_may_panic_instead_of_giving_a_handle() {
    let mut outer = delegates(|| delegates(|| counts(4)));
    outer.step();
    let mut outermost = delegates(move || outer);
    assert_eq!(outermost.step(), Some(1));
    drop(outermost);
    let mut panics = delegates(|| panic_any("no handle"));
    assert!(catch_unwind(AssertUnwindSafe(|| panics.step())).is_err());
    drop(panics);
    assert_eq!(ALIVE.get(), 0);
}

#[test]
fn swapped_handles_and_swapped_promises_keep_to_their_coroutines() {
    let (mut left, mut right) = (delegates(|| counts(3)), counts(5));
    assert_eq!((left.step(), right.step()), (Some(0), Some(0)));
    swap(&mut left, &mut right);
    swap(&mut left.0, &mut right.0);
    swap(left.0.innermost_promise_mut(), right.0.promise_mut());
    swap(left.0.promise_mut(), right.0.innermost_promise_mut());
    swap(&mut left, &mut right);
    assert_eq!((left.step(), right.step()), (Some(1), Some(1)));
    *left.0.innermost_promise_mut() = OpenPromise { live: Live::new("third"), item: 9 };
    assert_eq!((left.step(), right.step()), (Some(2), Some(2)));
    assert_eq!((left.step(), right.step()), (Some(3), None));
    drop((left, right));
    assert_eq!(ALIVE.get(), 0);
}

type Place = Rc<RefCell<Option<Generator<'static, u32>>>>;

#[coro::coroutine]
fn drops_its_owner(owner: Place) -> Generator<'static, u32> {
    let live = Live::new("body");
    co_yield!(1);
    let dropped = owner.try_borrow_mut().map(|mut owner| owner.take());
    assert!(dropped.is_err(), "whoever resumes it has borrowed it");
    co_yield!(u32::from(live.0.starts_with("body")));
    *owner.borrow_mut() = None;
}

#[test]
fn a_body_cannot_drop_or_resume_its_owner() {
    let place = Place::default();
    *place.borrow_mut() = Some(drops_its_owner(place.clone()));
    for _ in 0..2 {
        assert_eq!(place.borrow_mut().as_mut().expect("it is there").next(), Some(1));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| place.borrow_mut().as_mut().expect("it is there").next())).is_err());
    assert_eq!(place.borrow_mut().as_mut().expect("it is there").next(), None);
    drop(take(&mut *place.borrow_mut()));
    assert_eq!(ALIVE.get(), 0);
}

#[coro::coroutine]
fn fails(lent: &Live) -> Open<'_> {
    co_yield!(1);
    assert!(lent.0.is_empty(), "caught by the test");
}

#[coro::coroutine]
fn lends() -> Open<'static> {
    let live = Live::new("lent");
    let lent = &live;
    co_yield!(..Gives(move || fails(lent)));
}

#[test]
fn after_a_caught_panic_a_coroutine_is_over() {
    let mut open = lends();
    assert_eq!(open.step(), Some(1));
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(|| open.step())).is_err());
        assert!(open.0.is_done() && open.0.location().is_none());
        assert_eq!((open.0.is_done(), open.0.backtrace().count()), (true, 0));
        assert!(!open.0.promise().live.0.is_empty());
    }
    drop(open);
    assert_eq!(ALIVE.get(), 0);
}

/// A return object that does something to its handle first.
struct Treated<'a>(Option<CoroutineHandle<'a, TreatedPromise>>);

struct TreatedPromise {
    live: Live,
    treat: u8,
}

#[coro::promise]
impl TreatedPromise {
    fn get_return_object(mut handle: CoroutineHandle<'_, Self>) -> Treated<'_> {
        match handle.promise().treat {
            0 => Treated(None),
            1 => {
                handle.resume();
                Treated(Some(handle))
            }
            2 => {
                while !handle.is_done() {
                    handle.resume();
                }
                handle.promise_mut().live = Live::new("another");
                Treated(Some(handle))
            }
            _ => panic_any("instead of a return object"),
        }
    }

    fn return_void(&mut self) {
        assert!(!self.live.0.is_empty());
    }
}

#[coro::coroutine(promise = TreatedPromise { live: Live::new("treated"), treat }, initial = suspend_never)]
fn treated(lent: &Live, treat: u8) -> Treated<'_> {
    let live = Live::new("local");
    for _ in 0..3 {
        SuspendAlways.await;
        assert!(live.0.starts_with("local") && lent.0.starts_with("lent"));
    }
}

#[test]
fn get_return_object_may_drop_resume_finish_or_lose_its_handle() {
    let lent = Live::new("lent");
    assert!(treated(&lent, 0).0.is_none());
    let mut object = treated(&lent, 1);
    let handle = object.0.as_mut().expect("it was kept");
    handle.resume();
    assert!(!handle.is_done());
    drop(object);
    assert!(treated(&lent, 2).0.expect("it was kept").is_done());
    assert!(catch_unwind(AssertUnwindSafe(|| treated(&lent, 3).0.is_none())).is_err());
    drop(lent);
    assert_eq!(ALIVE.get(), 0);
}

macro_rules! hidden_await {
    ($future:ident) => {
        $future.await
    };
}

#[coro::coroutine(initial = suspend_never)]
fn awaits_behind_the_back() -> FireAndForget {
    let _live = Live::new("local");
    let never = std::future::pending::<()>();
    hidden_await!(never);
}

#[coro::coroutine]
fn is_polled_behind_the_back(lent: &Live) -> Task<'_, usize, Polled> {
    let yields = futures::future::ready(lent.0.len());
    hidden_await!(yields)
}

#[test]
fn a_native_await_that_nobody_would_wake_destroys_the_body_and_panics() {
    assert!(catch_unwind(awaits_behind_the_back).is_err());
    let lent = Live::new("lent");
    assert_eq!(futures::executor::block_on(is_polled_behind_the_back(&lent)), 20);
    drop(lent);
    assert_eq!(ALIVE.get(), 0);
}

#[test]
fn handles_of_coroutines_that_never_ran_can_be_used_and_dropped() {
    #[coro::coroutine]
    fn lazy(live: Live) -> Task<'static, usize, Detached> {
        live.0.len()
    }
    drop(lazy(Live::new("argument")));
    let text = format!("{:?}", lazy(Live::new("argument")));
    assert!(text.contains("lazy"), "{text}");
    assert_eq!(ALIVE.get(), 0);
}
