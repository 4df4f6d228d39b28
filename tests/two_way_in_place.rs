//! Two-way coroutines that live where their caller puts them: `impl InPlace<TwoWay<…>>`.
#![forbid(unsafe_code)]

mod support;

use std::ops::Range;
use std::pin::{Pin, pin};
use std::thread;

use coro::Resumed::{Complete, Yielded};
use coro::{InPlace, Resumable, ResumeError, Sendable, TwoWay, two_way, two_way_in};
use support::{Live, alive, attempt, dropped_twice, event, reset, take_log};

/// Sums up, until it is given a zero; then says how many there were.
#[coro::coroutine]
fn sums(first: u64) -> impl InPlace<TwoWay<'static, u64, u64, &'static str>> {
    let (mut sum, mut next) = (0, first);
    while next != 0 {
        sum += next;
        next = co_yield!(sum);
    }
    "the end"
}

#[test]
fn it_is_given_every_argument_the_first_one_included_and_completes_with_its_value() {
    let place = pin!(None);
    let mut sums = two_way_in(place, sums);
    assert_eq!(format!("{sums:?}"), "Resumable(not begun)");
    assert!(sums.location().is_none() && sums.info().is_none() && !sums.is_done());
    assert_eq!([3, 4, 5].map(|n| sums.resume(n)), [Ok(Yielded(3)), Ok(Yielded(7)), Ok(Yielded(12))]);
    let location = sums.location().expect("it waits");
    assert_eq!((location.function(), location.expression()), ("sums", "co_yield!(sum)"));
    assert!(sums.info().is_some());
    assert_eq!(sums.resume(0), Ok(Complete("the end")));
    assert!(sums.is_done() && sums.location().is_none());
    assert_eq!([1, 2].map(|n| sums.resume(n).map_err(ResumeError::into_argument)), [Err(1), Err(2)]);
}

#[test]
fn what_else_it_wants_to_know_a_closure_gives_it_and_it_may_borrow() {
    #[coro::coroutine]
    fn look_up<'a>(words: &'a [String], first: usize) -> impl InPlace<TwoWay<'a, usize, Option<&'a str>>> {
        let mut index = first;
        loop {
            index = co_yield!(words.get(index).map(String::as_str));
        }
    }
    let words = ["one", "two"].map(str::to_owned);
    let last = {
        let place = pin!(None);
        let mut look_up = two_way_in(place, |first| look_up(&words, first));
        assert_eq!(look_up.resume(7), Ok(Yielded(None)));
        look_up.resume(1)
    };
    assert_eq!(last, Ok(Yielded(Some("two"))));
}

#[coro::coroutine]
fn addresses((): ()) -> impl InPlace<TwoWay<'static, (), usize>> {
    let local = 7_u8;
    loop {
        co_yield!(std::ptr::from_ref(&local).addr());
    }
}

#[test]
fn its_locals_live_in_the_place_whoever_holds_and_moves_what_resumes_it() {
    fn range<T>(place: &T) -> Range<usize> {
        let start = std::ptr::from_ref(place).addr();
        start..start + size_of::<T>()
    }
    let mut boxed = Box::pin(None);
    let place = range(&*boxed);
    let mut on_stack = two_way_in(boxed.as_mut(), addresses);
    let Ok(Yielded(first)) = on_stack.resume(()) else { unreachable!("it is endless") };
    assert!(place.contains(&first));
    let mut moved = vec![Some(on_stack)];
    assert_eq!(moved[0].as_mut().expect("it is there").resume(()), Ok(Yielded(first)));
    let mut out = Box::new(moved.pop().flatten().expect("it is there"));
    assert_eq!(out.resume(()), Ok(Yielded(first)));
}

/// Holds its first argument and a local; returns its second.
#[coro::coroutine]
fn holds(config: Live, first: Live) -> impl InPlace<TwoWay<'static, Live, Live, Live>> {
    let _local = Live::new("local");
    let second = co_yield!(Live::new("out"));
    event("between");
    drop(co_yield!(first));
    let _config = config;
    second
}

