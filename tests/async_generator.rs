//! Generators that await: linked to the coroutine that asks, or polled.

#![forbid(unsafe_code)]

mod support;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use coro::{
    AsyncGenerator, Awaiter, Continuation, ContinuationOf, Detached, FireAndForget, Parks, Polled, Promise, Task,
    TryAsyncGenerator, when_all, when_any,
};
use futures::executor::{ThreadPool, block_on};
use futures::task::SpawnExt;
use support::{Live, Park, alive, attempt, event, on_256_kib, reset, take_log, unpark};

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

#[coro::coroutine]
fn count(to: u32) -> AsyncGenerator<'static, u32> {
    for n in 0..to {
        yield_now().await;
        co_yield!(n);
    }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_coroutine_asks_for_items_until_there_are_none() {
    #[coro::coroutine]
    fn sum(to: u32) -> Task<'static, u32> {
        let mut items = count(to);
        let mut sum = 0;
        while let Some(item) = items.next().await {
            sum += item;
        }
        assert_eq!(items.next().await, None);
        sum
    }
    assert_eq!(block_on(sum(5)), 10);
    assert_eq!(ThreadPool::new().expect("threads").spawn_with_handle(sum(6)).map(block_on).expect("it runs"), 15);
}

#[test]
fn an_async_block_asks_as_well() {
    let items = block_on(async {
        let mut items = count(3);
        let mut all = vec![];
        while let Some(item) = items.next().await {
            all.push(item);
        }
        all
    });
    assert_eq!(items, [0, 1, 2]);
}

/// Where one polled coroutine waits.
struct Bench<W: Parks>(Rc<RefCell<Option<Continuation<W>>>>);

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

/// Waits on a bench, in a callee, before each item.
#[coro::coroutine]
fn waiting(bench: Bench<Polled>) -> AsyncGenerator<'static, &'static str, Polled> {
    #[coro::coroutine]
    fn wait(bench: &Bench<Polled>) -> Task<'_, (), Polled> {
        let _local = Live::new("local of a callee");
        bench.await;
    }
    for item in ["one", "two"] {
        let _local = Live::new("local");
        wait(&bench).await;
        co_yield!(item);
    }
}

#[coro::coroutine]
fn visit<'h>(items: &'h mut AsyncGenerator<'_, &'static str, Polled>) -> Task<'h, Option<&'static str>, Polled> {
    let _local = Live::new("local of a visitor");
    items.next().await
}

#[test]
fn a_visit_that_is_dropped_while_the_generator_waits_loses_nothing() {
    reset(&[]);
    let bench = Bench(Rc::default());
    let mut items = waiting(bench.clone());
    // As a task that is linked, as a future, and as one of several of which another is faster.
    for _ in 0..3 {
        let mut visitor = visit(&mut items);
        assert!(poll_once(&mut visitor).is_pending());
        assert_eq!(alive().len(), 3);
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
        assert_eq!(alive(), ["local", "local of a callee"]);
    }
    let functions: Vec<_> = items.backtrace().map(|location| location.function()).collect();
    assert_eq!(functions, ["wait", "waiting"]);
    drop(bench.0.take());
    assert_eq!(poll_once(&mut visit(&mut items)), Poll::Ready(Some("one")));
    assert_eq!(poll_once(&mut items.next()), Poll::Pending);
    drop(bench.0.take());
    assert_eq!(poll_once(&mut items.next()), Poll::Ready(Some("two")));
    assert_eq!(poll_once(&mut items.next()), Poll::Ready(None));
    assert_eq!(alive(), Vec::<&str>::new());
}

#[test]
fn an_error_is_the_last_item_of_one_that_tries() {
    #[coro::coroutine]
    fn parsed(text: &str) -> TryAsyncGenerator<'_, u32, String> {
        for word in text.split(' ') {
            yield_now().await;
            co_yield!(word.parse().map_err(|_| format!("`{word}` is no number"))?);
        }
        Ok(())
    }
    #[coro::coroutine]
    fn all(text: &str) -> Task<'_, Vec<Result<u32, String>>> {
        let mut items = parsed(text);
        let mut all = vec![];
        while let Some(item) = items.next().await {
            all.push(item);
        }
        assert_eq!(items.next().await, None);
        all
    }
    assert_eq!(block_on(all("1 2")), [Ok(1), Ok(2)]);
    assert_eq!(block_on(all("1 x 2")), [Ok(1), Err("`x` is no number".to_owned())]);
}

