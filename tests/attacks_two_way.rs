//! Safe programs that try to take the promise of one two-way coroutine for that of another with a different result: run
//! under a sanitizer.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::mem::{replace, swap};
use std::rc::Rc;

use coro::Resumed::{Complete, Yielded};
use coro::{
    Awaiter, Callee, ContinuationOf, Coroutine, CoroutineHandle, NewPromise, Promise, TwoWay, TwoWayPromise, YieldFrom,
    YieldValue, two_way,
};
use support::{Live, alive, attempt, dropped_twice, reset};

type Talk<R> = TwoWay<'static, String, String, R>;
type Inside<R> = TwoWayPromise<String, String, R>;

/// A result of another size, alignment, and drop.
#[derive(Debug)]
#[repr(align(128))]
struct Large(#[expect(dead_code, reason = "it is dropped")] [Option<Box<Live>>; 9], u8);

#[coro::coroutine]
fn large(first: String) -> Talk<Large> {
    let _local = Live::new("large's");
    let next = co_yield!(first + "!");
    let last = co_yield!(..small(next));
    Large(std::array::from_fn(|at| (at == 0).then(|| Box::new(Live::new("result")))), last)
}

#[coro::coroutine]
fn small(first: String) -> Talk<u8> {
    let _local = Live::new("small's");
    let next = co_yield!(first + "?");
    u8::try_from(next.len()).expect("it is short")
}

/// A user's coroutine type with the promise of a two-way coroutine: whose handle it can get hold of.
struct Mine<'a, R>(CoroutineHandle<'a, Inside<R>>);

impl<'a, R: 'a> Coroutine<'a> for Mine<'a, R> {
    type Promise = Inside<R>;

    fn get_return_object(handle: CoroutineHandle<'a, Inside<R>>) -> Self {
        Self(handle)
    }
}

#[coro::coroutine]
fn mine() -> Mine<'static, u8> {
    let _local = Live::new("mine's");
    co_yield!(..large("from mine".to_owned())).1
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn nothing_is_left() {
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[test]
fn the_innermost_promise_is_never_shown_as_one_of_another_result() {
    support::silence("waits for an argument");
    reset(&[]);
    {
        let mut mine = mine();
        mine.0.resume();
        assert_eq!(mine.0.location().expect("it waits").function(), "large");
        // What is shown is its own; so whatever is done with it, it is of its type.
        let own = std::ptr::from_ref(mine.0.promise()).addr();
        assert_eq!(std::ptr::from_ref(mine.0.innermost_promise_mut()).addr(), own);
        let taken = replace(mine.0.innermost_promise_mut(), Inside::new());
        drop(replace(mine.0.promise_mut(), taken));
        let mut looks = 0;
        let pulled = attempt(|| {
            mine.0.pull(|promise| {
                looks += 1;
                promise.return_value(7);
                drop(replace(promise, Inside::new()));
                None::<()>
            })
        });
        // It was resumed without an argument.
        assert!(pulled.is_err_and(|panic| panic.contains("waits for an argument")) && mine.0.is_done());
        assert_eq!(looks, 1);
    }
    nothing_is_left();
}

#[test]
fn a_handle_that_became_a_two_way_coroutine_is_talked_to_through_all_its_levels() {
    reset(&[]);
    {
        let mine = mine();
        let mut talk = two_way(move |_: String| Talk::<u8>::get_return_object(mine.0));
        // The first argument goes to nobody, as the function has none.
        assert_eq!(talk.resume(text("lost")), Ok(Yielded(text("from mine!"))));
        assert_eq!(talk.resume(text("a")), Ok(Yielded(text("a?"))));
        assert_eq!(talk.resume(text("12345")), Ok(Complete(5)));
    }
    nothing_is_left();
}

#[test]
fn promises_exchanged_half_way_keep_to_their_types() {
    reset(&[]);
    {
        let (mut one, mut other) = (mine(), mine());
        for it in [&mut one, &mut other] {
            it.0.resume();
        }
        other.0.promise_mut().return_value(9);
        let _ = other.0.promise_mut().yield_value(text("stale"));
        swap(one.0.promise_mut(), other.0.promise_mut());
        swap(one.0.innermost_promise_mut(), other.0.innermost_promise_mut());
        let mut both = [one, other].map(|it| two_way(move |_: String| Talk::<u8>::get_return_object(it.0)));
        let first: Vec<_> = both.iter_mut().map(|it| it.resume(text("lost"))).collect();
        assert_eq!(first, [Ok(Yielded(text("from mine!"))), Ok(Yielded(text("from mine!")))]);
        both.swap(0, 1);
        let next: Vec<_> = both.iter_mut().map(|it| it.resume(text("b"))).collect();
        // The one that had been given a result before its end tells that first; it is a result of its type.
        assert!(next.iter().all(|it| matches!(it, Ok(Yielded(_) | Complete(9)))), "{next:?}");
    }
    nothing_is_left();
}

/// Delegates to a coroutine of the same result, and exchanges its promise for the caller's.
struct Odd(CoroutineHandle<'static, Inside<u8>>);

impl Callee<'static> for Odd {
    type Promise = Inside<u8>;
    type Output = Option<Inside<u8>>;

    fn suspends_first(&self) -> bool {
        true
    }

    fn suspended_first(innermost: &mut Inside<u8>, of_caller: &mut Inside<u8>) {
        swap(innermost, of_caller);
    }

    fn into_handle(self) -> CoroutineHandle<'static, Inside<u8>> {
        self.0
    }

    fn result(promise: &mut Inside<u8>) -> Option<Inside<u8>> {
        Some(replace(promise, Inside::new()))
    }
}