#[test]
fn what_it_holds_is_dropped_once_and_with_its_place_wherever_it_stops() {
    let expected: [&[&str]; 5] = [
        &["drop config"],
        &["drop local", "drop first", "drop config"],
        &["drop second", "drop local", "drop config"],
        &[],
        &[],
    ];
    for (resumes, expected) in expected.into_iter().enumerate() {
        reset(&[]);
        {
            let mut place = pin!(None);
            let config = Live::new("config");
            let mut holds = two_way_in(place.as_mut(), |first| holds(config, first));
            for (resumed, name) in ["first", "second", "third", "late"][..resumes].iter().enumerate() {
                let given = holds.resume(Live::new(name)).map_err(|late| late.into_argument().name);
                match (resumed, given) {
                    (0, Ok(Yielded(out))) => assert_eq!(out.name, "out"),
                    (1, Ok(Yielded(first))) => assert_eq!(first.name, "first"),
                    (2, Ok(Complete(second))) => assert_eq!(second.name, "second"),
                    (3, Err(late)) => assert_eq!(late, "late"),
                    given => unreachable!("{given:?}"),
                }
            }
            take_log();
            // What resumes it owns the function, until that is called; the place owns the coroutine.
            drop(holds);
            assert_eq!(take_log(), if resumes == 0 { expected } else { &[] });
            if resumes == 2 {
                place.set(None);
                assert_eq!(take_log(), expected);
            }
        }
        assert_eq!(take_log(), if matches!(resumes, 0 | 2) { &[] } else { expected }, "after {resumes}");
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
}

#[test]
fn a_place_is_used_again_and_what_was_in_it_is_dropped_first() {
    reset(&[]);
    let mut place = pin!(None);
    for _ in 0..2 {
        let mut holds = two_way_in(place.as_mut(), |first| holds(Live::new("config"), first));
        assert!(matches!(holds.resume(Live::new("first")), Ok(Yielded(_))));
    }
    assert_eq!(
        take_log(),
        ["drop out", "drop local", "drop first", "drop config", "drop out"],
        "the first one goes when the second begins"
    );
    place.set(None);
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[test]
fn wherever_it_panics_it_has_ended_and_all_is_dropped_once() {
    // Without a value at its end: rustc would lose that if a local panicked as it is dropped (rust-lang/rust#47949).
    #[coro::coroutine]
    fn holds(_config: Live, first: Live) -> impl InPlace<TwoWay<'static, Live, Live>> {
        let _local = Live::new("local");
        let _second = co_yield!(Live::new("out"));
        event("between");
        drop(co_yield!(first));
    }
    fn all(armed: &[usize]) -> usize {
        reset(armed);
        let _ = attempt(|| {
            let place = pin!(None);
            let config = Live::new("config");
            let mut holds = two_way_in(place, |first| holds(config, first));
            for name in ["first", "second", "third", "late"] {
                let was_done = holds.is_done();
                let given = attempt(|| holds.resume(Live::new(name)).map_err(ResumeError::into_argument));
                assert_eq!(matches!(given, Ok(Err(_))), was_done, "only what has ended gives {name} back");
                assert!(given.is_ok() || holds.is_done());
                let _ = attempt(|| drop(given));
            }
        });
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "{armed:?}: {:?}", support::log());
        assert_eq!(support::fired().len(), armed.len());
        support::log().len()
    }
    let events = all(&[]);
    assert!(events > 5);
    for event in 0..events {
        all(&[event]);
    }
}

#[coro::coroutine(initial = suspend_never)]
fn eager(first: u32) -> impl InPlace<TwoWay<'static, u32, u32, u32>> {
    event("begins");
    match first {
        0 => std::panic::resume_unwind(Box::new("at once")),
        1 => 100,
        _ => first + co_yield!(first),
    }
}

#[test]
fn an_eager_one_begins_at_its_first_resume_and_loses_nothing() {
    reset(&[]);
    let mut place = pin!(None);
    let mut yields = two_way_in(place.as_mut(), eager);
    assert_eq!(take_log(), [""; 0]);
    assert_eq!([yields.resume(2), yields.resume(5)], [Ok(Yielded(2)), Ok(Complete(7))]);
    drop(yields);
    let mut returns = two_way_in(place.as_mut(), eager);
    assert_eq!(returns.resume(1), Ok(Complete(100)));
    drop(returns);
    let mut panics = two_way_in(place, eager);
    assert_eq!(attempt(|| panics.resume(0).is_ok()), Err("at once".to_owned()));
    assert!(panics.is_done());
    assert_eq!(panics.resume(3).map_err(ResumeError::into_argument), Err(3));
}