#[test]
fn a_panic_of_the_body_surfaces_at_the_visitor_and_then_there_is_none() {
    #[coro::coroutine]
    fn failing() -> AsyncGenerator<'static, u32> {
        co_yield!(1);
        yield_now().await;
        std::panic::resume_unwind(Box::new("on purpose".to_owned()));
    }
    let mut items = failing();
    assert_eq!(block_on(items.next()), Some(1));
    #[coro::coroutine]
    fn ask<'h>(items: &'h mut AsyncGenerator<'_, u32>) -> Task<'h, Option<u32>> {
        items.next().await
    }
    assert_eq!(attempt(|| block_on(ask(&mut items))), Err("on purpose".to_owned()));
    assert_eq!(block_on(ask(&mut items)), None);
    assert_eq!(block_on(items.next()), None);
}

#[test]
fn a_generator_is_dropped_where_it_waits_from_the_leaf_outwards() {
    reset(&[]);
    let bench = Bench(Rc::default());
    let mut items = waiting(bench.clone());
    assert!(poll_once(&mut visit(&mut items)).is_pending());
    take_log();
    drop(items);
    assert_eq!(take_log(), ["drop local of a callee", "drop local"]);
    drop(bench.0.take());
}

#[test]
fn generators_ask_generators_and_a_chain_of_them_is_dropped_with_its_owner() {
    #[coro::coroutine]
    fn doubled(depth: u32) -> AsyncGenerator<'static, u32> {
        if depth == 0 {
            for n in 0..3 {
                co_yield!(n);
                yield_now().await;
            }
            return;
        }
        let mut items = doubled(depth - 1);
        while let Some(item) = items.next().await {
            co_yield!(2 * item);
        }
    }
    let mut items = doubled(5);
    assert_eq!(block_on(items.next()), Some(0));
    assert_eq!(block_on(items.next()), Some(32));
    assert!(poll_once(&mut items.next()).is_pending());
    drop(items);
}

/// Parks before each item.
#[coro::coroutine]
fn parking(name: &'static str) -> AsyncGenerator<'static, u32, Detached> {
    for n in 0..3 {
        let _local = Live::new(name);
        Park.await;
        co_yield!(n);
    }
}

#[coro::coroutine]
fn next_of<'h>(items: &'h mut AsyncGenerator<'_, u32, Detached>) -> Task<'h, Option<u32>, Detached> {
    let _local = Live::new("local of a visitor");
    items.next().await
}

#[test]
fn a_detached_coroutine_asks_and_each_item_goes_straight_to_it() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn print(name: &'static str) -> FireAndForget {
        let mut items = parking(name);
        while let Some(item) = items.next().await {
            event(format!("{name} {item}"));
        }
        event(format!("{name} has ended"));
    }
    reset(&[]);
    print("a");
    print("b");
    while let Some(parked) = unpark() {
        parked.resume();
    }
    let log: Vec<_> = take_log().into_iter().filter(|event| !event.starts_with("drop")).collect();
    assert_eq!(log, ["a 0", "b 0", "a 1", "b 1", "a 2", "a has ended", "b 2", "b has ended"]);
}

#[test]
fn dropping_the_continuation_of_a_detached_generator_destroys_it_with_who_asks() {
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root() -> FireAndForget {
        let mut items = parking("generator");
        let _local = Live::new("root");
        items.next().await;
        items.next().await;
    }
    reset(&[]);
    root();
    unpark().expect("it waits").resume();
    assert_eq!(take_log(), ["drop generator"]);
    drop(unpark());
    assert_eq!(take_log(), ["drop generator", "drop root"]);
    assert_eq!(alive(), Vec::<&str>::new());
}

#[test]
fn a_detached_generator_goes_with_a_visitor_that_loses_and_is_at_its_end_then() {
    #[coro::coroutine]
    fn at_once() -> Task<'static, Option<u32>, Detached> {
        Park.await;
        Some(7)
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root() -> FireAndForget {
        let mut items = parking("generator");
        let first = when_any([next_of(&mut items), at_once()]).await;
        event(format!("{first:?}"));
        let (next, other) = when_all((next_of(&mut items), at_once())).await;
        event(format!("{next:?} {other:?}"));
    }
    reset(&[]);
    root();
    let (loses, wins) = (unpark().expect("one"), unpark().expect("two"));
    wins.resume();
    drop(loses);
    unpark().expect("the last").resume();
    assert_eq!(
        take_log(),
        ["drop generator", "drop local of a visitor", "(1, Some(7))", "drop local of a visitor", "None Some(7)"]
    );
    assert_eq!(alive(), Vec::<&str>::new());
}

