//! Generators that are consumed whole: in a place their items are taken while the body stays on the stack, and nobody can
//! tell.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::mem::{forget, replace};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

use coro::{
    Awaiter, ContinuationOf, Coroutine, CoroutineHandle, FinalSuspend, Generator, GeneratorPromise, InPlace,
    NewPromise, Sendable, YieldValue,
};
use support::{Live, alive, attempt, dropped_twice, event, on_256_kib, reset, take_log};

#[coro::coroutine]
fn count_to(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[coro::coroutine(initial = suspend_never)]
fn eager(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[coro::coroutine]
fn around<'a>(before: u32, inner: Generator<'a, u32>, after: u32) -> Generator<'a, u32> {
    co_yield!(before);
    co_yield!(..inner);
    co_yield!(after);
}

#[coro::coroutine(initial = suspend_never)]
fn eager_around(inner: Generator<'_, u32>) -> Generator<'_, u32> {
    co_yield!(..inner);
    co_yield!(100);
}

#[coro::coroutine]
fn here(inner: Generator<'_, u32>) -> impl InPlace<Generator<'_, u32>> {
    co_yield!(..inner);
    co_yield!(1000);
}

#[coro::coroutine(initial = suspend_never)]
fn eager_here(inner: Generator<'_, u32>) -> impl InPlace<Generator<'_, u32>> {
    co_yield!(..inner);
    co_yield!(1000);
}

type Consume = fn(Generator<'_, u32>) -> Vec<u32>;

/// What a loop finds.
fn one_by_one<T>(generator: Generator<'_, T>) -> Vec<T> {
    let mut items = vec![];
    for item in generator {
        items.push(item);
    }
    items
}

fn folded<T>(generator: Generator<'_, T>) -> Vec<T> {
    generator.fold(vec![], |mut items, item| {
        items.push(item);
        items
    })
}

fn taken(mut generator: Generator<'_, u32>, times: usize) -> Generator<'_, u32> {
    assert_eq!(generator.by_ref().take(times).count(), times);
    generator
}

#[test]
fn a_fold_finds_what_a_loop_finds() {
    let make: [fn() -> Generator<'static, u32>; 18] = [
        || count_to(0),
        || count_to(1),
        || count_to(5),
        || eager(0),
        || eager(1),
        || eager(3),
        || taken(count_to(5), 2),
        || taken(eager(5), 1),
        || taken(count_to(2), 2),
        || around(7, count_to(2), 8),
        || around(7, eager(2), 8),
        || around(7, taken(eager(5), 3), 8),
        || around(7, taken(count_to(0), 0), 8),
        || taken(around(7, count_to(4), 8), 3),
        || taken(around(7, around(1, eager(2), 2), 8), 4),
        || eager_around(count_to(2)),
        || eager_around(eager(2)),
        || around(1, eager_around(eager_around(eager(1))), 2),
    ];
    for (which, make) in make.into_iter().enumerate() {
        let mut items = one_by_one(make());
        assert_eq!(folded(make()), items, "number {which}");
        items.push(1000);
        assert_eq!(folded(pin!(here(make())).coroutine()), items, "number {which}, in a place");
        assert_eq!(folded(pin!(eager_here(make())).coroutine()), items, "number {which}, in a place, eagerly");
    }
}

#[test]
fn all_that_consumes_an_iterator_whole_comes_to_the_same() {
    let numbers = || around(0, eager(9), 10);
    let listed = one_by_one(numbers());
    assert_eq!((numbers().sum::<u32>(), numbers().count(), numbers().last()), (55, 11, Some(10)));
    assert_eq!((numbers().max(), numbers().min_by_key(|it| it.abs_diff(6))), (Some(10), Some(6)));
    let text: String = numbers().map(|it| it.to_string()).collect();
    assert_eq!(text, "012345678910");
    let names: BTreeMap<_, _> = numbers().enumerate().collect();
    assert!(names.values().eq(&listed));
    let (even, odd): (Vec<u32>, Vec<u32>) = numbers().partition(|it| it % 2 == 0);
    assert_eq!((even.len(), odd.len()), (6, 5));
    let mut seen = vec![];
    numbers().chain(count_to(2)).skip(3).filter(|it| it % 2 == 1).for_each(|it| seen.push(it));
    assert_eq!(seen, [3, 5, 7, 9, 1]);
    let nested: Vec<_> = count_to(3).flat_map(count_to).fold(vec![], |mut all, it| {
        all.push(it);
        all
    });
    assert_eq!(nested, [1, 1, 2, 1, 2, 3]);
    assert_eq!(count_to(9).take(3).sum::<u32>(), 6);
    assert_eq!(count_to(4).zip(count_to(3)).map(|(a, b)| a * b).sum::<u32>(), 14);
}

#[coro::coroutine]
fn line(depth: u32) -> Generator<'static, u32> {
    co_yield!(depth);
    if depth > 0 {
        co_yield!(..line(depth - 1));
    }
    co_yield!(depth);
}

#[test]
fn a_degenerate_tree_is_folded_on_a_constant_stack() {
    on_256_kib(|| {
        let (sum, count) = line(100_000).fold((0, 0), |(sum, count), it| (sum + u64::from(it), count + 1));
        assert_eq!((sum, count), (100_000 * 100_001, 200_002));
    });
}

/// Yields and drops what is counted, and so do those it delegates to.
#[coro::coroutine]
fn lively(depth: u32, _argument: Live) -> Generator<'static, Live> {
    let _local = Live::new("local");
    event("body begins");
    co_yield!(Live::new("item"));
    if depth > 0 {
        co_yield!(..lively(depth - 1, Live::new("argument")));
    }
    co_yield!(Live::new("item"));
    event("body ends");
}

/// The same in a place. Those it delegates to are not.
#[coro::coroutine]
fn lively_in_place(depth: u32, _argument: Live) -> impl InPlace<Generator<'static, Live>> {
    let _local = Live::new("local");
    event("body begins");
    co_yield!(Live::new("item"));
    if depth > 0 {
        co_yield!(..lively(depth - 1, Live::new("argument")));
    }
    co_yield!(Live::new("item"));
    event("body ends");
}

/// Folds with every kind of event in it, from the `skip`th item on.
fn fold_lively(in_place: bool, depth: u32, skip: usize) -> usize {
    let argument = Live::new("argument");
    if in_place {
        fold_from(pin!(lively_in_place(depth, argument)).coroutine(), skip)
    } else {
        fold_from(lively(depth, argument), skip)
    }
}

fn fold_from(mut generator: Generator<'_, Live>, skip: usize) -> usize {
    let captured = Live::new("captured");
    drop(generator.by_ref().take(skip).collect::<Vec<_>>());
    let (_folded, count) = generator.fold((Live::new("folded"), 0), move |(folded, count), item| {
        let _captured = &captured;
        event("step");
        drop((folded, item));
        (Live::new("folded"), count + 1)
    });
    count
}

#[test]
fn everything_is_dropped_once_wherever_a_body_a_step_or_a_drop_panics() {
    let cases = [(0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 3), (2, 5)];
    for (in_place, (depth, skip)) in cases.into_iter().flat_map(|case| [(false, case), (true, case)]) {
        reset(&[]);
        assert_eq!(fold_lively(in_place, depth, skip) + skip, 2 * (depth as usize + 1));
        let events = take_log().len();
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
        for armed in 0..events {
            reset(&[armed]);
            let panicked = attempt(|| fold_lively(in_place, depth, skip)).expect_err("it was armed");
            assert!(panicked.starts_with("injected at"), "{panicked}");
            assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "{in_place}, {depth}, {skip}, {armed}");
        }
    }
}

#[test]
fn a_body_in_a_place_is_on_the_stack_while_its_items_are_taken() {
    // So a panic of the step unwinds it before it unwinds the fold, which has the step.
    for depth in 0..3 {
        reset(&[]);
        let captured = Live::new("captured");
        let attempted = attempt(|| {
            pin!(lively_in_place(depth, Live::new("argument"))).coroutine().for_each(move |item| {
                let _captured = &captured;
                drop(item);
                if !take_log().is_empty() {
                    std::panic::resume_unwind(Box::new("step"));
                }
            });
        });
        assert_eq!(attempted, Err("step".to_owned()));
        #[cfg(not(feature = "tracing"))]
        assert_eq!(take_log(), ["drop local", "drop argument", "drop captured"]);
    }
}

#[coro::coroutine]
fn sums(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        let mut largest = 0;
        let sum = around(0, count_to(number), 0).inspect(|it| largest = largest.max(*it)).sum();
        assert_eq!(largest, number);
        co_yield!(sum);
    }
}

