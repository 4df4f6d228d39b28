//! Where coroutines say that they are suspended, and how they show themselves.
#![forbid(unsafe_code)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use coro::{
    Awaiter, Continuation, Detached, FireAndForget, Generator, Location, Polled, Promise, Propagate, Signal,
    StateMachine, Task,
};
use support::{Live, Mode, Owned, Wait};

/// What stands in this file where `location` says.
fn source_at(location: Location) -> &'static str {
    assert_eq!(location.file().replace('\\', "/"), "tests/location.rs");
    let line = include_str!("location.rs").lines().nth(location.line() as usize - 1).expect("there is such a line");
    &line[location.column() as usize - 1..]
}

/// The line of the first place where `marker` stands.
fn line_of(marker: &str) -> u32 {
    let marked = include_str!("location.rs").lines().position(|line| line.contains(marker)).expect("it is there");
    u32::try_from(marked).expect("few") + 1
}

macro_rules! through {
    ($($tokens:tt)*) => { $($tokens)* };
}

macro_rules! wait_in_a_macro {
    ($($tokens:tt)*) => { co_await!($($tokens)*) };
}

fn stay() -> Wait {
    Wait::new("stay", Mode::Stay)
}

#[coro::coroutine]
fn points() -> Owned<'static, Propagate> {
    stay().await;
    stay() // The line breaks here.
        .await;
    co_await!(stay());
    co_yield!(1 + 1);
    let _ = [stay().await, co_yield!(3)];
    let _ = vec![stay().await, co_yield!(4)];
    through!(co_yield!(5));
    wait_in_a_macro!(stay());
    Live::new("value")
}

/// For each suspension: how many lines below the signature, what is awaited, and what stands there.
const POINTS: [(u32, &str, &str); 9] = [
    (1, "stay().await", "await;"),
    (3, "stay().await", "await;"),
    (4, "co_await!(stay())", "co_await!(stay());"),
    (5, "co_yield!(1 + 1)", "co_yield!(1 + 1);"),
    (6, "stay().await", "await, "),
    (6, "co_yield!(3)", "co_yield!(3)]"),
    (7, "stay()", "await, "),
    (7, "co_yield!(4)", "co_yield!(4)]"),
    (8, "co_yield!(5)", "co_yield!(5));"),
];

#[test]
fn each_suspension_is_located_where_it_is_written() {
    let mut points = points();
    let signature = line_of("fn points()");
    let initial = points.0.location().expect("it is suspended");
    assert_eq!((initial.function(), initial.line(), initial.expression()), ("points", signature, "initial suspend"));
    assert!(source_at(initial).starts_with("points()"));
    for (lines, expression, source) in POINTS {
        points.0.resume();
        let location = points.0.location().expect("it is suspended");
        assert_eq!((location.function(), location.line()), ("points", signature + lines), "{location}");
        assert!(source_at(location).starts_with(source), "{location} is at {:?}", source_at(location));
        // In the input of a macro, `.await` may be shown as the `co_await!` that it becomes.
        let in_a_macro = expression == "stay()" && location.expression().contains(expression);
        assert!(location.expression() == expression || in_a_macro, "{location}");
    }
    points.0.resume();
    let location = points.0.location().expect("it is suspended");
    assert!(location.expression().contains("stay()"), "{location}");
    // A suspension that a macro makes may be located in the macro, or where that is used.
    assert!([signature + 9, line_of("macro_rules! wait_in_a_macro") + 1].contains(&location.line()), "{location}");
    points.0.resume();
    assert!(points.0.is_done() && points.0.location().is_none());
    assert_eq!((points.0.backtrace().count(), points.0.backtrace().to_string()), (0, String::new()));
    assert_eq!(format!("{:?}", points.0), "CoroutineHandle(points, ended)");
}

#[coro::coroutine]
fn outer() -> Generator<'static, u32> {
    co_yield!(..middle());
    co_yield!(2);
}

#[coro::coroutine]
fn middle() -> Generator<'static, u32> {
    co_yield!(..inner());
}

#[coro::coroutine]
fn inner() -> Generator<'static, u32> {
    co_yield!(0);
    co_yield!(1);
}

/// What `location` displays as, where `found`, the awaited expression, stands `lines` below the signature of `function`.
fn display(function: &str, lines: u32, indent: &str, expression: &str) -> String {
    let line = line_of(&format!("fn {function}(")) + lines;
    format!("{function} at {}:{line}:{}: {expression}\n", file!(), indent.len() + 1)
}

#[test]
fn the_backtrace_of_a_generator_leads_from_the_innermost_one_to_itself() {
    let mut generator = outer();
    assert_eq!(generator.backtrace().to_string(), display("outer", 0, "fn ", "initial suspend"));
    let callers =
        display("middle", 1, "    ", "co_yield!(..inner())") + &display("outer", 1, "    ", "co_yield!(..middle())");
    for (item, leaf) in [(0, "co_yield!(0)"), (1, "co_yield!(1)")] {
        assert_eq!(generator.next(), Some(item));
        assert_eq!(generator.backtrace().to_string(), display("inner", 1 + item, "    ", leaf) + &callers);
        let location = generator.location().expect("it is suspended").to_string();
        assert_eq!(location + "\n", display("inner", 1 + item, "    ", leaf));
    }
    assert_eq!(generator.next(), Some(2));
    let shown = display("outer", 2, "    ", "co_yield!(2)");
    assert_eq!(generator.backtrace().to_string(), shown);
    assert_eq!(format!("{generator:?}"), format!("Generator({})", shown.trim_end()));
    assert_eq!(format!("{:?}", generator.backtrace()), format!("[Location({})]", shown.trim_end()));
    assert_eq!(generator.next(), None);
    assert_eq!((generator.location().is_none(), generator.backtrace().next().is_none()), (true, true));
    assert_eq!(format!("{generator:?}"), "Generator(outer, ended)");
}

