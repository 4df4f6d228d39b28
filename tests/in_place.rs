//! Coroutines that live where their caller puts them: `impl InPlace<…>`.
#![forbid(unsafe_code)]

mod support;

use std::mem::replace;
use std::pin::{Pin, pin};
use std::thread;

use coro::{Coroutine, CoroutineHandle, Generator, InPlace, Promise, Sendable, Signal, StateMachine, SuspendAlways};
use support::{Live, alive, attempt, dropped_twice, event, reset, take_log};

#[coro::coroutine]
fn squares(up_to: u64) -> impl InPlace<Generator<'static, u64>> {
    for n in 0..up_to {
        co_yield!(n * n);
    }
}

#[test]
fn a_generator_on_the_stack_is_an_iterator() {
    let squares = pin!(squares(4));
    assert_eq!(squares.coroutine().collect::<Vec<_>>(), [0, 1, 4, 9]);
}

#[test]
fn each_use_goes_on_where_the_last_one_stopped_and_after_the_end_there_is_nothing() {
    let mut squares = pin!(squares(5));
    assert_eq!(squares.as_mut().coroutine().next(), Some(0));
    assert_eq!(squares.as_mut().coroutine().by_ref().take(2).sum::<u64>(), 5);
    assert_eq!(squares.as_mut().coroutine().collect::<Vec<_>>(), [9, 16]);
    assert_eq!(squares.as_mut().coroutine().next(), None);
    assert_eq!(squares.coroutine().next(), None);
}

#[test]
fn what_is_lent_is_an_iterator_like_any_other() {
    let (mut first, mut second) = (pin!(squares(3)), pin!(squares(9)));
    assert_eq!(first.as_mut().coroutine().size_hint(), (0, None), "it promises nothing");
    assert_eq!(
        first.as_mut().coroutine().zip(second.as_mut().coroutine()).collect::<Vec<_>>(),
        [(0, 0), (1, 1), (4, 4)]
    );
    let mut fused = second.as_mut().coroutine().fuse();
    assert_eq!((fused.next(), fused.by_ref().take(2).sum::<u64>()), (Some(9), 41), "it goes on where `zip` stopped");
    let mut sum = 0;
    for square in &mut fused {
        sum += square;
    }
    assert_eq!((sum, fused.next(), fused.next()), (36 + 49 + 64, None, None));
    fn is_fused(it: &impl std::iter::FusedIterator) -> (usize, Option<usize>) {
        it.size_hint()
    }
    assert_eq!(is_fused(&first.coroutine()), (0, None));
}

#[coro::coroutine]
fn words<'a>(text: &'a str, and: &'a str) -> impl InPlace<Generator<'a, &'a str>> {
    for word in text.split(' ') {
        co_yield!(word);
    }
    co_yield!(and);
}

#[test]
fn it_yields_what_it_borrows_and_that_outlives_the_place() {
    let text = String::from("one two");
    let last = {
        let words = pin!(words(&text, "three"));
        words.coroutine().nth(1)
    };
    assert_eq!(last, Some("two"));
    assert_eq!(pin!(words(&text, "three")).coroutine().last(), Some("three"));
}

#[coro::coroutine]
fn door<T: PartialEq + 'static>(key: T) -> impl InPlace<StateMachine<'static, T, u32>> {
    let mut tries = 1;
    while Signal.await != key {
        tries += 1;
    }
    tries
}

#[test]
fn a_state_machine_on_the_heap_moves_with_its_box() {
    let mut doors: Vec<_> = ["a", "b", "c"].into_iter().map(|key| Box::pin(door(key))).collect();
    for _ in 0..2 {
        for door in &mut doors {
            let _ended = door.as_mut().coroutine().send_signal("c");
        }
        doors.rotate_left(1);
    }
    let tries: Vec<_> = doors.iter_mut().map(|door| door.as_mut().coroutine().result()).collect();
    assert_eq!(tries, [Some(1), None, None]);
}

struct Tree {
    value: u32,
    children: Vec<Self>,
}

impl Tree {
    /// A method, whose generator delegates to allocated ones.
    #[coro::coroutine]
    fn values(&self) -> impl InPlace<Generator<'_, u32>> {
        co_yield!(self.value);
        for child in &self.children {
            co_yield!(..child.boxed_values());
        }
    }

    #[coro::coroutine]
    fn boxed_values(&self) -> Generator<'_, u32> {
        co_yield!(self.value);
        for child in &self.children {
            co_yield!(..child.boxed_values());
        }
    }
}

fn tree() -> Tree {
    let leaf = |value| Tree { value, children: vec![] };
    Tree { value: 1, children: vec![Tree { value: 2, children: vec![leaf(3)] }, leaf(4)] }
}

#[test]
fn one_in_place_delegates_to_others_and_is_used_in_parts() {
    let tree = tree();
    let mut values = pin!(tree.values());
    assert_eq!(values.as_mut().coroutine().take(3).collect::<Vec<_>>(), [1, 2, 3]);
    let location = values.as_mut().coroutine().location().expect("it is suspended");
    assert_eq!(location.function(), "boxed_values");
    assert_eq!(values.as_mut().coroutine().backtrace().count(), 3);
    assert_eq!(values.coroutine().collect::<Vec<_>>(), [4]);
}

