//! S3, S5, S7: coroutines that await coroutines, in the detached world.
#![forbid(unsafe_code)]

mod support;

use std::cell::RefCell;
use std::fmt::Debug;
use std::num::ParseIntError;
use std::rc::Rc;

use coro::{Callee, CoroutineHandle, Detached, FireAndForget, LocalWorld, Panic, Task};
use support::{Live, Park, attempt, event};

/// Where a detached coroutine leaves what it found out.
type Found<T> = Rc<RefCell<Option<T>>>;

/// Runs a coroutine that leaves its result in the place it is given, resumes it `resumptions` times, and returns the result.
fn found<T>(start: impl FnOnce(Found<T>) -> FireAndForget, resumptions: usize) -> T {
    let place = Rc::new(RefCell::new(None));
    start(place.clone());
    for _ in 0..resumptions {
        assert!(place.borrow().is_none(), "it ended too early");
        support::unpark().expect("it is parked").resume();
    }
    place.take().expect("it has ended")
}

#[coro::coroutine]
fn collects<'a>(numbers: &'a mut Vec<u32>, limit: &'a u32) -> Task<'a, &'a mut u32, Detached> {
    for number in 0..*limit {
        Park.await;
        numbers.push(number);
    }
    &mut numbers[0]
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn lends(place: Found<Vec<u32>>) -> FireAndForget {
    let mut numbers = vec![];
    let first = collects(&mut numbers, &2).await;
    *first = 10;
    Park.await;
    *collects(&mut numbers, &1).await += 1;
    place.replace(Some(numbers));
}

#[test]
fn a_callee_borrows_from_its_caller_across_suspensions_and_gives_the_borrow_back() {
    assert_eq!(found(lends, 4), [11, 1, 0]);
}

#[coro::coroutine]
fn parse(text: &str) -> Task<'_, Result<u32, ParseIntError>, Detached> {
    Park.await;
    let number = text.parse()?;
    event(format!("parsed {text}"));
    Ok(number)
}

