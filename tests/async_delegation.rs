//! `co_yield!(..other)` in generators that await.

#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use coro::{
    AsyncGenerator, Awaiter, Continuation, ContinuationOf, Detached, FireAndForget, ItemsPromise, NewPromise, Parks,
    Polled, Promise, Sendable, Task, TryAsyncGenerator, World, when_any,
};
use futures::executor::{ThreadPool, block_on};
use futures::task::SpawnExt;
use futures::{StreamExt, TryStreamExt};
use support::{Live, Park, alive, attempt, dropped_twice, event, on_256_kib, reset, take_log, unpark};

/// Pending once, and woken at once.
async fn yield_now() {
    let mut polled = false;
    poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Whatever it says, in all ways in which it can be asked.
fn everything<'a, T: Send + 'a>(mut make: impl FnMut() -> AsyncGenerator<'a, T>) -> [Vec<T>; 3] {
    #[coro::coroutine]
    fn linked<'a, T: Send + 'a>(mut items: AsyncGenerator<'a, T>) -> Task<'a, Vec<T>> {
        let mut all = vec![];
        while let Some(item) = items.next().await {
            all.push(item);
        }
        assert!(items.next().await.is_none());
        all
    }
    let polled = |mut items: AsyncGenerator<'a, T>| {
        block_on(async {
            let mut all = vec![];
            while let Some(item) = items.next().await {
                all.push(item);
            }
            assert!(items.next().await.is_none());
            all
        })
    };
    [block_on(linked(make())), polled(make()), block_on(make().collect())]
}

struct Tree(&'static str, Vec<Self>);

impl Tree {
    /// Each node is visited before its children, and again after them.
    #[coro::coroutine]
    fn walk(&self) -> AsyncGenerator<'_, String> {
        yield_now().await;
        co_yield!(self.0.to_owned());
        for child in &self.1 {
            co_yield!(..child.walk());
            yield_now().await;
        }
        co_yield!(self.0.to_uppercase());
    }
}

#[test]
fn the_items_of_the_others_come_in_order_whoever_asks() {
    let tree = Tree("a", vec![Tree("b", vec![Tree("c", vec![]), Tree("d", vec![])]), Tree("e", vec![])]);
    for all in everything(|| tree.walk()) {
        assert_eq!(all.concat(), "abcCdDBeEA");
    }
    let pool = ThreadPool::new().expect("threads");
    let all = async move { tree.walk().collect::<Vec<_>>().await };
    assert_eq!(pool.spawn_with_handle(all).map(block_on).expect("it runs").concat(), "abcCdDBeEA");
}

/// A line, `left` deep: each yields before and after the next; if it `awaits`, it also waits there.
#[coro::coroutine]
fn line(left: usize, awaits: bool) -> AsyncGenerator<'static, usize> {
    if awaits {
        yield_now().await;
    }
    co_yield!(left);
    if left > 0 {
        co_yield!(..line(left - 1, awaits));
    }
    if awaits {
        yield_now().await;
    }
    co_yield!(left);
}

#[coro::coroutine]
fn detached_line(left: usize) -> AsyncGenerator<'static, usize, Detached> {
    co_yield!(left);
    if left > 0 {
        co_yield!(..detached_line(left - 1));
    }
    co_yield!(left);
}

const DEEP: usize = 100_000;

/// The items of a line so deep.
fn of_line(deep: usize) -> impl Iterator<Item = usize> {
    (0..=deep).rev().chain(0..=deep)
}

#[coro::coroutine]
fn count_linked(mut items: AsyncGenerator<'static, usize>, deep: usize) -> Task<'static, usize> {
    let mut expected = of_line(deep);
    let mut count = 0;
    while let Some(item) = items.next().await {
        assert_eq!(Some(item), expected.next());
        count += 1;
    }
    count
}

#[test]
fn a_line_of_a_hundred_thousand_is_walked_on_a_small_stack_whoever_asks_and_dropped_on_it_anywhere() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn detached(counted: Rc<Cell<usize>>) -> FireAndForget {
        let mut items = detached_line(DEEP);
        let mut expected = of_line(DEEP);
        while let Some(item) = items.next().await {
            assert_eq!(Some(item), expected.next());
            counted.set(counted.get() + 1);
        }
        let mut half_way = detached_line(DEEP);
        for _ in 0..=DEEP {
            half_way.next().await;
        }
        assert_eq!(half_way.backtrace().count(), DEEP + 1);
    }
    on_256_kib(|| {
        for awaits in [false, true] {
            assert_eq!(block_on(count_linked(line(DEEP, awaits), DEEP)), 2 * (DEEP + 1));
            assert_eq!(block_on(line(DEEP, awaits).count()), 2 * (DEEP + 1));
            let mut half_way = line(DEEP, awaits);
            block_on(async {
                for _ in 0..DEEP / 2 {
                    half_way.next().await;
                }
            });
            assert_eq!(half_way.backtrace().count(), DEEP / 2);
        }
        let counted = Rc::new(Cell::new(0));
        detached(counted.clone());
        assert_eq!(counted.get(), 2 * (DEEP + 1));
    });
}

