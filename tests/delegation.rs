//! `co_yield!(..other)`: deep trees, and what users' own coroutine types make of it.
#![forbid(unsafe_code)]

mod support;

use std::time::{Duration, Instant};

use coro::{Awaiter, Callee, Continuation, CoroutineHandle, Generator, SuspendAlways};
use support::{Live, attempt, on_256_kib};

/// A tree, each node of which knows its children's numbers.
struct Tree(Vec<Vec<usize>>);

impl Tree {
    /// A tree that is a line, `nodes` deep.
    fn line(nodes: usize) -> Self {
        Self((1..=nodes).map(|child| if child < nodes { vec![child] } else { vec![] }).collect())
    }

    /// Each node is visited before its children, and again after them.
    #[coro::coroutine]
    fn walk(&self, node: usize) -> Generator<'_, usize> {
        co_yield!(node);
        for child in &self.0[node] {
            co_yield!(..self.walk(*child));
        }
        co_yield!(node);
    }
}

const DEEP: usize = 100_000;

#[test]
fn a_tree_that_is_a_line_of_a_hundred_thousand_nodes_is_walked_on_a_small_stack() {
    on_256_kib(|| {
        let tree = Tree::line(DEEP);
        assert!(tree.walk(0).eq((0..DEEP).chain((0..DEEP).rev())));
        let mut half_way = tree.walk(0);
        assert_eq!(half_way.nth(DEEP / 2), Some(DEEP / 2));
        assert_eq!(half_way.backtrace().count(), DEEP / 2 + 1);
    });
}

/// The shortest of five walks.
fn time_of_walk(tree: &Tree) -> Duration {
    let walk = |_| {
        let start = Instant::now();
        assert_eq!(tree.walk(0).count(), 2 * tree.0.len());
        start.elapsed()
    };
    (0..5).map(walk).min().expect("five")
}

#[test]
fn a_walk_takes_time_in_proportion_to_the_nodes_however_deep_they_are() {
    on_256_kib(|| {
        let (small, large) = (time_of_walk(&Tree::line(DEEP / 64)), time_of_walk(&Tree::line(DEEP)));
        // 64 times the nodes. If each item went through all the nodes above, it would be 4096 times the time.
        assert!(large < small * 64 * 16, "{large:?} for the large tree, {small:?} for the small one");
    });
}

/// A user's coroutine type: it yields lines, and delegating to another gives what that one returned.
struct Chapter<'a>(CoroutineHandle<'a, ChapterPromise>);

#[derive(Default)]
struct ChapterPromise {
    line: Option<String>,
    returned: Option<usize>,
}

#[coro::promise(await = none)]
impl ChapterPromise {
    fn new() -> Self {
        Self::default()
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Chapter<'_> {
        Chapter(handle)
    }

    fn yield_value(&mut self, line: String) -> SuspendAlways {
        self.line = Some(line);
        SuspendAlways
    }

    fn yield_from<'a>(&mut self, other: Chapter<'a>) -> Chapter<'a> {
        other
    }

    /// Several lines at once are one.
    fn yield_from<'l>(&mut self, lines: &'l [&'l str]) -> Joined {
        self.line = Some(lines.join(" / "));
        Joined(lines.len())
    }

    fn return_value(&mut self, lines: usize) {
        self.returned = Some(lines);
    }
}

impl<'a> Callee<'a> for Chapter<'a> {
    type Promise = ChapterPromise;
    type Output = usize;

    fn into_handle(self) -> CoroutineHandle<'a, ChapterPromise> {
        self.0
    }

    fn result(promise: &mut ChapterPromise) -> usize {
        promise.returned.take().expect("it has ended")
    }
}

/// Suspends; then gives how many lines there were.
struct Joined(usize);

impl Awaiter<ChapterPromise> for Joined {
    type Output = usize;

    fn await_suspend(&mut self, _: &mut ChapterPromise, _: Continuation) -> Option<Continuation> {
        None
    }

    fn await_resume(&mut self, _: &mut ChapterPromise) -> usize {
        self.0
    }
}

impl Iterator for Chapter<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.try_resume();
        self.0.innermost_promise_mut().line.take()
    }
}

#[coro::coroutine]
fn book(author: &str) -> Chapter<'_> {
    co_yield!(format!("by {author}"));
    let first = co_yield!(..chapter(1, author));
    let second = co_yield!(..chapter(2, author));
    let last = co_yield!(..&["the", "end"][..]);
    co_yield!(format!("{first} + {second} + {last}"));
    first + second + last
}

#[coro::coroutine]
fn chapter<'a>(number: usize, author: &'a str) -> Chapter<'a> {
    for line in 1..=number {
        co_yield!(format!("{number}.{line} {}", &author[..number]));
    }
    number
}

#[test]
fn what_delegation_means_and_gives_is_the_types_own() {
    let author = String::from("Ann");
    let mut book = book(&author);
    let lines: Vec<_> = book.by_ref().collect();
    assert_eq!(lines, ["by Ann", "1.1 A", "2.1 An", "2.2 An", "the / end", "1 + 2 + 2"]);
    assert_eq!(book.0.promise().returned, Some(5));
}