impl YieldFrom<Odd> for Inside<u8> {
    type Awaitable = Odd;

    fn yield_from(&mut self, mut odd: Odd) -> Odd {
        let _ = self.yield_value(text("first"));
        *odd.0.innermost_promise_mut() = Inside::new();
        odd
    }
}

#[coro::coroutine]
fn of_odd(first: String) -> Talk<u8> {
    let mut mine = mine();
    mine.0.resume();
    let stolen = co_yield!(..Odd(mine.0));
    u8::try_from(first.len()).expect("it is short") + u8::from(stolen.is_some())
}

#[test]
fn a_users_hooks_are_shown_promises_of_their_type_when_it_hands_an_answer_on() {
    support::silence("waits for an argument");
    reset(&[]);
    {
        let mut talk = two_way(of_odd);
        assert_eq!(talk.resume(text("a")), Ok(Yielded(text("first"))));
        // The answer goes to the one that it delegates to, which waits for `large`, that has none.
        let panicked = attempt(|| talk.resume(text("b")).is_ok()).expect_err("nobody has an argument for it");
        assert!(panicked.contains("cannot be delegated to"), "{panicked}");
    }
    nothing_is_left();
}

/// An awaiter that exchanges the promise for another one, wherever it is asked.
struct Thief<R>(Rc<RefCell<Option<Inside<R>>>>);

impl<R> Awaiter<Inside<R>> for Thief<R> {
    type Output = ();

    fn await_suspend(
        &mut self,
        promise: &mut Inside<R>,
        _: ContinuationOf<Inside<R>>,
    ) -> Option<ContinuationOf<Inside<R>>> {
        self.0.replace(Some(replace(promise, Inside::new())));
        None
    }

    fn await_resume(&mut self, promise: &mut Inside<R>) {
        if let Some(stolen) = self.0.take() {
            drop(replace(promise, stolen));
        }
    }
}

#[coro::coroutine(initial = Thief(stolen))]
fn robbed(first: String, stolen: Rc<RefCell<Option<Inside<u8>>>>) -> Talk<u8> {
    let large = co_yield!(..large(first));
    large.1
}