/// The shortest of three walks.
fn time(walk: impl Fn(usize), deep: usize) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        walk(deep);
        start.elapsed()
    };
    (0..3).map(timed).min().expect("three")
}

#[test]
fn a_walk_takes_time_in_proportion_to_the_items_however_deep_they_are() {
    on_256_kib(|| {
        let walks: [fn(usize); 3] = [
            |deep| assert_eq!(block_on(count_linked(line(deep, false), deep)), 2 * (deep + 1)),
            |deep| assert_eq!(block_on(count_linked(line(deep, true), deep)), 2 * (deep + 1)),
            |deep| assert_eq!(block_on(line(deep, true).count()), 2 * (deep + 1)),
        ];
        for (number, walk) in walks.into_iter().enumerate() {
            let (small, large) = (time(walk, DEEP / 256), time(walk, DEEP / 4));
            // 64 times the nodes. If each item went through all the nodes above, it would be 4096 times the time.
            assert!(large < small * 64 * 16, "walk {number}: {large:?} for the large one, {small:?} for the small one");
        }
    });
}

/// Where one polled coroutine waits.
struct Bench<W: Parks = Polled>(Rc<RefCell<Option<Continuation<W>>>>);

impl<W: Parks> Default for Bench<W> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<W: Parks> Clone for Bench<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Promise<World: Parks>> Awaiter<P> for &Bench<P::World> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.replace(Some(me));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

type Items<'a> = AsyncGenerator<'a, Live, Polled>;

/// At the end of a line of `depth`: an item, then waits on the bench in a callee, then another item.
#[coro::coroutine]
fn waiting(depth: u32, bench: Bench) -> Items<'static> {
    #[coro::coroutine]
    fn wait(bench: &Bench) -> Task<'_, (), Polled> {
        let _local = Live::new("callee's");
        bench.await;
    }
    let _local = Live::new("inner's");
    if depth > 0 {
        co_yield!(..around(waiting(depth - 1, bench)));
        return;
    }
    co_yield!(Live::new("one"));
    wait(&bench).await;
    co_yield!(Live::new("two"));
}

#[coro::coroutine]
fn around(inner: Items<'_>) -> Items<'_> {
    let _local = Live::new("outer's");
    co_yield!(..inner);
    yield_now().await;
}

#[coro::coroutine]
fn visit<'h>(items: &'h mut Items<'_>) -> Task<'h, Option<&'static str>, Polled> {
    let _local = Live::new("visitor's");
    items.next().await.map(|item| item.name)
}