#[coro::coroutine]
fn breaks_off(_: Live) -> Chapter<'static> {
    let _local = Live::new("inner local");
    co_yield!("a line".to_owned());
    std::panic::resume_unwind(Box::new("broken off"));
}

#[coro::coroutine]
fn goes_on(inner: Chapter<'static>) -> Chapter<'static> {
    let _local = Live::new("outer local");
    co_yield!(..inner)
}

#[test]
fn a_panic_of_the_inner_one_goes_through_the_outer_one_and_ends_both() {
    support::reset(&[]);
    let mut outer = goes_on(goes_on(breaks_off(Live::new("argument"))));
    assert_eq!(outer.next().as_deref(), Some("a line"));
    assert_eq!(attempt(|| outer.next()), Err("broken off".to_owned()));
    assert_eq!(support::take_log(), ["drop inner local", "drop argument", "drop outer local", "drop outer local"]);
    assert_eq!((outer.next(), outer.next(), outer.0.is_done()), (None, None, true));
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[test]
fn an_inner_one_is_dropped_with_its_outer_one_begun_or_not() {
    for taken in 0..=1 {
        support::reset(&[]);
        let mut outer = goes_on(goes_on(breaks_off(Live::new("argument"))));
        assert_eq!(outer.by_ref().take(taken).count(), taken);
        drop(outer);
        let expected = ["drop inner local", "drop argument", "drop outer local", "drop outer local"];
        assert_eq!(support::take_log(), if taken == 0 { &expected[1..2] } else { &expected[..] });
        assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
    }
}

/// A user's coroutine that is talked to, and delegates to its like, begun or not: a question out, an answer in.
struct Quiz<'a>(CoroutineHandle<'a, QuizPromise>);

#[derive(Default)]
struct QuizPromise {
    question: Option<String>,
    answer: Option<String>,
    points: Option<u32>,
}

#[coro::promise(await = none)]
impl QuizPromise {
    fn new() -> Self {
        Self::default()
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Quiz<'_> {
        Quiz(handle)
    }

    fn yield_value(&mut self, question: &str) -> Answered {
        self.question = Some(question.to_owned());
        Answered
    }

    fn yield_from<'a>(&mut self, mut other: Quiz<'a>) -> Part<'a> {
        self.question = other.0.innermost_promise_mut().question.take();
        Part(other, self.question.is_some())
    }

    fn return_value(&mut self, points: u32) {
        self.points = Some(points);
    }
}

struct Answered;

impl Awaiter<QuizPromise> for Answered {
    type Output = String;

    fn await_suspend(&mut self, _: &mut QuizPromise, _: Continuation) -> Option<Continuation> {
        None
    }

    fn await_resume(&mut self, promise: &mut QuizPromise) -> String {
        promise.answer.take().expect("it is resumed with an answer")
    }
}

/// Another quiz, and whether it has asked already.
struct Part<'a>(Quiz<'a>, bool);

impl<'a> Callee<'a> for Part<'a> {
    type Promise = QuizPromise;
    type Output = u32;

    fn suspends_first(&self) -> bool {
        self.1
    }

    fn suspended_first(innermost: &mut QuizPromise, of_caller: &mut QuizPromise) {
        innermost.answer = of_caller.answer.take();
    }

    fn into_handle(self) -> CoroutineHandle<'a, QuizPromise> {
        self.0.0
    }

    fn result(promise: &mut QuizPromise) -> u32 {
        promise.points.take().expect("it has ended")
    }
}

impl Quiz<'_> {
    fn ask(&mut self, answer: Option<&str>) -> Option<String> {
        self.0.innermost_promise_mut().answer = answer.map(str::to_owned);
        self.0.pull(|promise| promise.question.take())
    }
}

#[coro::coroutine]
fn quiz(begun: bool) -> Quiz<'static> {
    let part = if begun { begins(3) } else { sum(3) };
    10 * co_yield!(..part) + u32::from(co_yield!("2 * 3?") == "6")
}

#[coro::coroutine(initial = suspend_never)]
fn begins(number: u32) -> Quiz<'static> {
    co_yield!(..sum(number))
}

#[coro::coroutine]
fn sum(number: u32) -> Quiz<'static> {
    u32::from(co_yield!(&format!("{number} + 1?")) == "4")
}

#[test]
fn an_answer_goes_to_the_innermost_of_a_users_own_type_even_if_that_had_asked_before() {
    for begun in [false, true] {
        let mut quiz = quiz(begun);
        assert_eq!(quiz.ask(None).as_deref(), Some("3 + 1?"), "begun: {begun}");
        assert_eq!(quiz.ask(Some("4")).as_deref(), Some("2 * 3?"));
        assert_eq!((quiz.ask(Some("6")), quiz.0.promise().points), (None, Some(11)));
    }
}