#[test]
fn a_body_folds_other_generators_and_so_does_a_step() {
    assert_eq!(folded(sums(4)), [1, 3, 6, 10]);
    let crossed: Vec<_> = sums(3).map(|sum| sums(sum).map(|it| it * sum).sum::<u32>()).fold(vec![], |mut all, it| {
        all.push(it);
        all
    });
    assert_eq!(crossed, [1, 30, 336]);
    // One that is used from both.
    let shared = Rc::new(RefCell::new(count_to(9)));
    let from_step = shared.clone();
    let both = from(shared).fold(vec![], |mut all, it| {
        all.push((it, from_step.borrow_mut().next()));
        all
    });
    assert_eq!(both, [(1, Some(2)), (3, Some(4)), (5, Some(6)), (7, Some(8)), (9, None)]);
}

#[coro::coroutine]
fn from(shared: Rc<RefCell<Generator<'static, u32>>>) -> Generator<'static, u32> {
    loop {
        let next = shared.borrow_mut().next();
        let Some(next) = next else { return };
        co_yield!(next);
    }
}

#[test]
fn a_step_may_leak_what_it_is_given() {
    reset(&[]);
    assert_eq!(
        lively(1, Live::new("argument")).fold(0, |count, item| {
            forget(item);
            count + 1
        }),
        4
    );
    assert_eq!((alive(), dropped_twice()), (vec!["item"; 4], vec![]));
}

#[test]
fn the_panic_of_a_step_may_be_caught_by_the_body_that_folds() {
    #[coro::coroutine]
    fn catches() -> Generator<'static, Result<u32, String>> {
        for limit in 2..5 {
            let sum = attempt(|| {
                around(0, count_to(limit), 0).fold(0, |sum, it| {
                    if it == 4 {
                        std::panic::resume_unwind(Box::new("four"));
                    }
                    sum + it
                })
            });
            co_yield!(sum);
        }
    }
    assert_eq!(folded(catches()), [Ok(3), Ok(6), Err("four".to_owned())]);
}