#[test]
fn a_visit_that_is_dropped_while_the_innermost_waits_loses_nothing() {
    for depth in 0..3 {
        reset(&[]);
        let bench = Bench::default();
        let mut items = around(waiting(depth, bench.clone()));
        assert_eq!(poll_once(&mut visit(&mut items)), Poll::Ready(Some("one")));
        let held = alive().len();
        for _ in 0..3 {
            // As a task that is linked, as a future, and as one of several of which another is faster.
            let mut visitor = visit(&mut items);
            assert!(poll_once(&mut visitor).is_pending());
            assert_eq!(alive().len(), held + 2);
            drop(visitor);
            assert!(poll_once(&mut items.next()).is_pending());
            let faster = block_on(async {
                tokio::select! {
                    biased;
                    _ = visit(&mut items) => false,
                    () = ready(()) => true,
                }
            });
            assert!(faster);
            assert_eq!(alive().len(), held + 1);
        }
        let mut between = ["waiting", "around"].repeat(depth as usize + 1);
        between.insert(0, "wait");
        assert_eq!(items.backtrace().map(|it| it.function()).collect::<Vec<_>>(), between);
        assert_eq!(items.location().expect("it waits").expression(), "bench.await");
        drop(bench.0.take());
        let two = if depth == 1 { block_on(visit(&mut items)) } else { block_on(items.next()).map(|item| item.name) };
        assert_eq!(two, Some("two"));
        assert_eq!(block_on(visit(&mut items)), None);
        assert_eq!(block_on(visit(&mut items)), None);
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
}

#[test]
fn a_line_is_dropped_from_the_innermost_outwards_wherever_it_is() {
    let (callee, inner, outer) = ("drop callee's", "drop inner's", "drop outer's");
    let expected: [(&str, &[&str]); 7] = [
        ("not begun", &[]),
        ("has yielded", &[inner, outer, inner, outer]),
        ("waits", &[callee, inner, outer, inner, outer]),
        ("has yielded", &[inner, outer, inner, outer]),
        ("waits", &[outer, inner, outer]),
        ("waits", &[outer]),
        ("has ended", &[]),
    ];
    for (asked, linked) in (0..7).flat_map(|asked| [(asked, false), (asked, true)]) {
        reset(&[]);
        let bench = Bench::default();
        let mut items = around(waiting(1, bench.clone()));
        let mut then = "not begun";
        for _ in 0..asked {
            drop(bench.0.take());
            let name =
                if linked { poll_once(&mut visit(&mut items)) } else { poll_once(&mut items.next()).map(name_of) };
            then = match name {
                Poll::Pending => "waits",
                Poll::Ready(Some(_)) => "has yielded",
                Poll::Ready(None) => "has ended",
            };
        }
        take_log();
        drop(items);
        assert_eq!(then, expected[asked].0);
        assert_eq!(take_log(), expected[asked].1, "asked {asked} times");
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
}

fn name_of(item: Option<Live>) -> Option<&'static str> {
    item.map(|item| item.name)
}

#[test]
fn one_that_was_begun_goes_on_where_it_was_with_all_that_it_delegates_to() {
    reset(&[]);
    for (taken, waits) in [(0, false), (1, false), (1, true), (2, true)] {
        let bench = Bench::default();
        let mut begun = waiting(2, bench.clone());
        let mut names = vec![];
        let mut poll = |items: &mut Items<'static>| {
            let name = poll_once(&mut items.next());
            if let Poll::Ready(Some(item)) = &name {
                names.push(item.name);
            }
            name.is_pending()
        };
        assert!(taken == 0 || !poll(&mut begun));
        assert!(!waits || poll(&mut begun));
        if taken == 2 {
            drop(bench.0.take());
            assert!(!poll(&mut begun));
        }
        let mut outer = around(around(begun));
        for _ in 0..4 {
            drop(bench.0.take());
            if let Poll::Ready(name) = poll_once(&mut visit(&mut outer)) {
                names.extend(name);
            }
        }
        assert_eq!(names, ["one", "two"], "{taken} {waits}");
        assert_eq!(block_on(visit(&mut outer)), None);
    }
    let mut ended = waiting(0, Bench::default());
    assert!(poll_once(&mut ended.next()).is_ready());
    drop(ended);
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine]
fn some(items: &'static [u32]) -> AsyncGenerator<'static, u32> {
    for item in items {
        yield_now().await;
        co_yield!(*item);
    }
}

/// All of one, and then of the other.
#[coro::coroutine]
fn chained(first: AsyncGenerator<'static, u32>, second: AsyncGenerator<'static, u32>) -> AsyncGenerator<'static, u32> {
    co_yield!(..first);
    co_yield!(..second);
}

#[test]
fn lines_are_hung_under_lines_and_shrink_and_grow() {
    for taken in 0..=6 {
        let mut lower = chained(chained(some(&[1, 2]), some(&[])), chained(some(&[3]), some(&[4, 5, 6])));
        let mut all: Vec<_> = block_on(lower.by_ref().take(taken).collect());
        let mut upper = chained(chained(some(&[]), lower), some(&[7]));
        all.extend(block_on(upper.by_ref().take(2).collect::<Vec<_>>()));
        all.extend(block_on(chained(some(&[]), upper).collect::<Vec<_>>()));
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7], "after {taken}");
    }
}