#[coro::coroutine]
fn chained<'a>(first: Generator<'a, u64>, second: Generator<'a, u64>) -> Generator<'a, u64> {
    co_yield!(..first);
    co_yield!(..second);
}

#[test]
fn others_delegate_to_one_in_place_and_end_it_when_they_are_dropped() {
    let (mut first, second) = (pin!(squares(3)), pin!(squares(2)));
    assert_eq!(first.as_mut().coroutine().next(), Some(0));
    let mut both = chained(first.as_mut().coroutine(), second.coroutine());
    assert_eq!(both.next(), Some(1));
    assert_eq!(both.backtrace().count(), 2);
    drop(both);
    assert_eq!(first.as_mut().coroutine().next(), None);

    let (first, second) = (pin!(squares(3)), pin!(squares(2)));
    let both = chained(first.coroutine(), second.coroutine());
    assert_eq!(both.collect::<Vec<_>>(), [0, 1, 4, 0, 1]);
}

#[coro::coroutine]
fn noisy(_first: Live, _second: Live) -> impl InPlace<Generator<'static, Live>> {
    let _local = Live::new("local");
    event("body");
    co_yield!(Live::new("item"));
    event("between");
    co_yield!(Live::new("item"));
}

/// Drops a place after so many items; what happened.
fn dropped_after(items: usize) -> Vec<String> {
    reset(&[]);
    {
        let mut noisy = pin!(noisy(Live::new("first"), Live::new("second")));
        for _ in 0..items {
            drop(noisy.as_mut().coroutine().next());
        }
        event("drop the place");
    }
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "after {items}");
    take_log()
}

#[test]
fn what_it_holds_is_dropped_once_wherever_it_stops() {
    assert_eq!(dropped_after(0), ["drop the place", "drop second", "drop first"]);
    assert_eq!(dropped_after(1), ["body", "drop item", "drop the place", "drop local", "drop second", "drop first"]);
    assert_eq!(
        dropped_after(3),
        ["body", "drop item", "between", "drop item", "drop local", "drop second", "drop first", "drop the place"]
    );
}

#[test]
fn a_place_that_is_never_pinned_drops_its_parameters() {
    reset(&[]);
    drop(noisy(Live::new("first"), Live::new("second")));
    assert_eq!(take_log(), ["drop second", "drop first"]);
    let mut place = noisy(Live::new("first"), Live::new("second"));
    // It may be moved until it is pinned.
    place = replace(&mut place, noisy(Live::new("third"), Live::new("fourth")));
    drop(place);
    assert_eq!(take_log(), ["drop fourth", "drop third", "drop second", "drop first"]);
}

#[test]
fn wherever_it_panics_it_has_ended_and_all_is_dropped_once() {
    // The events: body, drop item, between, drop item, drop local, drop second, drop first.
    for armed in 0..7 {
        reset(&[armed]);
        let outcome = attempt(|| {
            let mut noisy = pin!(noisy(Live::new("first"), Live::new("second")));
            let drained = attempt(|| noisy.as_mut().coroutine().for_each(drop));
            if armed != 1 && armed != 3 {
                assert!(drained.is_err(), "armed {armed}");
                assert_eq!(noisy.as_mut().coroutine().next().map(|live| live.name), None);
                assert!(noisy.as_mut().coroutine().location().is_none());
            }
            drained
        });
        assert!(outcome.is_ok_and(|drained| drained.is_err()), "armed {armed}");
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "armed {armed}");
    }
}

#[coro::coroutine(initial = suspend_never)]
fn eager(fails: bool) -> impl InPlace<Generator<'static, u32>> {
    event("started");
    assert!(!fails, "at once");
    co_yield!(1);
    co_yield!(2);
}

#[test]
fn an_eager_one_starts_at_its_first_pinned_use() {
    reset(&[]);
    let eager = pin!(eager(false));
    assert_eq!(take_log(), [""; 0]);
    let generator = eager.coroutine();
    assert_eq!(take_log(), ["started"]);
    assert_eq!(generator.collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn an_eager_one_that_panics_at_once_has_ended() {
    reset(&[]);
    support::silence("at once");
    let mut eager = pin!(eager(true));
    assert_eq!(attempt(|| drop(eager.as_mut().coroutine())), Err("at once".to_owned()));
    assert_eq!(eager.coroutine().next(), None);
}

#[coro::coroutine]
fn addresses() -> impl InPlace<Generator<'static, usize>> {
    let local = 0_u8;
    loop {
        co_yield!(std::ptr::from_ref(&local).addr());
    }
}

#[test]
fn locals_live_in_the_place() {
    fn range<T>(place: &T) -> std::ops::Range<usize> {
        let start = std::ptr::from_ref(place).addr();
        start..start + size_of::<T>()
    }
    let mut boxed = Box::pin(addresses());
    let place = range(&*boxed);
    let first = boxed.as_mut().coroutine().next().expect("it is endless");
    assert!(place.contains(&first));
    let mut moved = [boxed];
    assert_eq!(moved[0].as_mut().coroutine().next(), Some(first));
}

/// A user's type.
struct Steps<'a, T>(CoroutineHandle<'a, StepsPromise<T>>);

