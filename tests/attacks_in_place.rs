//! Safe programs that try to break places, what they lend, and allocators: run under a sanitizer. Those that leak are
//! in `attacks_in_place_leaking.rs`.
#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem::{replace, swap};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;

use coro::{Callee, Coroutine, CoroutineHandle, Generator, InPlace, Lendable, Sendable, Signal, StateMachine};
use support::{Live, alive, attempt, dropped_twice, event, fired, reset, take_log};

#[coro::coroutine]
fn counting(_held: Live, to: u32) -> impl InPlace<Generator<'static, u32>> {
    let _local = Live::new("local");
    for n in 1..=to {
        co_yield!(n);
    }
}

#[coro::coroutine]
fn boxed(_held: Live, to: u32) -> Generator<'static, u32> {
    for n in 1..=to {
        co_yield!(n);
    }
}

#[coro::coroutine]
fn delegates<'a>(other: Generator<'a, u32>, text: &'a str) -> Generator<'a, u32> {
    co_yield!(..other);
    co_yield!(u32::try_from(text.len()).expect("it is short"));
}

#[coro::coroutine]
fn delegates_in_place<'a>(other: Generator<'a, u32>) -> impl InPlace<Generator<'a, u32>> {
    co_yield!(..other);
    co_yield!(100);
}

fn nothing_is_left() {
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[test]
fn what_two_places_lend_may_be_swapped_with_each_other_and_with_what_is_allocated() {
    reset(&[]);
    {
        let mut first = pin!(counting(Live::new("first"), 3));
        let mut second = pin!(counting(Live::new("second"), 9));
        {
            let mut one = first.as_mut().coroutine();
            let mut other = second.as_mut().coroutine();
            swap(&mut one, &mut other);
            assert_eq!((one.nth(4), other.next()), (Some(5), Some(1)));
            let mut allocated = boxed(Live::new("allocated"), 2);
            swap(&mut one, &mut allocated);
            assert_eq!((one.next(), allocated.next()), (Some(1), Some(6)));
            drop(replace(&mut one, other));
            assert_eq!(one.next(), Some(2));
            drop(allocated);
        }
        assert_eq!((first.as_mut().coroutine().next(), second.as_mut().coroutine().next()), (Some(3), Some(7)));
        let mut callers = [
            delegates(first.coroutine(), "a"),
            delegates(second.coroutine(), "bb"),
            delegates(boxed(Live::new("allocated"), 1), "ccc"),
        ];
        callers.rotate_left(1);
        assert_eq!(
            callers.map(|mut caller| (caller.next(), caller.next())),
            [(Some(8), Some(9)), (Some(1), Some(3)), (Some(1), None)]
        );
    }
    nothing_is_left();
}

#[test]
fn a_place_replaced_in_its_pin_ends_the_coroutine_and_begins_another() {
    reset(&[]);
    {
        let mut place = pin!(counting(Live::new("first"), 3));
        assert_eq!(place.as_mut().coroutine().next(), Some(1));
        place.set(counting(Live::new("second"), 2));
        assert_eq!(alive(), ["second"]);
        assert_eq!(place.as_mut().coroutine().collect::<Vec<_>>(), [1, 2]);
        place.set(counting(Live::new("third"), 2));
        let mut option = Box::pin(Some(counting(Live::new("fourth"), 4)));
        assert_eq!(option.as_mut().as_pin_mut().map(|place| place.coroutine().next()), Some(Some(1)));
        option.set(None);
        assert_eq!(alive(), ["third"]);
    }
    nothing_is_left();
}

/// Holds a place while it is suspended, and uses it before and after.
#[coro::coroutine]
fn holds_a_place<'a>(text: &'a str) -> Generator<'a, u32> {
    let own = text.to_owned();
    let mut place = pin!(delegates_in_place(delegates(boxed(Live::new("inner"), 2), &own)));
    co_yield!(place.as_mut().coroutine().next().expect("a first one"));
    co_yield!(..place.as_mut().coroutine());
    // It has ended: its caller was this very coroutine, which calls it again.
    co_yield!(..place.as_mut().coroutine());
    let mut again = pin!(counting(Live::new("again"), 2));
    for _ in 0..2 {
        co_yield!(..again.as_mut().coroutine());
        again.set(counting(Live::new("anew"), 2));
    }
    co_yield!(..place.coroutine());
}