#[test]
fn a_visitor_that_loses_while_the_generator_runs_is_dropped_at_its_own_next_suspension() {
    /// Lets the rival of who asks win, and then gives the item.
    #[coro::coroutine]
    fn lets_rival_win() -> AsyncGenerator<'static, u32, Detached> {
        Park.await;
        unpark().expect("the rival").resume();
        co_yield!(1);
        co_yield!(2);
    }
    #[coro::coroutine]
    fn asks<'h>(items: &'h mut AsyncGenerator<'_, u32, Detached>) -> Task<'h, Option<u32>, Detached> {
        let _local = Live::new("local of a visitor");
        event(format!("{:?}", items.next().await));
        Park.await;
        event("not reached");
        None
    }
    #[coro::coroutine]
    fn rival() -> Task<'static, Option<u32>, Detached> {
        Park.await;
        Some(7)
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn root() -> FireAndForget {
        let mut items = lets_rival_win();
        event(format!("{:?}", when_any([asks(&mut items), rival()]).await));
        event(format!("{:?}", items.next().await));
    }
    reset(&[]);
    root();
    unpark().expect("the generator").resume();
    assert_eq!(take_log(), ["Some(1)", "drop local of a visitor", "(1, Some(7))", "Some(2)"]);
    drop(unpark());
    assert_eq!((take_log(), alive()), (vec![], vec![]));
}

#[test]
fn a_million_items_need_no_stack_and_neither_do_a_hundred_thousand_nested_ones() {
    #[coro::coroutine]
    fn numbers(to: u32) -> AsyncGenerator<'static, u32, Detached> {
        for n in 0..to {
            co_yield!(n);
        }
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn sum(to: u32, sum: Rc<Cell<u64>>) -> FireAndForget {
        let mut numbers = numbers(to);
        while let Some(number) = numbers.next().await {
            sum.set(sum.get() + u64::from(number));
        }
    }
    /// Lends a generator down, and asks it at the innermost.
    #[coro::coroutine]
    fn nested<'h>(items: &'h mut AsyncGenerator<'_, u32>, depth: u32) -> Task<'h, Option<u32>> {
        if depth == 0 { items.next().await } else { nested(items, depth - 1).await }
    }
    on_256_kib(|| {
        let total = Rc::new(Cell::new(0));
        sum(1_000_000, total.clone());
        assert_eq!(total.get(), 499_999_500_000);
        let mut items = count(2);
        assert_eq!(block_on(nested(&mut items, 100_000)), Some(0));
        let mut visitor = nested(&mut items, 100_000);
        assert!(poll_once(&mut visitor).is_pending());
        drop(visitor);
        assert_eq!(block_on(items.next()), Some(1));
    });
}

#[test]
fn only_the_leaf_is_polled_however_many_ask_each_other() {
    let polls = Rc::new(Cell::new(0));
    #[coro::coroutine]
    fn leaf(polls: Rc<Cell<u32>>) -> AsyncGenerator<'static, u32, Polled> {
        let mut left = 10;
        poll_fn(|context| {
            polls.set(polls.get() + 1);
            left -= 1;
            context.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        co_yield!(1);
    }
    #[coro::coroutine]
    fn outer(polls: Rc<Cell<u32>>, depth: u32) -> AsyncGenerator<'static, u32, Polled> {
        if depth == 0 {
            let mut items = leaf(polls);
            co_yield!(items.next().await.expect("an item"));
        } else {
            let mut items = outer(polls, depth - 1);
            co_yield!(items.next().await.expect("an item"));
        }
    }
    let mut items = outer(polls.clone(), 50);
    assert_eq!(block_on(items.next()), Some(1));
    assert_eq!(polls.get(), 10);
}

mod threads {
    use std::sync::mpsc;
    use std::thread;

    use coro::Sendable;

    use super::*;

    type Anywhere = Detached<Sendable>;

    /// Goes on, on a thread of its own.
    struct Hop;

    impl<P: Promise<World = Anywhere>> Awaiter<P> for Hop {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, me: Continuation<Anywhere>) -> Option<Continuation<Anywhere>> {
            thread::spawn(|| me.resume());
            None
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine]
    fn hopping() -> AsyncGenerator<'static, thread::ThreadId, Anywhere> {
        for _ in 0..500 {
            co_yield!(thread::current().id());
            Hop.await;
        }
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn collect(sender: mpsc::Sender<Vec<thread::ThreadId>>) -> FireAndForget<Sendable> {
        let (mut items, mut all) = (hopping(), vec![]);
        while let Some(item) = items.next().await {
            assert_eq!(item, thread::current().id());
            all.push(item);
        }
        sender.send(all).expect("somebody waits");
    }