struct StepsPromise<T> {
    steps: Vec<T>,
}

#[coro::promise]
impl<T> StepsPromise<T> {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_, T> {
        Steps(handle)
    }

    fn return_void(&mut self) {}

    fn yield_value(&mut self, step: T) {
        self.steps.push(step);
    }
}

#[coro::coroutine(promise = StepsPromise { steps: vec![first] }, final = SuspendAlways)]
fn steps(first: u32, last: u32) -> impl InPlace<Steps<'static, u32>> {
    co_yield!(first + 1);
    SuspendAlways.await;
    co_yield!(last);
}

#[test]
fn a_users_own_type_lives_in_place_too() {
    let mut place = pin!(steps(5, 8));
    let mut resumed = 0;
    while !place.as_mut().coroutine().0.is_done() {
        place.as_mut().coroutine().0.resume();
        resumed += 1;
    }
    assert_eq!(resumed, 4);
    assert_eq!(place.coroutine().0.promise().steps, [5, 6, 8]);
}

/// What takes any place for numbers.
struct Sums<G> {
    sum: u64,
    numbers: Pin<Box<G>>,
}

impl<'a, G: InPlace<Generator<'a, u64>> + 'a> Sums<G> {
    fn add(&mut self) -> Option<u64> {
        self.sum += self.numbers.as_mut().coroutine().next()?;
        Some(self.sum)
    }
}

#[test]
fn a_struct_that_holds_one_uses_it_now_and_then() {
    let mut sums = Sums { sum: 0, numbers: Box::pin(squares(4)) };
    let added: Vec<_> = std::iter::from_fn(|| sums.add()).collect();
    assert_eq!(added, [0, 1, 5, 14]);
}

#[coro::coroutine]
fn countdown(from: u32) -> impl InPlace<Generator<'static, u32, Sendable>> + Send {
    for left in (0..from).rev() {
        co_yield!(left);
    }
}

#[test]
fn one_that_is_sendable_changes_threads() {
    let mut countdown = Box::pin(countdown(4));
    assert_eq!(countdown.as_mut().coroutine().next(), Some(3));
    let mut countdown = thread::spawn(move || {
        assert_eq!(countdown.as_mut().coroutine().next(), Some(2));
        countdown
    })
    .join()
    .expect("no panic");
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(countdown.as_mut().coroutine().next(), Some(1)));
    });
    assert_eq!(countdown.as_mut().coroutine().collect::<Vec<_>>(), [0]);
}

#[repr(align(128))]
struct Aligned(u8);

#[coro::coroutine]
fn aligned() -> impl InPlace<Generator<'static, usize>> {
    let local = Aligned(1);
    co_yield!(std::ptr::from_ref(&local).addr() % 128);
    co_yield!(usize::from(local.0));
}

#[test]
fn an_overaligned_local_is_aligned() {
    assert_eq!(pin!(aligned()).coroutine().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(Box::pin(aligned()).as_mut().coroutine().collect::<Vec<_>>(), [0, 1]);
}

trait Numbers {
    fn numbers(&self) -> impl InPlace<Generator<'_, u32>>;
}

impl Numbers for [u32] {
    #[coro::coroutine]
    fn numbers(&self) -> impl InPlace<Generator<'_, u32>> {
        for n in self {
            co_yield!(*n);
        }
    }
}

#[test]
fn a_traits_method_gives_one_in_place() {
    fn sum(numbers: &(impl Numbers + ?Sized)) -> u32 {
        pin!(numbers.numbers()).coroutine().sum()
    }
    assert_eq!(sum(&[1, 2, 3][..]), 6);
}

/// Its hook looks at the coroutine when it is lent.
struct Told<'a>(#[allow(dead_code)] CoroutineHandle<'a, ToldPromise>, bool);

struct ToldPromise;

impl Promise for ToldPromise {
    type World = coro::ByOwner;
    type Owner = coro::Handle;
    type OnPanic = coro::Propagate;
    type Value = ();
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, (): ()) {}
}

impl<'a> Coroutine<'a> for Told<'a> {
    type Promise = ToldPromise;

    fn get_return_object(mut handle: CoroutineHandle<'a, ToldPromise>) -> Self {
        let resumed = handle.try_resume();
        Self(handle, resumed)
    }
}

impl coro::Lendable for Told<'_> {
    type Promise = ToldPromise;
    type Lent<'f>
        = Told<'f>
    where
        Self: 'f;
}

#[coro::coroutine(promise = ToldPromise)]
fn told() -> impl InPlace<Told<'static>> {
    event("told");
}

#[test]
fn get_return_object_is_called_each_time_it_is_lent() {
    reset(&[]);
    let mut told = pin!(told());
    assert!(told.as_mut().coroutine().1);
    assert_eq!(take_log(), ["told"]);
    assert!(!told.coroutine().1);
}