#[test]
fn the_value_is_what_the_inner_one_returned_and_with_a_question_mark_its_error_is_the_last_item() {
    #[derive(Clone, Debug, PartialEq)]
    struct Oops(u32);

    type Tries<'a> = TryAsyncGenerator<'a, u32, Oops>;

    #[coro::coroutine]
    fn up_to(limit: u32, fails: bool) -> Tries<'static> {
        let _local = Live::new("inner's");
        for n in 0..limit {
            yield_now().await;
            co_yield!(n);
        }
        if fails { Err(Oops(limit)) } else { Ok(()) }
    }
    #[coro::coroutine]
    fn passes_on(limits: &[(u32, bool)]) -> Tries<'_> {
        let _local = Live::new("outer's");
        for (limit, fails) in limits {
            co_yield!(..up_to(*limit, *fails))?;
        }
        Ok(())
    }
    #[coro::coroutine]
    fn recovers(limits: &[(u32, bool)]) -> Tries<'_> {
        if let Err(Oops(limit)) = co_yield!(..passes_on(limits)) {
            co_yield!(1000 + limit);
        }
        Ok(())
    }
    #[coro::coroutine]
    fn errors_are_items(limits: &[(u32, bool)]) -> AsyncGenerator<'_, Result<u32, Oops>> {
        let returned = co_yield!(..passes_on(limits));
        co_yield!(returned.map(|()| 9));
    }
    #[coro::coroutine]
    fn from_infallible(limits: &[(u32, bool)]) -> Tries<'_> {
        co_yield!(..errors_are_items(limits));
        Ok(())
    }
    reset(&[]);
    let (good, bad): (&[_], &[_]) = (&[(2, false), (1, false)], &[(1, false), (0, true), (5, false)]);
    assert_eq!(block_on(passes_on(good).try_collect()), Ok(vec![0, 1, 0]));
    assert_eq!(block_on(passes_on(bad).collect::<Vec<_>>()), [Ok(0), Err(Oops(0))]);
    assert_eq!(block_on(recovers(good).try_collect()), Ok(vec![0, 1, 0]));
    assert_eq!(block_on(recovers(bad).try_collect()), Ok(vec![0, 1000]));
    assert_eq!(block_on(errors_are_items(good).collect::<Vec<_>>()), [Ok(0), Ok(1), Ok(0), Ok(9)]);
    assert_eq!(block_on(from_infallible(bad).collect::<Vec<_>>()), [Ok(0), Err(Oops(0))]);
    let mut failed = passes_on(bad);
    assert_eq!(block_on(failed.by_ref().count()), 2);
    assert_eq!((block_on(failed.next()), block_on(failed.next())), (None, None));
    // `?` converts.
    #[coro::coroutine]
    fn converts() -> TryAsyncGenerator<'static, u32, Box<dyn std::error::Error + Send + Sync>> {
        co_yield!(..other_error()).map_err(|error| error.to_string())?;
        Ok(())
    }
    #[coro::coroutine]
    fn other_error() -> TryAsyncGenerator<'static, u32, Box<dyn std::error::Error + Send + Sync>> {
        co_yield!("1".parse()?);
        co_yield!("x".parse()?);
        Ok(())
    }
    let last = block_on(converts().collect::<Vec<_>>()).pop().expect("two").expect_err("it is no number");
    assert_eq!(last.to_string(), "invalid digit found in string");
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

/// Panics after so many items, at the end of a line.
#[coro::coroutine]
fn panics_after(items: u32, depth: u32) -> AsyncGenerator<'static, Live> {
    let _local = Live::new("inner's");
    if depth > 0 {
        co_yield!(..panics_after(items, depth - 1));
    }
    for _ in 0..items {
        yield_now().await;
        co_yield!(Live::new("item"));
    }
    yield_now().await;
    std::panic::resume_unwind(Box::new("out of items"));
}