#[test]
fn a_coroutine_that_holds_places_may_be_dropped_anywhere() {
    let all = [1, 2, 3, 100, 1, 2, 1, 2];
    for taken in 0..=all.len() + 1 {
        reset(&[]);
        let items: Vec<_> = holds_a_place("abc").take(taken).collect();
        assert_eq!(items, all[..taken.min(all.len())]);
        nothing_is_left();
        {
            let mut holder = pin!(delegates_in_place(holds_a_place("abc")));
            let items: Vec<_> = holder.as_mut().coroutine().take(taken).collect();
            assert_eq!(items, [&all[..], &[100]].concat()[..taken.min(all.len() + 1)]);
        }
        nothing_is_left();
    }
}

struct Opaque<G>(Pin<Box<G>>);

#[test]
fn a_place_that_is_in_its_own_coroutine_is_a_cycle() {
    type Own = Rc<RefCell<Option<Pin<Box<dyn Runs>>>>>;

    trait Runs {
        fn run(self: Pin<&mut Self>) -> Option<u32>;
    }

    impl<G: InPlace<Generator<'static, u32>>> Runs for G {
        fn run(self: Pin<&mut Self>) -> Option<u32> {
            self.coroutine().next()
        }
    }

    #[coro::coroutine]
    fn own_owner(own: Own, _held: Live) -> impl InPlace<Generator<'static, u32>> {
        co_yield!(1);
        // It cannot reach itself while it runs: who runs it has it.
        co_yield!(u32::from(own.try_borrow_mut().is_ok_and(|mut own| own.take().is_some())));
        co_yield!(3);
    }

    reset(&[]);
    let own: Own = Rc::default();
    *own.borrow_mut() = Some(Box::pin(own_owner(own.clone(), Live::new("held"))));
    assert_eq!(own.borrow_mut().as_mut().and_then(|place| place.as_mut().run()), Some(1));
    assert_eq!(own.borrow_mut().as_mut().and_then(|place| place.as_mut().run()), Some(0));
    let mut taken = own.take().expect("it is there");
    assert_eq!(taken.as_mut().run(), Some(3));
    *own.borrow_mut() = Some(taken);
    assert_eq!(alive(), ["held"]);
    // The cycle is opened: the place goes, and its coroutine drops the cell that it was in.
    drop(own.take());
    nothing_is_left();
}

/// Whose hook stores the handle, resumes, calls back, or panics.
struct Odd<'a>(Option<CoroutineHandle<'a, OddPromise>>);

type Hook = dyn Fn(&mut CoroutineHandle<'_, OddPromise>);

struct OddPromise {
    hook: Rc<Hook>,
    yielded: Option<u32>,
    _held: Live,
}

#[coro::promise]
impl OddPromise {
    fn get_return_object(mut handle: CoroutineHandle<'_, Self>) -> Odd<'_> {
        let hook = handle.promise().hook.clone();
        hook(&mut handle);
        Odd(Some(handle))
    }
    fn yield_value(&mut self, item: u32) {
        event("yield_value");
        self.yielded = Some(item);
    }
    fn yield_from<'a>(&mut self, mut other: Odd<'a>) -> Odd<'a> {
        event("yield_from");
        Odd(other.0.take())
    }
    fn return_void(&mut self) {
        event("return_void");
    }
}