#[coro::coroutine]
fn squares(up_to: u32, _argument: Live) -> impl InPlace<Generator<'static, u32>> {
    for n in 1..=up_to {
        co_yield!(n * n);
    }
}

#[coro::coroutine(initial = suspend_never)]
fn eager_squares(up_to: u32) -> impl InPlace<Generator<'static, u32>> {
    for n in 1..=up_to {
        co_yield!(n * n);
    }
}

#[test]
fn a_generator_in_place_is_folded_from_where_it_is() {
    reset(&[]);
    {
        let mut place = pin!(squares(5, Live::new("argument")));
        assert_eq!(place.as_mut().coroutine().by_ref().take(2).sum::<u32>(), 5);
        assert_eq!(place.as_mut().coroutine().sum::<u32>(), 9 + 16 + 25);
        assert_eq!(place.as_mut().coroutine().count(), 0);
        assert!(place.coroutine().location().is_none());
    }
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    let mut place = pin!(eager_squares(3));
    assert!(place.as_mut().coroutine().location().is_some(), "it has begun");
    assert_eq!(folded(place.coroutine()), [1, 4, 9]);
    let mut place = pin!(eager_squares(4));
    assert_eq!(folded(around(0, place.as_mut().coroutine(), 20)), [0, 1, 4, 9, 16, 20]);
    assert_eq!(place.coroutine().next(), None);
}

