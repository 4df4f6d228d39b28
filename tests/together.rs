//! `when_all` and `when_any` in the detached world, on one thread.
#![forbid(unsafe_code)]

mod support;

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use coro::{
    Any2, Any3, Any8, Awaiter, Callee, Continuation, CoroutineHandle, Detached, FireAndForget, LocalWorld, Polled,
    Promise, Task, when_all, when_any,
};
use support::{Live, Park, attempt, event, unpark};

/// Runs what is made of `work` as a detached coroutine, which logs the result.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn run<T: Debug + 'static>(work: Task<'static, T, Detached>) -> FireAndForget {
    let _caller = Live::new("caller");
    let result = work.await;
    event(format!("{result:?}"));
}

/// The continuations that wait now, in the order of their arrival.
fn waiting() -> Vec<Option<Continuation<Detached>>> {
    std::iter::from_fn(unpark).map(Some).collect()
}

fn resume(waiting: &mut [Option<Continuation<Detached>>], index: usize) {
    waiting[index].take().expect("it was not used").resume();
}

#[coro::coroutine]
fn waits<T: 'static>(name: &'static str, times: u32, result: T) -> Task<'static, T, Detached> {
    let _local = Live::new(name);
    event(format!("{name} starts"));
    for _ in 0..times {
        Park.await;
    }
    event(format!("{name} ends"));
    result
}