impl<'a> Callee<'a> for Odd<'a> {
    type Promise = OddPromise;
    type Output = ();
    fn suspends_first(&self) -> bool {
        self.0.as_ref().is_some_and(|handle| handle.promise().yielded.is_some())
    }
    fn into_handle(self) -> CoroutineHandle<'a, OddPromise> {
        self.0.expect("it is there")
    }
    fn result(_: &mut OddPromise) {
        event("result");
    }
}

fn hooked(hook: impl Fn(&mut CoroutineHandle<'_, OddPromise>) + 'static) -> OddPromise {
    OddPromise { hook: Rc::new(hook), yielded: None, _held: Live::new("promise") }
}

#[coro::coroutine(promise = hooked(hook))]
fn odd(hook: fn(&mut CoroutineHandle<'_, OddPromise>), _held: Live) -> impl InPlace<Odd<'static>> {
    let _local = Live::new("local");
    event("begin");
    co_yield!(1);
    co_yield!(2);
    event("end");
}

#[coro::coroutine(promise = hooked(|_| ()))]
fn calls_odd<'a>(odd: Odd<'a>) -> impl InPlace<Odd<'a>> {
    co_yield!(..odd);
    co_yield!(9);
}

#[test]
fn a_hook_that_resumes_the_coroutine_that_is_lent_runs_it_to_its_end_and_no_further() {
    reset(&[]);
    {
        let mut place = pin!(odd(
            |handle| {
                handle.try_resume();
                handle.innermost_promise_mut().yielded.take();
            },
            Live::new("held")
        ));
        for _ in 0..5 {
            drop(place.as_mut().coroutine());
        }
        assert!(place.coroutine().0.expect("it is there").is_done());
        assert_eq!(take_log().join(" "), "begin yield_value yield_value end drop local drop held return_void");
    }
    nothing_is_left();
}

#[test]
fn a_hook_that_gives_another_handle_lends_another_coroutine() {
    reset(&[]);
    {
        let mut first = pin!(odd(|_| (), Live::new("held")));
        let mut second = pin!(odd(|_| (), Live::new("held")));
        let (mut one, mut other) = (first.as_mut().coroutine(), second.as_mut().coroutine());
        swap(&mut one.0, &mut other.0);
        one.0.as_mut().expect("it is there").resume();
        {
            // The caller has the first one, and its place lends that again when the caller is gone.
            let mut caller = pin!(calls_odd(other));
            let mut lent = caller.as_mut().coroutine();
            let lent = lent.0.as_mut().expect("it is there");
            lent.resume();
            assert_eq!(lent.innermost_promise_mut().yielded.take(), Some(1));
            assert_eq!(lent.promise().yielded, None);
            lent.resume();
            assert_eq!(lent.innermost_promise_mut().yielded.take(), Some(2));
        }
        drop(one);
        let first = first.coroutine().0.expect("it is there");
        assert!(first.is_done() && first.location().is_none() && first.backtrace().count() == 0);
        assert_eq!(second.coroutine().0.expect("it is there").promise().yielded, Some(1));
    }
    nothing_is_left();
}

#[test]
fn one_given_to_a_caller_before_it_was_run_stays_with_its_place() {
    reset(&[]);
    {
        let mut place = pin!(odd(|_| (), Live::new("held")));
        place.as_mut().coroutine().0.as_mut().expect("it is there").resume();
        {
            let mut caller = pin!(calls_odd(place.as_mut().coroutine()));
            // It yields first what the callee had yielded before, and is not linked yet.
            caller.as_mut().coroutine().0.as_mut().expect("it is there").resume();
        }
        let mut again = place.coroutine();
        let again = again.0.as_mut().expect("it is there");
        assert!(!again.is_done());
        again.resume();
        assert_eq!(again.promise().yielded, Some(2));
    }
    nothing_is_left();
}

/// Lends, runs, delegates, lends again, and drops; a panic at each event, and at each pair of them.
fn life() {
    let mut place = pin!(odd(|_| event("lent"), Live::new("held")));
    let mut outcomes = vec![attempt(|| place.as_mut().coroutine().0.map(|mut handle| handle.try_resume())).is_err()];
    {
        let lent = attempt(|| place.as_mut().coroutine());
        let mut caller = pin!(lent.ok().map(calls_odd));
        for _ in 0..3 {
            outcomes.push(
                attempt(|| {
                    let caller = caller.as_mut().as_pin_mut()?;
                    caller.coroutine().0.map(|mut handle| {
                        handle.try_resume();
                        handle.innermost_promise_mut().yielded.take()
                    })
                })
                .is_err(),
            );
        }
        outcomes.push(attempt(|| caller.set(None)).is_err());
    }
    outcomes.push(attempt(|| place.as_mut().coroutine().0.map(|mut handle| handle.try_resume())).is_err());
    let failed = outcomes.into_iter().filter(|failed| *failed).count();
    // A panic while a panic is on its way is none of ours: `Live` does not.
    assert!(failed <= fired().len(), "{failed} of {:?}", fired());
}

#[test]
fn wherever_a_place_and_its_caller_panic_all_is_dropped_once() {
    reset(&[]);
    life();
    let events = take_log().len();
    nothing_is_left();
    assert!(events > 10, "{events}");
    for first in 0..events {
        for second in first..events {
            reset(&[first, second]);
            let _panics_in_the_last_drop = attempt(life);
            assert!(!fired().is_empty());
            nothing_is_left();
        }
    }
}

#[coro::coroutine(initial = suspend_never)]
fn eager(_held: Live) -> impl InPlace<Generator<'static, u32>> {
    let _local = Live::new("local");
    event("begun");
    co_yield!(1);
    co_yield!(2);
}