#[test]
fn a_generator_in_place_has_ended_after_the_panic_of_a_step() {
    reset(&[]);
    for delegates in [false, true] {
        let mut place = pin!(squares(5, Live::new("argument")));
        let lent = place.as_mut().coroutine();
        let whole = if delegates { around(0, lent, 0) } else { lent };
        let four = |it| {
            if it == 4 {
                std::panic::resume_unwind(Box::new("four"))
            }
        };
        assert_eq!(attempt(|| whole.for_each(four)), Err("four".to_owned()));
        assert_eq!(place.as_mut().coroutine().next(), None);
        assert_eq!(place.coroutine().sum::<u32>(), 0);
    }
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine(initial = suspend_never)]
fn eager_lively(_argument: Live) -> impl InPlace<Generator<'static, u32>> {
    let _local = Live::new("local");
    co_yield!(4);
    co_yield!(5);
}

#[test]
fn so_it_has_if_its_body_was_not_on_the_stack() {
    #[coro::coroutine]
    fn of_eager(place: Pin<&mut impl InPlace<Generator<'static, u32>>>) -> impl InPlace<Generator<'_, u32>> {
        co_yield!(1);
        // The first item of an eager one is there before it is run.
        co_yield!(..place.coroutine());
        co_yield!(6);
    }
    fn ends_with_its_step<'a>(mut place: Pin<&mut impl InPlace<Generator<'a, u32>>>, at: u32) {
        let step = |it| {
            if it == at {
                std::panic::resume_unwind(Box::new("step"))
            }
        };
        assert_eq!(attempt(|| place.as_mut().coroutine().for_each(step)), Err("step".to_owned()));
        assert!(place.as_mut().coroutine().location().is_none(), "it has ended at {at}");
        assert_eq!(place.coroutine().next(), None);
    }
    for at in [4, 5] {
        reset(&[]);
        {
            let place = pin!(eager_lively(Live::new("argument")));
            ends_with_its_step(place, at);
            assert_eq!(take_log(), ["drop local", "drop argument"]);
        }
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
    for at in [1, 4, 5, 6] {
        reset(&[]);
        {
            let mut inner = pin!(eager_lively(Live::new("argument")));
            ends_with_its_step(pin!(of_eager(inner.as_mut())), at);
            // One that was not run yet in its caller's place stays with its own.
            let rest: &[u32] = match at {
                1 => &[4, 5],
                4 => &[5],
                _ => &[],
            };
            assert_eq!(one_by_one(inner.coroutine()), rest, "after {at}");
        }
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
}

#[coro::coroutine]
fn sent(limit: u32) -> Generator<'static, u32, Sendable> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[coro::coroutine]
fn sent_twice(limit: u32) -> Generator<'static, u32, Sendable> {
    co_yield!(..sent(limit));
    co_yield!(..sent(limit));
}

#[test]
fn a_generator_is_folded_on_the_thread_that_has_it() {
    let mut numbers = sent_twice(4);
    assert_eq!(numbers.next(), Some(1));
    let mut numbers = thread::spawn(move || (numbers.next(), numbers)).join().expect("no panic");
    assert_eq!(numbers.0, Some(2));
    let sum = thread::spawn(move || numbers.1.by_ref().take(3).sum::<u32>() * 100 + numbers.1.sum::<u32>());
    assert_eq!(sum.join().expect("no panic"), (3 + 4 + 1) * 100 + 2 + 3 + 4);
}

macro_rules! hidden {
    ($future:expr) => {
        $future.await
    };
}

/// Awaits a future that the attribute does not see, which replaces the context of the body, if it can.
#[coro::coroutine]
fn hides(replaces: bool, pending: bool) -> Generator<'static, u32> {
    co_yield!(1);
    hidden!(poll_fn(|context| {
        let clone = context.waker().clone();
        clone.wake_by_ref();
        clone.wake();
        if replaces {
            *context = Context::from_waker(Waker::noop());
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    }));
    co_yield!(2);
}

#[test]
fn a_future_behind_the_attributes_back_ends_a_fold_with_a_panic_and_never_silently() {
    for consume in [folded as Consume, one_by_one] {
        assert_eq!(consume(hides(false, false)), [1, 2]);
        let panicked = attempt(|| consume(hides(false, true))).expect_err("nobody resumes it");
        assert!(panicked.contains("`hides` awaits a future behind the attribute's back"), "{panicked}");
        let panicked = attempt(|| consume(hides(true, false))).expect_err("it has no frame any more");
        assert!(panicked.contains("a body is polled by its own frame"), "{panicked}");
    }
}

/// Takes the promise away, and puts another in its place.
struct Thief(Rc<Cell<Option<GeneratorPromise<u32>>>>);

impl Awaiter<GeneratorPromise<u32>> for Thief {
    type Output = ();

    fn await_suspend(
        &mut self,
        _: &mut GeneratorPromise<u32>,
        _: ContinuationOf<GeneratorPromise<u32>>,
    ) -> Option<ContinuationOf<GeneratorPromise<u32>>> {
        None
    }

    fn await_resume(&mut self, promise: &mut GeneratorPromise<u32>) {
        self.0.set(Some(replace(promise, GeneratorPromise::new())));
    }
}

#[coro::coroutine(initial = Thief(stolen))]
fn robbed(stolen: Rc<Cell<Option<GeneratorPromise<u32>>>>, limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[coro::coroutine(promise = promise.take().expect("it is there"))]
fn with(promise: Cell<Option<GeneratorPromise<u32>>>) -> Generator<'static, u32> {
    co_yield!(10);
    co_yield!(11);
}

#[test]
fn a_promise_that_was_stolen_during_a_fold_knows_nothing_of_it() {
    let stolen = Rc::new(Cell::new(None));
    assert_eq!(robbed(stolen.clone(), 3).sum::<u32>(), 6);
    let promise = stolen.take().expect("it was stolen");
    assert_eq!(with(Cell::new(Some(promise))).collect::<Vec<_>>(), [10, 11]);
    // And while the fold goes on.
    let items = robbed(stolen.clone(), 3).fold(vec![], |mut items, item| {
        items.extend(stolen.take().map(|promise| one_by_one(with(Cell::new(Some(promise))))).into_iter().flatten());
        items.push(item);
        items
    });
    assert_eq!(items, [10, 11, 1, 2, 3]);
}

/// A coroutine type of a user's with the same promise.
struct Mine<'a>(CoroutineHandle<'a, GeneratorPromise<u32>>);