    #[test]
    fn a_generator_that_changes_threads_takes_who_asks_with_it() {
        let (sender, receiver) = mpsc::channel();
        collect(sender);
        let all = receiver.recv().expect("all");
        assert_eq!(all.len(), 500);
        // One that is resumed before it is off the stack goes on where it was, so not each hop changes threads.
        assert!(all.iter().any(|thread| *thread != all[0]));
    }
}

#[coro::coroutine]
fn addresses() -> AsyncGenerator<'static, (usize, bool)> {
    let local = [7_u8; 64];
    let borrow = &local;
    for _ in 0..3 {
        yield_now().await;
        co_yield!((std::ptr::from_ref(&local).addr(), std::ptr::eq(borrow, &raw const local)));
    }
}

#[test]
fn locals_stay_where_they_are_when_the_generator_is_moved() {
    let mut on_stack = addresses();
    let first = block_on(on_stack.next());
    // In the middle of an item, too.
    assert!(poll_once(&mut on_stack.next()).is_pending());
    let mut boxed = Box::new([None, Some(on_stack)]);
    let second = block_on(boxed[1].as_mut().expect("it is there").next());
    let mut moved = vec![addresses(), boxed[1].take().expect("it is there")].swap_remove(1);
    assert_eq!([second, block_on(moved.next())], [first; 2]);
    assert!(first.expect("an item").1, "its borrow points at it");
}

/// Holds an argument and a local, and awaits who holds one. Its value is not counted: rustc would lose it if a local
/// panicked as it is dropped (rust-lang/rust#47949).
#[coro::coroutine]
fn lively(_argument: Live, fails: bool) -> TryAsyncGenerator<'static, Live, &'static str> {
    #[coro::coroutine]
    fn wait() -> Task<'static, ()> {
        let _local = Live::new("local of a callee");
        yield_now().await;
    }
    let _local = Live::new("local");
    event("begins");
    for _ in 0..2 {
        let _local = Live::new("local of the loop");
        wait().await;
        co_yield!(Live::new("item"));
    }
    if fails { Err("failed") } else { Ok(()) }
}

/// Polls so often, and keeps the items until the generator has gone; how many events there were.
fn poll_lively(polls: usize, fails: bool, armed: &[usize]) -> usize {
    reset(armed);
    let mut kept = vec![];
    let ended = attempt(|| {
        let mut items = lively(Live::new("argument"), fails);
        for _ in 0..polls {
            let was_over = items.location().is_none();
            match attempt(|| poll_once(&mut items.next())) {
                Ok(Poll::Ready(Some(item))) => kept.push(item),
                Ok(Poll::Ready(None)) => assert!(items.location().is_none(), "it is at its end"),
                Ok(Poll::Pending) => assert!(!was_over),
                Err(_) => assert!(!was_over && items.location().is_none(), "a panic is its end"),
            }
        }
    });
    assert!(ended.is_ok() || !armed.is_empty());
    let all: Vec<_> = kept.iter().flatten().map(|item| item.name).collect();
    assert_eq!(alive(), all, "what it gave is its receiver's, and the rest has gone: {armed:?} of {polls}");
    support::disarm();
    drop(kept);
    assert_eq!((alive(), support::dropped_twice()), (vec![], vec![]));
    support::log().len()
}

#[test]
fn what_it_holds_is_dropped_once_wherever_it_stops_or_panics() {
    // Two polls for each item, one for the end, one after it.
    for (polls, fails) in (0..=6).flat_map(|polls| [(polls, false), (polls, true)]) {
        let events = poll_lively(polls, fails, &[]);
        for event in 0..events {
            poll_lively(polls, fails, &[event]);
        }
    }
}

#[test]
fn one_that_panics_before_its_first_item_or_after_one_gives_none_for_ever() {
    #[coro::coroutine]
    fn panics_after(items: u32, _argument: Live) -> AsyncGenerator<'static, Live> {
        let _local = Live::new("local");
        for _ in 0..items {
            co_yield!(Live::new("item"));
        }
        std::panic::resume_unwind(Box::new("out of items"));
    }
    for items in 0..3 {
        reset(&[]);
        let mut generator = panics_after(items, Live::new("argument"));
        for _ in 0..items {
            assert_eq!(block_on(generator.next()).expect("not yet").name, "item");
        }
        take_log();
        assert_eq!(attempt(|| block_on(generator.next())).map(drop), Err("out of items".to_owned()), "after {items}");
        assert_eq!(take_log(), ["drop local", "drop argument"]);
        for _ in 0..2 {
            assert!(block_on(generator.next()).is_none());
        }
        assert!(generator.location().is_none());
        assert_eq!((alive(), support::dropped_twice()), (vec![], vec![]));
    }
}