#[test]
fn an_eager_one_keeps_its_first_item_through_callers_and_loans() {
    reset(&[]);
    {
        let mut place = pin!(eager(Live::new("held")));
        drop(place.as_mut().coroutine());
        drop(delegates(place.as_mut().coroutine(), ""));
        assert_eq!(delegates(place.as_mut().coroutine(), "").next(), Some(1));
        // The item was the caller's, who was dropped before the callee ran.
        assert_eq!(place.as_mut().coroutine().collect::<Vec<_>>(), [2]);
        assert_eq!(place.coroutine().next(), None);
    }
    nothing_is_left();
    let events = take_log().len();
    for armed in 0..events {
        reset(&[armed]);
        let _ = attempt(|| {
            let mut place = pin!(eager(Live::new("held")));
            let _ = attempt(|| drop(place.as_mut().coroutine()));
            let _ = attempt(|| place.as_mut().coroutine().nth(3));
            assert_eq!(place.as_mut().coroutine().next(), None);
        });
        nothing_is_left();
    }
}

#[coro::coroutine]
fn sendable(to: u32) -> impl InPlace<Generator<'static, u32, Sendable>> + Send {
    for n in 1..=to {
        co_yield!(n);
    }
}

#[coro::coroutine]
fn delegates_sendable<'a>(other: Generator<'a, u32, Sendable>) -> impl InPlace<Generator<'a, u32, Sendable>> + Send {
    co_yield!(..other);
}

#[test]
fn threads_share_a_place_behind_a_lock_and_send_what_it_lends() {
    let place = Arc::new(Mutex::new(Box::pin(sendable(400))));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let place = place.clone();
            thread::spawn(move || {
                (0..100)
                    .filter_map(|n| {
                        let mut place = place.lock().expect("nobody panics");
                        let lent = place.as_mut().coroutine();
                        if n % 2 == 0 { pin!(delegates_sendable(lent)).coroutine().next() } else { None }
                    })
                    .count()
            })
        })
        .collect();
    let count: usize = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
    // A caller that is dropped destroys what it delegates to.
    assert_eq!(count, 1);

    let mut place = Box::pin(sendable(8));
    for n in 0..4 {
        let mut lent = place.as_mut().coroutine();
        thread::scope(|scope| {
            scope.spawn(move || assert_eq!((lent.next(), lent.next()), (Some(2 * n + 1), Some(2 * n + 2))));
        });
    }
    thread::spawn(move || assert_eq!(place.as_mut().coroutine().next(), None)).join().expect("no panic");
}