#[test]
fn when_all_starts_them_in_order_and_gives_their_results_in_order_whoever_ends_first() {
    support::reset(&[]);
    run(when_all((waits("one", 1, 1), waits("two", 0, "2"), waits("three", 1, '3'))));
    let mut waiting = waiting();
    assert_eq!(support::take_log(), ["one starts", "two starts", "two ends", "drop two", "three starts"]);
    resume(&mut waiting, 1);
    assert_eq!(support::take_log(), ["three ends", "drop three"]);
    resume(&mut waiting, 0);
    assert_eq!(support::take_log(), ["one ends", "drop one", r#"(1, "2", '3')"#, "drop caller"]);
}

#[test]
fn one_that_resumes_an_earlier_one_before_it_waits_is_started_all_the_same() {
    #[coro::coroutine]
    fn resumes() -> Task<'static, u32, Detached> {
        unpark().expect("the first waits").resume();
        2
    }
    support::reset(&[]);
    run(when_all((waits("one", 1, 1), resumes(), waits("three", 0, 3))));
    let expected = ["one starts", "one ends", "drop one", "three starts", "three ends", "drop three", "(1, 2, 3)"];
    assert_eq!(support::take_log()[..7], expected);
}

#[test]
fn when_all_takes_two_to_eight_in_a_tuple() {
    support::reset(&[]);
    let w = || waits("w", 1, 'w');
    run(when_all((waits("w", 1, 1), w())));
    run(when_all((waits("w", 1, 1), w(), waits("w", 1, ()))));
    run(when_all((waits("w", 1, 1), w(), w(), w())));
    run(when_all((waits("w", 1, 1), w(), w(), w(), w())));
    run(when_all((waits("w", 1, 1), w(), w(), w(), w(), w())));
    run(when_all((waits("w", 1, 1), w(), w(), w(), w(), w(), w())));
    run(when_all((waits("w", 1, 1), w(), w(), w(), w(), w(), w(), waits("w", 1, "8"))));
    waiting().into_iter().rev().flatten().for_each(Continuation::resume);
    let mut results = support::take_log();
    results.retain(|event| event.starts_with('('));
    let expected = [
        "(1, 'w', 'w', 'w', 'w', 'w', 'w', \"8\")",
        "(1, 'w', 'w', 'w', 'w', 'w', 'w')",
        "(1, 'w', 'w', 'w', 'w', 'w')",
        "(1, 'w', 'w', 'w', 'w')",
        "(1, 'w', 'w', 'w')",
        "(1, 'w', ())",
        "(1, 'w')",
    ];
    assert_eq!(results, expected);
}

#[test]
fn when_all_takes_arrays_and_vectors_also_empty_ones() {
    support::reset(&[]);
    run(when_all([waits("a", 1, 1), waits("b", 1, 2)]));
    run(when_all(vec![waits("c", 1, 3), waits("d", 1, 4), waits("e", 0, 5)]));
    run(when_all(Vec::<Task<'_, u32, Detached>>::new()));
    run(when_all::<Detached, [Task<'_, u32, Detached>; 0], _>([]));
    waiting().into_iter().rev().flatten().for_each(Continuation::resume);
    let mut results = support::take_log();
    results.retain(|event| event.starts_with('['));
    assert_eq!(results, ["[]", "[]", "[3, 4, 5]", "[1, 2]"]);
}

#[test]
fn branches_borrow_their_callers_locals_across_suspensions() {
    #[coro::coroutine]
    fn appends<'a>(to: &'a mut Vec<String>, what: &'a str, read: &'a Cell<u32>) -> Task<'a, &'a mut String, Detached> {
        for _ in 0..2 {
            Park.await;
            read.set(read.get() + 1);
            to.push(format!("{what}{}", read.get()));
        }
        &mut to[1]
    }
    #[coro::coroutine]
    fn lends() -> Task<'static, (Vec<String>, Vec<String>), Detached> {
        let (mut one, mut other) = (vec![], vec![]);
        let (name, read) = ("a".to_owned(), Cell::new(0));
        let (last, first) = when_all((appends(&mut one, &name, &read), appends(&mut other, "b", &read))).await;
        last.push('!');
        first.push('?');
        (one, other)
    }
    support::reset(&[]);
    run(lends());
    while let Some(next) = unpark() {
        next.resume();
    }
    assert_eq!(support::take_log(), [r#"(["a1", "a3!"], ["b2", "b4?"])"#, "drop caller"]);
}

#[test]
fn when_any_gives_the_first_result_and_which_it_was() {
    type Race = fn() -> Task<'static, String, Detached>;
    type Eight = Any8<u8, u8, u8, u8, u8, u8, u8, char>;
    let cases: [(usize, usize, Race, &str); 6] = [
        (2, 0, || text(when_any((waits("a", 1, 1), waits("b", 1, "two")))), "First(1) 0"),
        (2, 1, || text(when_any((waits("a", 1, 1), waits("b", 1, "two")))), "Second(\"two\") 1"),
        (3, 2, || text(when_any((waits("a", 1, 1), waits("b", 1, 2), waits("c", 1, 'c')))), "Third('c') 2"),
        (8, 7, || text(eight()), "Eighth('h') 7"),
        (3, 1, || text(when_any(["x", "y", "z"].map(|name| waits(name, 1, name)))), "(1, \"y\") 1"),
        (3, 2, || text(when_any(vec![waits("x", 1, 1), waits("y", 1, 2), waits("z", 1, 3)])), "(2, 3) 2"),
    ];
    trait Indexed: Debug {
        fn index(&self) -> usize;
    }
    impl<A: Debug, B: Debug> Indexed for Any2<A, B> {
        fn index(&self) -> usize {
            Any2::index(self)
        }
    }
    impl<A: Debug, B: Debug, C: Debug> Indexed for Any3<A, B, C> {
        fn index(&self) -> usize {
            Any3::index(self)
        }
    }
    impl<T: Debug> Indexed for Any8<T, T, T, T, T, T, T, char> {
        fn index(&self) -> usize {
            Any8::index(self)
        }
    }
    impl<T: Debug> Indexed for (usize, T) {
        fn index(&self) -> usize {
            self.0
        }
    }
    #[coro::coroutine]
    fn eight() -> Task<'static, Eight, Detached> {
        let w = || waits("w", 1, 0_u8);
        when_any((w(), w(), w(), w(), w(), w(), w(), waits("h", 1, 'h'))).await
    }
    #[coro::coroutine]
    fn text<T: Indexed + 'static>(any: Task<'static, T, Detached>) -> Task<'static, String, Detached> {
        let any = any.await;
        format!("{any:?} {}", any.index())
    }
    for (count, first, race, expected) in cases {
        support::reset(&[]);
        run(race());
        let mut waiting = waiting();
        assert_eq!(waiting.len(), count);
        resume(&mut waiting, first);
        assert_eq!(support::take_log().iter().rev().nth(1), Some(&format!("{expected:?}")));
        assert_eq!(support::alive(), [""; 0]);
    }
}

#[coro::coroutine]
fn outer(name: [&'static str; 3]) -> Task<'static, u32, Detached> {
    let _parameter_of = Live::new(name[0]);
    inner(&name).await
}

#[coro::coroutine]
fn inner<'a>(name: &'a [&'static str; 3]) -> Task<'a, u32, Detached> {
    let _first = Live::new(name[1]);
    let _second = Live::new(name[2]);
    Park.await;
    7
}

#[test]
fn losers_are_destroyed_leaf_first_before_when_any_returns() {
    support::reset(&[]);
    run(when_any([
        outer(["outer a", "inner a1", "inner a2"]),
        outer(["outer b", "inner b1", "inner b2"]),
        outer(["outer c", "inner c1", "inner c2"]),
    ]));
    let mut waiting = waiting();
    resume(&mut waiting, 1);
    let expected = [
        "drop inner b2",
        "drop inner b1",
        "drop outer b",
        "drop inner a2",
        "drop inner a1",
        "drop outer a",
        "drop inner c2",
        "drop inner c1",
        "drop outer c",
        "(1, 7)",
        "drop caller",
    ];
    assert_eq!(support::take_log(), expected);
    // What is still out there does nothing.
    resume(&mut waiting, 0);
    drop(waiting);
    assert_eq!(support::take_log(), [""; 0]);
}

#[test]
fn if_one_ends_at_once_the_rest_is_not_started_and_its_parameters_are_dropped() {
    #[coro::coroutine]
    fn takes(name: Live) -> Task<'static, &'static str, Detached> {
        event(format!("{} starts", name.name));
        Park.await;
        name.name
    }
    support::reset(&[]);
    let at_once = waits("at once", 0, "b");
    run(when_any((takes(Live::new("a")), at_once, takes(Live::new("c")), takes(Live::new("d")))));
    let expected = [
        "a starts",
        "at once starts",
        "at once ends",
        "drop at once",
        "drop a",
        "drop c",
        "drop d",
        "Second(\"b\")",
        "drop caller",
    ];
    assert_eq!(support::take_log(), expected);
}

#[coro::coroutine]
fn nested(name: [&'static str; 4]) -> Task<'static, u32, Detached> {
    let _local = Live::new(name[0]);
    let both = when_any((waits(name[2], 1, 0), waits(name[3], 1, 0)));
    let (_, _) = when_all((waits(name[1], 1, 0), both)).await;
    0
}

#[test]
fn a_loser_may_wait_for_groups_itself() {
    support::reset(&[]);
    run(when_any((nested(["n", "n1", "n2", "n3"]), waits("winner", 1, 1), nested(["m", "m1", "m2", "m3"]))));
    let mut waiting = waiting();
    support::take_log();
    resume(&mut waiting, 3);
    let expected = [
        "winner ends",
        "drop winner",
        "drop n1",
        "drop n2",
        "drop n3",
        "drop n",
        "drop m1",
        "drop m2",
        "drop m3",
        "drop m",
        "Second(1)",
        "drop caller",
    ];
    assert_eq!(support::take_log(), expected);
    for index in [6, 5, 4, 2] {
        resume(&mut waiting, index);
    }
    drop(waiting);
    assert_eq!(support::take_log(), [""; 0]);
}

#[test]
fn a_nested_group_goes_on_where_its_last_one_ends() {
    support::reset(&[]);
    run(when_all((nested(["n", "n1", "n2", "n3"]), waits("one", 1, 1))));
    let mut waiting = waiting();
    support::take_log();
    resume(&mut waiting, 3);
    assert_eq!(support::take_log(), ["one ends", "drop one"]);
    resume(&mut waiting, 2);
    assert_eq!(support::take_log(), ["n3 ends", "drop n3", "drop n2"]);
    resume(&mut waiting, 0);
    assert_eq!(support::take_log(), ["n1 ends", "drop n1", "drop n", "(0, 1)", "drop caller"]);
}

#[test]
fn when_all_of_which_one_is_destroyed_is_destroyed_with_all_the_others_and_its_caller() {
    for dropped in 0..3 {
        support::reset(&[]);
        run(when_all((waits("a", 1, 1), outer(["b", "b1", "b2"]), waits("c", 1, 3))));
        let mut waiting = waiting();
        support::take_log();
        drop(waiting[dropped].take());
        let first = [&["drop a"][..], &["drop b2", "drop b1", "drop b"], &["drop c"]];
        let mut expected = first[dropped].to_vec();
        expected.extend((0..3).filter(|&other| other != dropped).flat_map(|other| first[other]));
        expected.push("drop caller");
        assert_eq!(support::take_log(), expected);
        let mut harmless = waiting.into_iter().flatten();
        let one = harmless.next().expect("two are left");
        assert!(format!("{one:?}").ends_with(", ended)"), "{one:?}");
        assert_eq!(one.backtrace().count(), 0);
        drop(one);
        harmless.for_each(Continuation::resume);
        assert_eq!(support::take_log(), [""; 0]);
        assert_eq!(support::alive(), [""; 0]);
    }
}

#[test]
fn one_of_when_any_that_is_destroyed_leaves_the_race_and_with_the_last_goes_the_caller() {
    for survives in [true, false] {
        support::reset(&[]);
        run(when_any((waits("a", 1, 1), waits("b", 1, 2), waits("c", 1, 3))));
        let mut waiting = waiting();
        support::take_log();
        drop(waiting[1].take());
        drop(waiting[0].take());
        assert_eq!(support::take_log(), ["drop b", "drop a"]);
        if survives {
            resume(&mut waiting, 2);
            assert_eq!(support::take_log(), ["c ends", "drop c", "Third(3)", "drop caller"]);
        } else {
            drop(waiting[2].take());
            assert_eq!(support::take_log(), ["drop c", "drop caller"]);
        }
    }
}

/// Awaited, drops its coroutine.
struct Gone;

impl<P: Promise<World = Detached>> Awaiter<P> for Gone {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        drop(own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn goes(name: &'static str) -> Task<'static, u32, Detached> {
    let _local = Live::new(name);
    Gone.await;
    0
}

#[test]
fn one_that_is_destroyed_while_others_are_still_to_be_started_leaves_the_race_or_ends_it() {
    support::reset(&[]);
    run(when_any((goes("a"), waits("b", 0, 2))));
    assert_eq!(support::take_log(), ["drop a", "b starts", "b ends", "drop b", "Second(2)", "drop caller"]);
    run(when_any((goes("a"), goes("b"))));
    assert_eq!(support::take_log(), ["drop a", "drop b", "drop caller"]);
    run(when_all((waits("a", 1, 1), goes("b"), waits("c", 0, 2))));
    assert_eq!(support::take_log(), ["a starts", "drop b", "drop a", "drop caller"]);
    drop(unpark());
    assert_eq!(support::alive(), [""; 0]);
}

#[test]
fn one_that_is_never_awaited_drops_what_it_was_given_in_order() {
    support::reset(&[]);
    #[coro::coroutine]
    fn takes(_: Live) -> Task<'static, (), Detached> {}
    drop(when_all((takes(Live::new("a")), when_any([takes(Live::new("b")), takes(Live::new("c"))]))));
    assert_eq!(support::take_log(), ["drop a", "drop b", "drop c"]);
}

#[test]
fn the_backtrace_of_a_leaf_goes_through_its_group_to_the_root() {
    #[coro::coroutine]
    fn caller() -> Task<'static, (), Detached> {
        when_all((when_any([outer(["a", "b", "c"])]), waits("w", 0, ()))).await;
    }
    support::reset(&[]);
    run(caller());
    let leaf = unpark().expect("it is parked");
    let functions: Vec<_> = leaf.backtrace().map(|location| location.function()).collect();
    assert_eq!(functions, ["inner", "outer", "when_any", "when_all", "caller", "run"]);
    let shown = leaf.backtrace().to_string();
    assert!(shown.contains("when_any(…).await") && shown.contains("when_all(…).await"), "{shown}");
    leaf.resume();
}

/// A user's own task, which logs what the runtime does with it.
struct Own<'a>(CoroutineHandle<'a, OwnPromise>);

struct OwnPromise {
    result: Option<u32>,
    _live: Live,
}

#[coro::promise(world = Detached)]
impl OwnPromise {
    fn new() -> Self {
        Self { result: None, _live: Live::new("own promise") }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Own<'_> {
        Own(handle)
    }

    fn return_value(&mut self, value: u32) {
        self.result = Some(value);
    }
}

impl<'a> Callee<'a> for Own<'a> {
    type Promise = OwnPromise;
    type Output = Result<u32, &'static str>;

    fn into_handle(self) -> CoroutineHandle<'a, OwnPromise> {
        self.0
    }

    fn result(promise: &mut OwnPromise) -> Result<u32, &'static str> {
        event("result");
        promise.result.take().ok_or("it has not returned")
    }
}

#[test]
fn users_own_callees_can_be_awaited_together() {
    #[coro::coroutine]
    fn own(value: u32) -> Own<'static> {
        Park.await;
        value
    }
    support::reset(&[]);
    run(when_all((own(1), waits("task", 0, 2))));
    support::take_log();
    unpark().expect("it is parked").resume();
    assert_eq!(support::take_log(), ["result", "drop own promise", "(Ok(1), 2)", "drop caller"]);
    run(when_any((own(1), own(2), own(3))));
    let mut waiting_now = waiting();
    resume(&mut waiting_now, 1);
    // The losers go before the result is asked for.
    let expected =
        ["drop own promise", "drop own promise", "result", "drop own promise", "Second(Ok(2))", "drop caller"];
    assert_eq!(support::take_log(), expected);
    run(when_any([own(1), own(2)]));
    let mut waiting = waiting();
    resume(&mut waiting, 1);
    assert_eq!(support::take_log(), ["drop own promise", "result", "drop own promise", "(1, Ok(2))", "drop caller"]);
}

#[test]
fn a_helper_that_is_generic_over_the_local_worlds_serves_both() {
    #[coro::coroutine]
    fn length<'a, W: LocalWorld>(text: &'a str) -> Task<'a, usize, W> {
        text.len()
    }
    #[coro::coroutine]
    fn lengths<'a, W: LocalWorld>(texts: &'a [&'a str]) -> Task<'a, (Vec<usize>, Any2<usize, usize>), W> {
        let all = when_all(texts.iter().copied().map(length).collect::<Vec<Task<'a, usize, W>>>());
        let any = when_any((length(texts[0]), length(texts[1])));
        when_all((all, any)).await
    }
    let texts = &["one", "seven"];
    let mut polled = pin!(lengths::<Polled>(texts));
    let result = polled.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(result, Poll::Ready((vec![3, 5], Any2::First(3))));
    support::reset(&[]);
    run(lengths::<Detached>(texts));
    assert_eq!(support::take_log(), ["([3, 5], First(3))", "drop caller"]);
}

#[test]
fn when_any_of_nothing_panics() {
    let message = Err("`when_any` of no coroutines would never end".to_owned());
    assert_eq!(attempt(|| drop(when_any(Vec::<Task<'_, u32, Detached>>::new()))), message);
    assert_eq!(attempt(|| drop(when_any::<Polled, [Task<'_, u32, Polled>; 0], _>([]))), message);
}