mod streams {
    use futures::stream::FusedStream;
    use futures::{FutureExt, Stream, StreamExt};

    use super::*;

    #[test]
    fn a_generator_is_a_stream_with_all_that_streams_can_do() {
        let squares = block_on(count(4).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(squares, [0, 1, 4, 9]);
        let mut items = count(2).fuse();
        let mut seen = vec![];
        block_on(async {
            loop {
                futures::select! {
                    item = items.next() => match item {
                        Some(item) => seen.push(item),
                        None => break,
                    },
                    () = std::future::pending::<()>().fuse() => unreachable!(),
                }
            }
        });
        assert_eq!(seen, [0, 1]);
    }

    #[test]
    fn it_promises_no_number_of_items_and_says_when_there_are_no_more() {
        let mut items = count(1);
        assert_eq!(items.size_hint(), (0, None));
        assert!(!items.is_terminated(), "nobody has asked it yet");
        assert!(poll_once(&mut StreamExt::next(&mut items)).is_pending() && !items.is_terminated());
        assert_eq!(block_on(StreamExt::next(&mut items)), Some(0));
        assert!(!items.is_terminated(), "it does not know yet");
        assert_eq!(block_on(StreamExt::next(&mut items)), None);
        assert!(items.is_terminated());
        assert_eq!(block_on(count(3).zip(count(9)).map(|(a, b)| a * b).collect::<Vec<_>>()), [0, 1, 4]);
    }

    #[test]
    fn one_whose_last_item_is_an_error_is_not_terminated_before_that_was_taken() {
        #[coro::coroutine]
        fn fails() -> TryAsyncGenerator<'static, u32, &'static str> {
            co_yield!(1);
            yield_now().await;
            Err("the last")
        }
        let mut items = fails();
        let mut seen = vec![];
        while !items.is_terminated() && seen.len() < 9 {
            seen.push(block_on(StreamExt::next(&mut items)));
        }
        assert_eq!(seen, [Some(Ok(1)), Some(Err("the last"))]);
        let mut panics = count(2).map(|_| -> u32 { std::panic::resume_unwind(Box::new("in the closure")) });
        assert!(attempt(|| block_on(panics.next())).is_err());
    }
}

/// `ToVisitor` may be awaited where nobody visits: then there is nobody to go back to.
mod without_a_visitor {
    use coro::{Scope, ToVisitor};

    use super::*;

    #[coro::coroutine]
    fn yields_to_nobody(name: &'static str) -> Task<'static, u32, Detached> {
        let _local = Live::new(name);
        ToVisitor.await;
        Park.await;
        ToVisitor.await;
        event(format!("{name} goes on"));
        7
    }

    #[test]
    fn a_member_of_a_scope_goes_on_and_is_dropped_once() {
        reset(&[]);
        let scope = Scope::new();
        let spawned = scope.spawn(yields_to_nobody("member"));
        assert!(!spawned.is_done());
        unpark().expect("it waits").resume();
        assert!(spawned.is_done());
        assert_eq!(take_log(), ["member goes on", "drop member"]);
    }

    #[test]
    fn a_polled_callee_goes_on() {
        #[coro::coroutine]
        fn callee() -> Task<'static, u32> {
            ToVisitor.await;
            yield_now().await;
            ToVisitor.await;
            7
        }
        #[coro::coroutine]
        fn caller() -> Task<'static, u32> {
            callee().await + callee().await
        }
        assert_eq!(block_on(caller()), 14);
    }

    #[test]
    fn a_branch_a_callee_and_a_root_go_on() {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn root() -> FireAndForget {
            let _local = Live::new("root");
            ToVisitor.await;
            let (branch, callee) = (when_all([yields_to_nobody("branch")]).await, yields_to_nobody("callee").await);
            event(format!("{branch:?} {callee}"));
        }
        reset(&[]);
        root();
        while let Some(parked) = unpark() {
            parked.resume();
        }
        let log = ["branch goes on", "drop branch", "callee goes on", "drop callee", "[7] 7", "drop root"];
        assert_eq!(take_log(), log);
    }
}