#[test]
fn a_panic_of_the_innermost_ends_them_all_and_surfaces_at_who_asks() {
    #[coro::coroutine]
    fn ask<'h>(items: &'h mut AsyncGenerator<'_, Live>) -> Task<'h, Option<Live>> {
        items.next().await
    }
    for (items, depth, linked) in (0..18).map(|case| (case % 3, case / 3 % 3, case / 9 == 1)) {
        reset(&[]);
        let mut generator = panics_after(items, depth);
        let mut next = || if linked { block_on(ask(&mut generator)) } else { block_on(generator.next()) };
        for _ in 0..items {
            assert_eq!(next().expect("not yet").name, "item");
        }
        take_log();
        assert_eq!(attempt(&mut next).map(drop), Err("out of items".to_owned()), "after {items}, {depth} deep");
        assert_eq!(take_log(), vec!["drop inner's"; depth as usize + 1]);
        assert!(next().is_none() && next().is_none());
        assert!(generator.location().is_none() && generator.backtrace().next().is_none());
        drop(generator);
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
}

#[test]
fn a_panic_anywhere_or_two_leave_nothing_behind() {
    #[coro::coroutine]
    fn inner(depth: u32) -> Items<'static> {
        let _local = Live::new("inner's");
        event("inner begins");
        co_yield!(Live::new("item"));
        if depth > 0 {
            co_yield!(..inner(depth - 1));
        }
        yield_now().await;
        event("inner ends");
    }
    fn all(armed: &[usize]) -> usize {
        reset(armed);
        let mut items = inner(2);
        for _ in 0..6 {
            let _ = attempt(|| block_on(visit(&mut items)));
        }
        let _ = attempt(|| drop(items));
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]), "{armed:?}: {:?}", support::log());
        support::log().len()
    }
    let events = all(&[]);
    assert!(events > 15, "{events}");
    for first in 0..events {
        all(&[first]);
        for second in first..events {
            all(&[first, second]);
        }
    }
}

#[test]
fn a_local_one_delegates_to_one_that_is_send() {
    #[coro::coroutine]
    fn local(items: Rc<Cell<usize>>, depth: u32) -> AsyncGenerator<'static, usize, Polled> {
        if depth > 0 {
            co_yield!(..local(items, depth - 1));
        } else {
            co_yield!(..line(items.get(), true));
        }
    }
    for deep in 0..3 {
        assert_eq!(block_on(local(Rc::new(Cell::new(2)), deep).collect::<Vec<_>>()), [2, 1, 0, 0, 1, 2]);
    }
}

#[test]
fn a_line_that_is_send_changes_threads_half_way() {
    let mut items = line(3, true);
    let mut first = block_on(items.by_ref().take(3).collect::<Vec<_>>());
    let asked = poll_once(&mut items.next());
    assert!(asked.is_pending());
    first.extend(std::thread::spawn(|| block_on(items.collect::<Vec<_>>())).join().expect("no panic"));
    assert_eq!(first, [3, 2, 1, 0, 0, 1, 2, 3]);
}

#[test]
fn a_line_behaves_well_in_threads_that_it_chooses_itself() {
    type Anywhere = Detached<Sendable>;

    /// Goes on, on a thread of its own.
    struct Hop;

    impl<P: Promise<World = Anywhere>> Awaiter<P> for Hop {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, me: Continuation<Anywhere>) -> Option<Continuation<Anywhere>> {
            std::thread::spawn(|| me.resume());
            None
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine]
    fn hopping(left: u32) -> AsyncGenerator<'static, u32, Anywhere> {
        Hop.await;
        co_yield!(left);
        if left > 0 {
            co_yield!(..hopping(left - 1));
            Hop.await;
        }
        co_yield!(left);
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn collect(sender: std::sync::mpsc::Sender<Vec<u32>>) -> FireAndForget<Sendable> {
        let (mut items, mut all) = (hopping(100), vec![]);
        while let Some(item) = items.next().await {
            all.push(item);
        }
        sender.send(all).expect("somebody waits");
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    collect(sender);
    assert!(receiver.recv().expect("all").into_iter().eq((0..=100).rev().chain(0..=100)));
}

/// Parks before each item, at the end of a line.
#[coro::coroutine]
fn parking(depth: u32) -> AsyncGenerator<'static, u32, Detached> {
    let _local = Live::new("inner's");
    if depth > 0 {
        co_yield!(..parking(depth - 1));
    }
    Park.await;
    co_yield!(depth);
}

#[coro::coroutine]
fn next_of<'h>(items: &'h mut AsyncGenerator<'_, u32, Detached>) -> Task<'h, Option<u32>, Detached> {
    let _local = Live::new("visitor's");
    items.next().await
}