impl<'a> Coroutine<'a> for Mine<'a> {
    type Promise = GeneratorPromise<u32>;

    fn get_return_object(handle: CoroutineHandle<'a, GeneratorPromise<u32>>) -> Self {
        Self(handle)
    }
}

#[coro::coroutine]
fn mine(limit: u32) -> Mine<'static> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[test]
fn what_a_coroutine_has_yielded_before_it_became_a_generator_is_not_lost() {
    for consume in [folded as Consume, one_by_one] {
        let mut own = mine(3);
        own.0.resume();
        own.0.resume();
        assert_eq!(consume(Generator::get_return_object(own.0)), [2, 3], "the first was not taken");
        let mut own = mine(1);
        own.0.resume();
        own.0.resume();
        assert_eq!(consume(Generator::get_return_object(own.0)), [1], "it has ended, and the item is there");
    }
}

#[test]
fn an_item_that_was_in_the_promise_from_the_beginning_comes_first() {
    for consume in [folded as Consume, one_by_one] {
        let mut own = mine(3);
        own.0.resume();
        let promise = replace(own.0.promise_mut(), GeneratorPromise::new());
        assert_eq!(consume(with(Cell::new(Some(promise)))), [1, 10, 11]);
    }
}

/// Puts an item into the promise when the body begins.
struct Greets(u32);