#[coro::coroutine]
fn parse_both(texts: [&'static str; 2], _: Live) -> Task<'static, Result<u32, ParseIntError>, Detached> {
    let _local = Live::new("local");
    Ok(parse(texts[0]).await? * 100 + parse(texts[1]).await?)
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn parses(texts: [&'static str; 2], place: Found<Result<u32, ParseIntError>>) -> FireAndForget {
    let result = parse_both(texts, Live::new("argument")).await;
    event("the caller goes on");
    place.replace(Some(result));
}

#[test]
fn two_callees_of_one_expression_run_one_after_the_other() {
    support::reset(&[]);
    assert_eq!(found(|place| parses(["4", "2"], place), 2), Ok(402));
    assert_eq!(support::take_log(), ["parsed 4", "parsed 2", "drop local", "drop argument", "the caller goes on"]);
}

#[test]
fn the_error_of_a_callee_ends_its_caller_by_a_question_mark() {
    support::reset(&[]);
    let error = found(|place| parses(["four", "2"], place), 1).expect_err("not a number");
    assert_eq!(error.to_string(), "invalid digit found in string");
    assert_eq!(support::take_log(), ["drop local", "drop argument", "the caller goes on"]);
    assert!(support::unpark().is_none(), "the second one was never called");
}

#[coro::coroutine]
fn panics_after_a_while(own: Live, message: &'static str) -> Task<'static, String, Detached> {
    let _local = Live::new("callee's local");
    Park.await;
    std::panic::resume_unwind(Box::new(format!("{message}, {}", own.name)));
}

#[coro::coroutine]
fn passes_it_on(lent: &Live) -> Task<'_, String, Detached> {
    let _local = Live::new("middle local");
    let text = panics_after_a_while(Live::new("own"), "failed").await;
    event("the middle went on");
    format!("{text} {}", lent.name)
}

/// Awaited, gives what its body returned or panicked with.
struct Attempt<'a, T>(CoroutineHandle<'a, AttemptPromise<T>>);

struct AttemptPromise<T> {
    outcome: Option<Result<T, Panic>>,
}

#[coro::promise(world = Detached)]
impl<T> AttemptPromise<T> {
    fn new() -> Self {
        Self { outcome: None }
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Attempt<'_, T> {
        Attempt(handle)
    }

    fn return_value(&mut self, value: T) {
        self.outcome = Some(Ok(value));
    }

    fn unhandled_exception(&mut self, panic: Panic) {
        self.outcome = Some(Err(panic));
    }
}

impl<'a, T: 'a> Callee<'a> for Attempt<'a, T> {
    type Promise = AttemptPromise<T>;
    type Output = Result<T, Panic>;

    fn into_handle(self) -> CoroutineHandle<'a, AttemptPromise<T>> {
        self.0
    }

    fn result(promise: &mut AttemptPromise<T>) -> Result<T, Panic> {
        promise.outcome.take().expect("it has ended")
    }
}

#[coro::coroutine]
fn catches<'a, T: 'a>(task: Task<'a, T, Detached>) -> Attempt<'a, T> {
    task.await
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn recovers(place: Found<String>) -> FireAndForget {
    let lent = Live::new("lent");
    let panic = catches(passes_it_on(&lent)).await.expect_err("it panics");
    event("caught");
    let recovered = catches(parse("7")).await.expect("it does not panic");
    place.replace(Some(format!("{:?}, then {recovered:?}", panic.message())));
}

#[test]
fn a_panic_of_a_callee_surfaces_at_the_await_of_each_caller_up_to_one_whose_promise_handles_it() {
    support::reset(&[]);
    assert_eq!(found(recovers, 2), r#"Some("failed, own"), then Ok(7)"#);
    let expected = ["drop callee's local", "drop own", "drop middle local", "caught", "parsed 7", "drop lent"];
    assert_eq!(support::take_log(), expected);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn does_not_recover(place: Found<String>) -> FireAndForget {
    let lent = Live::new("lent");
    let text = passes_it_on(&lent).await;
    place.replace(Some(text));
}

#[test]
fn a_panic_that_nobody_handles_ends_the_whole_chain_and_goes_to_the_resumer() {
    support::reset(&[]);
    let place = Found::default();
    does_not_recover(place.clone());
    let panic = attempt(|| support::unpark().expect("it is parked").resume());
    assert_eq!((panic, Rc::strong_count(&place)), (Err("failed, own".to_owned()), 1));
    assert_eq!(support::take_log(), ["drop callee's local", "drop own", "drop middle local", "drop lent"]);
}

#[coro::coroutine]
fn never_awaited(first: Live, second: Live, _: Live) -> Task<'static, (), Detached> {
    event(format!("{} and {} run", first.name, second.name));
}

#[test]
fn a_callee_that_is_never_awaited_does_nothing_but_drop_its_parameters_in_order() {
    support::reset(&[]);
    let task = never_awaited(Live::new("first"), Live::new("second"), Live::new("third"));
    assert_eq!(support::take_log(), [""; 0]);
    drop(task);
    assert_eq!(support::take_log(), ["drop third", "drop second", "drop first"]);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn awaits_in_another_order(place: Found<Vec<u32>>) -> FireAndForget {
    let mut tasks: Vec<_> = ["1", "2", "3"].into_iter().map(parse).collect();
    let dropped = tasks.remove(0);
    let mut numbers = vec![];
    while let Some(task) = tasks.pop() {
        numbers.push(task.await.expect("a number"));
    }
    drop(dropped);
    place.replace(Some(numbers));
}

#[test]
fn callees_are_values_that_can_be_awaited_in_any_order_or_not_at_all() {
    support::reset(&[]);
    assert_eq!(found(awaits_in_another_order, 2), [3, 2]);
    assert_eq!(support::take_log(), ["parsed 3", "parsed 2"]);
}

#[coro::coroutine]
fn longest<'a, T: Debug + 'a, W: LocalWorld>(items: &'a [T], best: &'a mut String) -> Task<'a, usize, W> {
    if let [first, rest @ ..] = items {
        let text = format!("{first:?}");
        if text.len() > best.len() {
            *best = text;
        }
        return longest(rest, best).await + 1;
    }
    0
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn finds_the_longest(place: Found<(usize, String)>) -> FireAndForget {
    let mut best = String::new();
    let items = [Some(1), None, Some(234), Some(5)];
    let looked_at = longest(&items, &mut best).await;
    place.replace(Some((looked_at, best)));
}

#[test]
fn a_recursive_callee_lends_what_it_was_lent_and_may_be_generic_over_its_world() {
    assert_eq!(found(finds_the_longest, 0), (4, "Some(234)".to_owned()));
}

#[coro::coroutine]
fn keeps<'a>(lent: &'a mut Vec<&'static str>) -> Task<'a, (), Detached> {
    struct Says<'l>(&'l mut Vec<&'static str>);
    impl Drop for Says<'_> {
        fn drop(&mut self) {
            self.0.push("the callee has let go");
            event(self.0.join(", "));
        }
    }
    let _says = Says(lent);
    Park.await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn lends_what_it_drops() -> FireAndForget {
    let _outer = Live::new("outer");
    let mut lent = vec!["lent"];
    let _inner = Live::new("inner");
    keeps(&mut lent).await;
}

#[test]
fn a_callee_that_is_destroyed_uses_what_it_borrows_before_its_caller_drops_it() {
    support::reset(&[]);
    lends_what_it_drops();
    drop(support::unpark());
    assert_eq!(support::take_log(), ["lent, the callee has let go", "drop inner", "drop outer"]);
}