#[test]
fn a_detached_line_goes_straight_to_who_asks_and_is_dropped_where_it_waits() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root(items: u32) -> FireAndForget {
        let _local = Live::new("root's");
        let mut generator = parking(2);
        for _ in 0..items {
            event(format!("{:?}", next_of(&mut generator).await));
        }
        event("drops it");
    }
    let inner = "drop inner's";
    for items in 0..=4 {
        reset(&[]);
        root(items);
        while let Some(parked) = unpark() {
            parked.resume();
        }
        let mut log = take_log();
        log.retain(|event| event != "drop visitor's");
        let expected: [&[&str]; 5] = [
            &["drops it", "drop root's"],
            &["Some(0)", "drops it", inner, inner, inner, "drop root's"],
            &["Some(0)", inner, "Some(1)", "drops it", inner, inner, "drop root's"],
            &["Some(0)", inner, "Some(1)", inner, "Some(2)", "drops it", inner, "drop root's"],
            &["Some(0)", inner, "Some(1)", inner, "Some(2)", inner, "None", "drops it", "drop root's"],
        ];
        assert_eq!(log, expected[items as usize]);
        assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
    }
    // Its continuation is dropped while the innermost waits.
    for resumed in 0..3 {
        reset(&[]);
        root(4);
        (0..resumed).for_each(|_| unpark().expect("it waits").resume());
        take_log();
        drop(unpark());
        let mut expected = vec![inner; 3 - resumed];
        expected.extend(["drop visitor's", "drop root's"]);
        assert_eq!((take_log(), alive()), (expected.into_iter().map(str::to_owned).collect(), vec![]));
    }
}

#[test]
fn a_detached_line_goes_with_a_visitor_that_loses() {
    #[coro::coroutine]
    fn at_once() -> Task<'static, Option<u32>, Detached> {
        Park.await;
        Some(7)
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root() -> FireAndForget {
        let mut items = parking(2);
        event(format!("{:?}", when_any([next_of(&mut items), at_once()]).await));
        event(format!("{:?}", items.next().await));
    }
    reset(&[]);
    root();
    let (loses, wins) = (unpark().expect("one"), unpark().expect("two"));
    wins.resume();
    drop(loses);
    let inner = "drop inner's";
    assert_eq!(take_log(), [inner, inner, inner, "drop visitor's", "(1, Some(7))", "None"]);
    assert_eq!((alive(), dropped_twice()), (vec![], vec![]));
}

#[test]
fn awaiters_that_exchange_promises_exchange_items_and_nothing_else() {
    /// Exchanges the promise of the coroutine that awaits it with one that is kept.
    struct Exchange<'e, I, W>(&'e RefCell<ItemsPromise<I, (), W>>);

    impl<I, W: World> Awaiter<ItemsPromise<I, (), W>> for Exchange<'_, I, W> {
        type Output = ();

        fn await_ready(&mut self, promise: &mut ItemsPromise<I, (), W>) -> bool {
            std::mem::swap(promise, &mut self.0.borrow_mut());
            true
        }

        fn await_suspend(
            &mut self,
            _: &mut ItemsPromise<I, (), W>,
            own: ContinuationOf<ItemsPromise<I, (), W>>,
        ) -> Option<ContinuationOf<ItemsPromise<I, (), W>>> {
            Some(own)
        }

        fn await_resume(&mut self, _: &mut ItemsPromise<I, (), W>) {}
    }

    #[coro::coroutine]
    fn exchanging(kept: &RefCell<ItemsPromise<u32, (), Polled>>, depth: u32) -> AsyncGenerator<'_, u32, Polled> {
        Exchange(kept).await;
        co_yield!(depth);
        Exchange(kept).await;
        if depth > 0 {
            co_yield!(..exchanging(kept, depth - 1));
        }
        Exchange(kept).await;
        co_yield!(depth);
    }
    let kept = RefCell::new(ItemsPromise::new());
    assert_eq!(block_on(exchanging(&kept, 2).collect::<Vec<_>>()), [2, 1, 0, 0, 1, 2]);
}