/// Of its own promise another type than the one of `Odd`, which nobody's hook sees.
struct Other<'a>(CoroutineHandle<'a, OddPromise>);

impl<'a> Coroutine<'a> for Other<'a> {
    type Promise = OddPromise;
    fn get_return_object(handle: CoroutineHandle<'a, OddPromise>) -> Self {
        Self(handle)
    }
}

/// A type whose loans are of another type.
struct Disguised<'a>(PhantomData<&'a ()>);

impl<'a> Coroutine<'a> for Disguised<'a> {
    type Promise = OddPromise;
    fn get_return_object(_: CoroutineHandle<'a, OddPromise>) -> Self {
        Self(PhantomData)
    }
}

impl Lendable for Disguised<'_> {
    type Promise = OddPromise;
    type Lent<'f>
        = Other<'f>
    where
        Self: 'f;
}

#[coro::coroutine(promise = hooked(|_| ()))]
fn disguised<'a>(of: &'a Cell<u32>) -> impl InPlace<Disguised<'a>> {
    while of.get() < 3 {
        co_yield!(of.replace(of.get() + 1));
    }
}

#[test]
fn a_lendable_written_by_hand_may_lend_another_type() {
    reset(&[]);
    let of = Cell::new(0);
    {
        let mut place = pin!(disguised(&of));
        while place.as_mut().coroutine().0.try_resume() {}
        assert!(place.coroutine().0.is_done());
    }
    assert_eq!(of.get(), 3);
    nothing_is_left();
}

#[test]
fn places_are_kept_in_any_container() {
    reset(&[]);
    {
        let mut places: Vec<_> = (0..5).map(|n| Opaque(Box::pin(counting(Live::new("held"), n)))).collect();
        for turn in 0..5 {
            places.swap(turn % 5, (turn + 2) % 5);
            let sum: u32 = places.iter_mut().filter_map(|place| place.0.as_mut().coroutine().next()).sum();
            assert_eq!(sum, u32::try_from((turn + 1) * (4 - turn)).expect("it is small"));
        }
        let machines = [true, false].map(|go| Box::pin(machine(go)));
        let sent = machines.map(|mut machine| {
            let mut lent = machine.as_mut().coroutine();
            (lent.send_signal(1).is_ok(), lent.send_signal(2).is_ok(), lent.result())
        });
        assert_eq!(sent, [(true, true, Some(3)), (true, false, Some(1))]);
    }
    nothing_is_left();
}

#[coro::coroutine]
fn machine(go: bool) -> impl InPlace<StateMachine<'static, u32, u32>> {
    let first = Signal.await;
    if go { first + Signal.await } else { first }
}

#[test]
fn many_places_delegate_to_each_other() {
    /// Each holds the place of the next one, so their sizes add up; the chain is walked anew at each loan.
    #[coro::coroutine]
    fn level<'a>(inner: Generator<'a, u32>) -> impl InPlace<Generator<'a, u32>> {
        co_yield!(..inner);
        co_yield!(0);
    }

    fn nested(depth: u32, inner: Generator<'_, u32>, look: &mut dyn FnMut(Generator<'_, u32>)) {
        let mut place = pin!(level(inner));
        if depth == 0 {
            look(place.as_mut().coroutine());
            look(place.coroutine());
        } else {
            nested(depth - 1, place.as_mut().coroutine(), look);
            // Its caller's place has gone, and took the callees along.
            assert_eq!(place.coroutine().next(), None);
        }
    }

    let mut seen = vec![];
    nested(200, boxed(Live::new("inner"), 3), &mut |mut lent| {
        seen.push((lent.next(), lent.backtrace().count()));
    });
    assert_eq!(seen, [(Some(1), 202), (Some(2), 202)]);
}