#[test]
fn a_promise_that_is_stolen_at_the_beginning_is_no_way_in() {
    reset(&[]);
    let stolen = Rc::new(RefCell::new(None));
    {
        let mut robbed = two_way(|first| robbed(first, stolen.clone()));
        // It begins by running, and suspends with an empty promise: as if it had yielded nothing, so it is resumed.
        assert_eq!(robbed.resume(text("a")), Ok(Yielded(text("a!"))));
        stolen.replace(Some(Inside::new()));
        assert_eq!(robbed.resume(text("b")), Ok(Yielded(text("b?"))));
        assert_eq!(robbed.resume(text("four")), Ok(Complete(4)));
    }
    nothing_is_left();
}

#[test]
fn a_deputy_made_by_hand_is_only_a_coroutine_that_is_dropped() {
    #[coro::coroutine(initial = suspend_never)]
    fn eager(first: String) -> Talk<Large> {
        let _local = Live::new("eager's");
        co_yield!(..large(first))
    }
    reset(&[]);
    let mut promise = Inside::<u8>::new();
    drop(promise.yield_from(large(text("a"))));
    drop(promise.yield_from(eager(text("a"))));
    let deputy = promise.yield_from(eager(text("a")));
    assert!(format!("{deputy:?} {promise:?}").contains("a!"));
    drop(promise);
    drop(deputy);
    nothing_is_left();
}

#[coro::coroutine]
fn talks_to_itself(first: String, depth: u32, seen: &Cell<u32>) -> TwoWay<'_, String, String, Box<u32>> {
    seen.set(seen.get() + 1);
    let next = co_yield!(first);
    // One inside the other's body, each on its own.
    let mut own = two_way(large);
    assert!(matches!(own.resume(next.clone()), Ok(Yielded(_))));
    if depth > 0 {
        let text = co_yield!(..text_of(next, depth - 1, seen));
        assert_eq!(own.resume(text.clone()).map(|it| matches!(it, Yielded(it) if it == text + "?")).ok(), Some(true));
    }
    Box::new(depth)
}

#[coro::coroutine]
fn text_of(first: String, depth: u32, seen: &Cell<u32>) -> TwoWay<'_, String, String, String> {
    let next = co_yield!(first);
    co_yield!(..talks_to_itself(next, depth, seen)).to_string()
}

#[test]
fn those_that_resume_others_in_their_bodies_are_dropped_at_every_depth() {
    for resumes in 0..12 {
        reset(&[]);
        let seen = Cell::new(0);
        let mut talk = two_way(|first| talks_to_itself(first, 4, &seen));
        let ends: Vec<_> = (0..resumes).map(|it| talk.resume(it.to_string())).collect();
        assert_eq!(ends.iter().filter(|it| matches!(it, Ok(Complete(_)))).count(), usize::from(resumes >= 10));
        drop(talk);
        nothing_is_left();
    }
}

#[test]
fn a_caught_panic_ends_all_levels_whatever_they_return() {
    #[coro::coroutine]
    fn fails(first: String) -> Talk<Large> {
        let _local = Live::new("fails'");
        let _ = co_yield!(first);
        std::panic::resume_unwind(Box::new("on purpose"));
    }
    #[coro::coroutine]
    fn above(first: String) -> Talk<u8> {
        let _local = Live::new("above's");
        co_yield!(..fails(first)).1
    }
    #[coro::coroutine]
    fn top(first: String) -> Talk<Large> {
        let _local = Live::new("top's");
        let last = co_yield!(..above(first));
        Large(Default::default(), last)
    }
    reset(&[]);
    let mut talk = two_way(top);
    assert!(matches!(talk.resume(text("a")), Ok(Yielded(_))));
    assert_eq!(attempt(|| talk.resume(text("b")).is_ok()), Err("on purpose".to_owned()));
    assert_eq!(talk.resume(text("late")).err().map(|it| it.into_argument()), Some(text("late")));
    nothing_is_left();
}