#[test]
fn one_that_hands_control_over_at_its_end_lets_its_caller_go_on_afterwards() {
    use coro::FinalSuspend;

    /// Lets another coroutine run at the end.
    struct Lets(Bench<Detached>);

    impl<P: Promise<World = Detached>> FinalSuspend<P> for Lets {
        fn final_suspend(self, _: &mut P) -> Option<Continuation<Detached>> {
            self.0.0.take()
        }
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn other(bench: Bench<Detached>) -> FireAndForget {
        (&bench).await;
        event("the other one runs");
    }
    #[coro::coroutine(final = Lets(bench.clone()))]
    fn inner(bench: Bench<Detached>) -> AsyncGenerator<'static, u32, Detached> {
        let _bench = bench;
        co_yield!(1);
    }
    #[coro::coroutine]
    fn outer(bench: Bench<Detached>, depth: u32) -> AsyncGenerator<'static, u32, Detached> {
        if depth == 0 {
            co_yield!(..inner(bench));
        } else {
            co_yield!(..outer(bench, depth - 1));
        }
        co_yield!(2);
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root(bench: Bench<Detached>, depth: u32) -> FireAndForget {
        let mut items = outer(bench, depth);
        while let Some(item) = items.next().await {
            event(item.to_string());
        }
    }
    for depth in 0..3 {
        reset(&[]);
        let bench = Bench::default();
        other(bench.clone());
        root(bench, depth);
        let mut expected = vec!["1", "the other one runs"];
        expected.extend(vec!["2"; depth as usize + 1]);
        assert_eq!(take_log(), expected);
    }
}

#[test]
fn one_that_loses_while_what_it_lets_run_at_its_end_runs_is_dropped_where_it_waits_next() {
    use coro::FinalSuspend;

    /// Lets the one run at the end that was parked first.
    struct Lets;

    impl<P: Promise<World = Detached>> FinalSuspend<P> for Lets {
        fn final_suspend(self, _: &mut P) -> Option<Continuation<Detached>> {
            unpark()
        }
    }

    /// Lets another one win, when it is let run.
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn lets_win(rival: Continuation<Detached>) -> FireAndForget {
        Park.await;
        rival.resume();
    }
    #[coro::coroutine(final = Lets)]
    fn inner() -> AsyncGenerator<'static, u32, Detached> {
        Park.await;
    }
    #[coro::coroutine]
    fn outer(depth: u32) -> AsyncGenerator<'static, u32, Detached> {
        let _local = Live::new("outer's");
        if depth == 0 {
            co_yield!(..inner());
        } else {
            co_yield!(..outer(depth - 1));
        }
        event("goes on");
        Park.await;
        event("not reached");
    }
    #[coro::coroutine]
    fn rival() -> Task<'static, Option<u32>, Detached> {
        Park.await;
        Some(7)
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root(depth: u32) -> FireAndForget {
        let mut items = outer(depth);
        event(format!("{:?}", when_any([next_of(&mut items), rival()]).await));
    }
    for depth in 0..3 {
        reset(&[]);
        root(depth);
        let (inner, rival) = (unpark().expect("the inner one"), unpark().expect("the rival"));
        lets_win(rival);
        inner.resume();
        let mut expected = vec!["goes on"];
        expected.extend(vec!["drop outer's"; depth as usize + 1]);
        expected.extend(["drop visitor's", "(1, Some(7))"]);
        assert_eq!(take_log(), expected, "{depth} deep");
        drop(unpark());
    }
}

#[test]
fn who_is_cancelled_again_while_it_is_destroyed_is_walked_as_far_as_it_is_there() {
    use coro::{Scope, Spawned};

    type Me = Rc<RefCell<Option<Spawned>>>;

    /// Cancels, and looks, wherever it is dropped.
    struct CancelsAgain(Me, &'static str);

    impl Drop for CancelsAgain {
        fn drop(&mut self) {
            event(format!("drop {}", self.1));
            if let Some(spawned) = &*self.0.borrow() {
                assert!(!format!("{spawned:?}").is_empty());
                spawned.cancel();
            }
        }
    }

    #[coro::coroutine]
    fn line(me: Me, depth: u32) -> AsyncGenerator<'static, u32, Detached> {
        let _before = CancelsAgain(me.clone(), "local");
        if depth > 0 {
            co_yield!(..line(me.clone(), depth - 1));
        } else {
            Park.await;
        }
    }
    #[coro::coroutine]
    fn member(me: Me) -> Task<'static, (), Detached> {
        let _before = CancelsAgain(me.clone(), "member's");
        let mut items = line(me, 3);
        items.next().await;
        event("not reached");
    }
    reset(&[]);
    let (scope, me) = (Scope::new(), Me::default());
    let spawned = scope.spawn(member(me.clone()));
    me.replace(Some(spawned.clone()));
    spawned.cancel();
    assert!(spawned.is_done());
    assert_eq!(take_log(), ["drop local", "drop local", "drop local", "drop local", "drop member's"]);
    me.take();
    drop(unpark());
}