type K = Continuation<Detached>;

/// Awaited, notes how its continuation shows itself inside `await_suspend`, and keeps it.
struct Keep<'k>(&'k RefCell<Option<K>>, &'k RefCell<String>);

impl<P: Promise<World = Detached>> Awaiter<P> for Keep<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.1.replace(format!("{}{own:?}", own.backtrace()));
        self.0.replace(Some(own));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

type Kept = Rc<(RefCell<Option<K>>, RefCell<String>)>;

#[coro::coroutine]
fn helper(kept: Kept) -> Task<'static, (), Detached> {
    Keep(&kept.0, &kept.1).await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn root(kept: Kept) -> FireAndForget {
    helper(kept.clone()).await;
    Keep(&kept.0, &kept.1).await;
}

#[test]
fn the_backtrace_of_a_continuation_leads_from_the_leaf_to_the_root() {
    let kept = Kept::default();
    let await_at = |before: &str| " ".repeat(before.len());
    root(kept.clone());
    let leaf = display("helper", 1, &await_at("    Keep(&kept.0, &kept.1)."), "Keep(&kept.0, &kept.1).await");
    let expected =
        leaf.clone() + &display("root", 1, &await_at("    helper(kept.clone())."), "helper(kept.clone()).await");
    let continuation = kept.0.take().expect("it is kept");
    assert_eq!(continuation.backtrace().to_string(), expected);
    assert_eq!(format!("{continuation:?}"), format!("Continuation({})", leaf.trim_end()));
    assert_eq!(kept.1.take(), expected + &format!("Continuation({})", leaf.trim_end()), "inside `await_suspend`");
    continuation.resume();
    let expected = display("root", 2, &await_at("    Keep(&kept.0, &kept.1)."), "Keep(&kept.0, &kept.1).await");
    assert_eq!(kept.0.take().expect("it is kept").backtrace().to_string(), expected);
    assert_eq!(kept.1.take(), expected.clone() + &format!("Continuation({})", expected.trim_end()));
}

/// Awaited, keeps its continuation and panics.
struct KeepAndPanic<'k>(&'k RefCell<Option<K>>);

impl<P: Promise<World = Detached>> Awaiter<P> for KeepAndPanic<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.0.replace(Some(own));
        std::panic::resume_unwind(Box::new("kept"));
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn panicking_helper(kept: Kept) -> Task<'static, (), Detached> {
    KeepAndPanic(&kept.0).await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn root_of_a_panic(kept: Kept) -> FireAndForget {
    panicking_helper(kept).await;
}

#[test]
fn the_backtrace_of_a_continuation_whose_coroutine_has_ended_is_empty_however_often_it_is_asked() {
    let kept = Kept::default();
    assert_eq!(support::attempt(|| root_of_a_panic(kept.clone())).map(drop), Err("kept".to_owned()));
    let stale = kept.0.take().expect("it is kept");
    let mut backtrace = stale.backtrace();
    // The second time would look at the caller, which is gone.
    assert!(backtrace.next().is_none() && backtrace.next().is_none());
    assert!(format!("{stale:?}").starts_with("Continuation(panicking_helper"), "{stale:?}");
}

#[coro::coroutine]
fn machine() -> StateMachine<'static, u8, u8> {
    Signal.await
}

#[coro::coroutine]
fn polled_task() -> Task<'static, (), Polled> {}

#[test]
fn every_coroutine_type_shows_its_function_and_where_it_is() {
    let mut machine = machine();
    let initial = display("machine", 0, "fn ", "initial suspend");
    assert_eq!(format!("{machine:?}"), format!("StateMachine({})", initial.trim_end()));
    machine.send_signal(1).expect("it waits");
    assert_eq!(format!("{machine:?}"), "StateMachine(machine, ended)");
    let initial = display("helper", 0, "fn ", "initial suspend");
    let task = helper(Kept::default());
    assert_eq!(format!("{task:?}"), format!("Task({})", initial.trim_end()));
    let initial = display("polled_task", 0, "fn ", "initial suspend");
    let task = polled_task();
    assert_eq!(format!("{task:?}"), format!("Task({})", initial.trim_end()));
    let kept = Kept::default();
    let detached = root(kept.clone());
    assert!(format!("{detached:?}").starts_with("FireAndForget"));
    // It holds the place where its continuation is: a cycle, unless it is taken out.
    drop(kept.0.take());
}

#[coro::coroutine]
fn waits_for_ever() -> Task<'static, (), Polled> {
    std::future::pending().await
}

#[coro::coroutine]
fn waits_for_it() -> Task<'static, (), Polled> {
    waits_for_ever().await;
}

#[test]
fn the_backtrace_of_a_polled_task_leads_from_the_innermost_one_to_itself() {
    let mut task = waits_for_it();
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut task).poll(context).is_pending());
    let waiting: Vec<_> = task.backtrace().map(|at| (at.function(), at.expression())).collect();
    let innermost = ("waits_for_ever", "std::future::pending().await");
    assert_eq!(waiting, [innermost, ("waits_for_it", "waits_for_ever().await")]);
    assert_eq!(task.location().map(|at| at.function()), Some(innermost.0));
}

#[cfg(not(feature = "tracing"))]
#[test]
fn runs_are_counted_with_the_feature_tracing_only() {
    assert_eq!(outer().location().expect("it has not begun").run(), None);
}