type Sums<'a> = TwoWay<'a, u64, u64, &'static str>;

#[coro::coroutine]
fn boxed(first: u64) -> Sums<'static> {
    if first > 0 {
        co_yield!(1000 + first);
    }
    "boxed"
}

#[test]
fn one_in_place_delegates_and_is_delegated_to() {
    #[coro::coroutine]
    fn to_boxed(first: u64) -> impl InPlace<Sums<'static>> {
        co_yield!(..boxed(first));
        co_yield!(9);
        "in place"
    }
    let mut place = pin!(None);
    let mut outer = two_way_in(place.as_mut(), to_boxed);
    assert_eq!(outer.resume(1), Ok(Yielded(1001)));
    assert_eq!(outer.location().expect("it waits").function(), "boxed");
    assert_eq!([outer.resume(2), outer.resume(3)], [Ok(Yielded(9)), Ok(Complete("in place"))]);

    #[coro::coroutine]
    fn to_place<'p, P: InPlace<Sums<'static>>>(place: Pin<&'p mut P>) -> Sums<'p> {
        co_yield!(..place.coroutine())
    }
    let mut inner = pin!(sums(5));
    {
        let mut outer = two_way(|_| to_place(inner.as_mut()));
        assert_eq!([outer.resume(0), outer.resume(6)], [Ok(Yielded(5)), Ok(Yielded(11))]);
    }
    // It went with the one that had delegated to it.
    assert_eq!(format!("{:?}", inner.coroutine()), "TwoWay(sums, ended)");
}

#[test]
fn one_that_waits_for_an_argument_cannot_be_delegated_to() {
    #[coro::coroutine]
    fn goes_on_with<'a>(_first: u64, begun: Sums<'a>) -> Sums<'a> {
        co_yield!(..begun)
    }
    support::silence("waits for an argument");
    let mut place = pin!(None);
    assert_eq!(two_way_in(place.as_mut(), sums).resume(3), Ok(Yielded(3)));
    let begun = place.as_mut().as_pin_mut().expect("it is there").coroutine();
    let mut outer = two_way(|first| goes_on_with(first, begun));
    let panicked = attempt(|| outer.resume(4).is_ok()).expect_err("nobody has an argument for it");
    assert!(panicked.contains("waits for an argument"), "{panicked}");
    assert!(outer.is_done());
    drop(outer);
    assert_eq!(format!("{:?}", place.as_pin_mut().expect("it is there").coroutine()), "TwoWay(sums, ended)");
}

#[test]
fn one_that_is_sendable_changes_threads_half_way() {
    #[coro::coroutine]
    fn sendable(first: u32) -> impl InPlace<TwoWay<'static, u32, u32, u32, Sendable>> {
        first + co_yield!(first)
    }
    let place = pin!(None);
    let mut sendable = two_way_in(place, sendable);
    assert_eq!(sendable.resume(4), Ok(Yielded(4)));
    let end = thread::scope(|scope| scope.spawn(|| sendable.resume(5)).join().expect("no panic"));
    assert_eq!(end, Ok(Complete(9)));
}

#[test]
fn it_is_kept_in_a_struct_beside_other_things() {
    struct Meter<F, C> {
        total: Resumable<F, C>,
        resumes: u32,
    }

    impl<'f, F: FnOnce(u64) -> Sums<'f>> Meter<F, Sums<'f>> {
        fn add(&mut self, n: u64) -> Option<u64> {
            self.resumes += 1;
            match self.total.resume(n) {
                Ok(Yielded(sum)) => Some(sum),
                _ => None,
            }
        }
    }
    let place = pin!(None);
    let mut meter = Meter { total: two_way_in(place, sums), resumes: 0 };
    assert_eq!([2, 3, 0, 5].map(|n| meter.add(n)), [Some(2), Some(5), None, None]);
    assert_eq!(meter.resumes, 4);
}

#[test]
fn a_million_resumes_need_no_stack_and_no_memory_but_the_place() {
    support::on_256_kib(|| {
        let place = pin!(None);
        let mut sums = two_way_in(place, sums);
        let last = (1..=1_000_000).map(|number| sums.resume(number)).last();
        assert_eq!(last, Some(Ok(Yielded(500_000_500_000))));
    });
}