impl Awaiter<GeneratorPromise<u32>> for Greets {
    type Output = ();

    fn await_suspend(
        &mut self,
        _: &mut GeneratorPromise<u32>,
        _: ContinuationOf<GeneratorPromise<u32>>,
    ) -> Option<ContinuationOf<GeneratorPromise<u32>>> {
        None
    }

    fn await_resume(&mut self, promise: &mut GeneratorPromise<u32>) {
        let _ = promise.yield_value(self.0);
    }
}

#[coro::coroutine(initial = Greets(7))]
fn greets(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

/// Puts an item into the promise when the body has ended.
struct TakesLeave(u32);

impl FinalSuspend<GeneratorPromise<u32>> for TakesLeave {
    fn final_suspend(self, promise: &mut GeneratorPromise<u32>) -> Option<ContinuationOf<GeneratorPromise<u32>>> {
        let _ = promise.yield_value(self.0);
        None
    }
}

#[coro::coroutine(final = TakesLeave(8))]
fn takes_leave(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(..greets(number));
    }
}

#[coro::coroutine(initial = Greets(7), final = TakesLeave(8))]
fn both_in_place(limit: u32) -> impl InPlace<Generator<'static, u32>> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[test]
fn an_item_that_a_hook_leaves_behind_is_found_by_a_fold_if_it_is_found_by_a_loop() {
    for limit in 0..3 {
        for make in [
            greets,
            |limit| around(0, greets(limit), 9),
            |limit| taken(around(0, greets(limit), 9), 1),
            takes_leave,
            |limit| around(0, takes_leave(limit), 9),
        ] {
            assert_eq!(folded(make(limit)), one_by_one(make(limit)), "limit {limit}");
        }
        assert_eq!(folded(pin!(both_in_place(limit)).coroutine()), one_by_one(pin!(both_in_place(limit)).coroutine()));
    }
}

/// Folds one on another thread for each item, in its body.
#[coro::coroutine]
fn sums_elsewhere(limit: u32) -> Generator<'static, u32, Sendable> {
    let mut rest = sent_twice(limit);
    while let Some(next) = rest.next() {
        let (sum, back) = thread::scope(|scope| {
            let thread = scope.spawn(|| (sent_twice(next).sum::<u32>(), rest));
            thread.join().expect("no panic")
        });
        rest = back;
        co_yield!(sum);
    }
}

#[test]
fn generators_change_threads_in_the_middle_of_a_fold() {
    let mut crossing = sent_twice(3);
    let crossed = sums_elsewhere(3).fold(vec![], |mut all, sum| {
        let next = thread::scope(|scope| scope.spawn(|| crossing.next()).join().expect("no panic"));
        all.push((sum, next));
        all
    });
    let expected = [2, 6, 12, 2, 6, 12].into_iter().zip([1, 2, 3, 1, 2, 3].map(Some));
    assert!(crossed.into_iter().eq(expected));
}

#[test]
fn the_panic_of_a_step_on_another_thread_ends_the_generator_there() {
    reset(&[]);
    let mut numbers = sent_twice(5);
    assert_eq!(numbers.next(), Some(1));
    let panicked = thread::spawn(move || {
        attempt(|| {
            numbers.for_each(|it| {
                if it == 4 {
                    std::panic::resume_unwind(Box::new("four"))
                }
            })
        })
    });
    assert_eq!(panicked.join().expect("it was caught"), Err("four".to_owned()));
}
