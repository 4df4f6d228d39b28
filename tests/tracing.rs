//! The feature `tracing`: what a subscriber hears of coroutines, and the pictures that the examples draw of it.
//!
//! Each test is a golden log of hooks and of events, which begin with `~`; `;` stands for a line break.
#![forbid(unsafe_code)]

mod support;
#[path = "../examples/trace_hooks.rs"]
#[allow(dead_code, unreachable_pub)]
mod trace_hooks;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use coro::{
    AsyncGenerator, Awaiter, Continuation, Detached, FireAndForget, Generator, Handled, InPlace, Promise, Propagate,
    Task, when_all,
};
use serde_json::Value;
use support::{Called, End, Live, Loose, Mode, Operand, Owned, Park, Probe, Wait, event};
use trace_hooks::run_picture::{Detail, Recorder, Run, What};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

/// Logs what it hears among the hooks. Coroutines are numbered from 1, as they are made.
#[derive(Default)]
struct Log {
    coroutines: Mutex<Vec<u64>>,
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Log {
    fn number(&self, id: u64) -> usize {
        let mut coroutines = self.coroutines.lock().expect("nobody panicked");
        let known = coroutines.iter().position(|&known| known == id);
        1 + known.unwrap_or_else(|| {
            coroutines.push(id);
            coroutines.len() - 1
        })
    }

    fn says(&self, id: u64, what: &str) {
        event(format!("~{} {what}", self.number(id)));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "coro"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let id = fields.0["id"].parse().expect("a number");
        assert!(span.is_contextual(), "its parent is who makes it");
        self.says(id, &format!("new {}", fields.0["function"]));
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut what = fields.0["message"].clone();
        if let Some(outcome) = fields.0.get("outcome") {
            what += &format!(": {outcome}");
        }
        if let Some(to) = fields.0.get("to") {
            what += &format!(" {}", self.number(to.parse().expect("a number")));
        }
        self.says(event.parent().expect("a coroutine").into_u64(), &what);
    }

    fn enter(&self, span: &Id) {
        self.says(span.into_u64(), "{");
    }

    fn exit(&self, span: &Id) {
        self.says(span.into_u64(), "}");
    }

    fn try_close(&self, _: Id) -> bool {
        false
    }
}

/// Compares what `part` does and tells with the golden log `expected`.
#[track_caller]
fn assert_tells(part: impl FnOnce(), expected: &str) {
    support::reset(&[]);
    tracing::subscriber::with_default(Log::default(), part);
    let expected = expected.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    assert_eq!(support::take_log().join("\n"), expected.join("\n"));
}

fn initial(mode: Mode) -> Wait {
    Wait::new("initial", mode)
}

fn value(name: &'static str) -> Live {
    Live::new(name)
}

#[coro::coroutine(promise = Probe::named("promise"), initial = initial(Mode::Stay), final = End::seen(&first))]
fn owned(first: Live) -> Owned<'static, Propagate> {
    Operand("awaiter", Mode::Stay).await;
    Operand("ready", Mode::Ready).await;
    Operand("again", Mode::Again).await;
    co_yield!(1);
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = suspend_never)]
fn caller() -> Loose<Propagate> {
    callee().await.expect("a value")
}

#[coro::coroutine(promise = Probe::named("callee's promise"))]
fn callee() -> Called<'static, Propagate> {
    Operand("awaiter", Mode::Stay).await;
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"))]
fn outer() -> Owned<'static, Propagate> {
    drop(co_yield!(..inner()));
    value("value")
}

#[coro::coroutine(promise = Probe::named("inner promise"))]
fn inner() -> Owned<'static, Propagate> {
    co_yield!(2);
    value("inner value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = suspend_never)]
fn handled() -> Loose<Handled> {
    resume_unwind(Box::new("a panic".to_owned()))
}

#[coro::coroutine]
fn panics() -> Generator<'static, u32> {
    co_yield!(1);
    resume_unwind(Box::new("a panic".to_owned()))
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn parks() -> FireAndForget {
    Park.await;
    event("goes on");
}

/// Hands control over to whoever was parked first.
struct HandOver;

impl<P: Promise<World = Detached>> Awaiter<P> for HandOver {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        let next = support::unpark();
        support::park(own);
        next
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn hands_over() -> FireAndForget {
    HandOver.await;
}

#[coro::coroutine]
fn twice() -> Task<'static, u32> {
    once().await + once().await
}

#[coro::coroutine]
fn once() -> Task<'static, u32> {
    yield_now().await;
    1
}

/// A future that is pending once.
fn yield_now() -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(move |context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[coro::coroutine]
fn items() -> AsyncGenerator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn visitor() -> Task<'static, u32> {
    let mut items = items();
    items.next().await.unwrap_or_default() + items.next().await.unwrap_or_default()
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn both() -> FireAndForget {
    when_all((waits(), waits())).await;
}

#[coro::coroutine]
fn waits() -> Task<'static, (), Detached> {
    Park.await;
}

#[coro::coroutine]
fn lent() -> impl InPlace<Generator<'static, u32>> {
    co_yield!(1);
}

fn unpark() {
    support::unpark().expect("it is parked").resume();
}

#[test]
fn an_event_follows_each_hook_in_the_order_of_the_hooks() {
    assert_tells(
        || {
            let mut owned = owned(Live::new("first"));
            owned.0.resume();
            owned.0.resume();
            owned.0.resume();
            drop(owned);
        },
        "promise =; final =, sees first; ~1 new owned; ~1 start; ~1 {; initial.await_ready
         ~1 await_ready: not ready; initial.await_suspend; ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 get_return_object; get_return_object; ~1 resume; ~1 {; initial.await_resume; ~1 await_resume
         drop initial; await_transform; ~1 await_transform; awaiter.into_awaiter; awaiter.await_ready
         ~1 await_ready: not ready; awaiter.await_suspend; ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 resume; ~1 {; awaiter.await_resume; ~1 await_resume; drop awaiter; await_transform; ~1 await_transform
         ready.into_awaiter; ready.await_ready; ~1 await_ready: ready; ready.await_resume; ~1 await_resume
         drop ready; await_transform; ~1 await_transform; again.into_awaiter; again.await_ready
         ~1 await_ready: not ready; again.await_suspend; ~1 await_suspend: goes on; again.await_resume
         ~1 await_resume; drop again; yield_value; ~1 yield_value; yielded.await_ready; ~1 await_ready: not ready
         yielded.await_suspend; ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 resume; ~1 {; yielded.await_resume; ~1 await_resume; drop yielded; drop first; return_value
         ~1 return_value; FinalSuspend::final_suspend; drop final; ~1 final_suspend: goes back; ~1 return: ended
         ~1 }
         ~1 destroy; drop promise; drop value",
    );
}

#[test]
fn a_callee_is_called_and_returns_to_its_caller() {
    assert_tells(
        || {
            drop(caller());
            unpark();
        },
        "promise =; ~1 new caller; get_return_object; ~1 get_return_object; ~1 start; ~1 {; ~1 await_ready: ready
         ~1 await_resume; callee's promise =; ~2 new callee; ~2 start; ~2 {; callee's initial_suspend
         ~2 initial_suspend; ~2 await_ready: not ready; ~2 await_suspend: suspends; ~2 return: suspended; ~2 }
         ~2 get_return_object; callee's get_return_object; await_transform; ~1 await_transform
         callee's into_handle; ~1 await_suspend: calls 2; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; callee's await_transform; ~2 await_transform; awaiter.into_awaiter
         awaiter.await_ready; ~2 await_ready: not ready; awaiter.await_suspend
         awaiter.await_suspend, without its continuation; ~2 await_suspend: suspends; ~2 return: suspended; ~2 }
         drop return object; ~2 resume; ~2 {; awaiter.await_resume; ~2 await_resume; drop awaiter
         callee's return_value; ~2 return_value; callee's final_suspend; FinalSuspend::final_suspend; drop final
         ~2 final_suspend: goes back; ~2 return: ended 1; ~2 }
         ~1 resume; ~1 {; callee's result; ~1 await_resume; ~2 destroy; drop callee's promise; return_value
         ~1 return_value; final_suspend; FinalSuspend::final_suspend; drop final; ~1 final_suspend: goes back
         ~1 destroy; drop promise; drop value; ~1 return: ended; ~1 }",
    );
}

#[test]
fn a_coroutine_that_another_delegates_to_is_resumed_in_its_place() {
    assert_tells(
        || {
            let mut outer = outer();
            outer.0.resume();
            outer.0.resume();
        },
        "promise =; ~1 new outer; ~1 start; ~1 {; initial_suspend; ~1 initial_suspend; initial.await_ready
         ~1 await_ready: not ready; initial.await_suspend; ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 get_return_object; get_return_object; ~1 resume; ~1 {; initial.await_resume; ~1 await_resume
         drop initial; inner promise =; ~2 new inner; ~2 start; ~2 {; inner initial_suspend; ~2 initial_suspend
         initial.await_ready; ~2 await_ready: not ready; initial.await_suspend; ~2 await_suspend: suspends
         ~2 return: suspended; ~2 }
         ~2 get_return_object; inner get_return_object; yield_from; ~1 yield_from; inner into_handle
         ~1 await_suspend: calls 2; ~1 }
         ~2 resume; ~2 {; initial.await_resume; ~2 await_resume; drop initial; inner yield_value; ~2 yield_value
         yielded.await_ready; ~2 await_ready: not ready; yielded.await_suspend; ~2 await_suspend: suspends
         ~2 return: suspended; ~2 }
         ~2 resume; ~2 {; yielded.await_resume; ~2 await_resume; drop yielded; inner return_value; ~2 return_value
         inner final_suspend; FinalSuspend::final_suspend; drop final; ~2 final_suspend: goes back
         ~2 return: ended 1; ~2 }
         ~1 resume; ~1 {; inner result; ~1 await_resume; ~2 destroy; drop inner promise; drop inner value
         return_value; ~1 return_value; final_suspend; FinalSuspend::final_suspend; drop final
         ~1 final_suspend: goes back; ~1 return: ended; ~1 }
         ~1 destroy; drop promise; drop value",
    );
}

#[test]
fn a_chain_is_destroyed_from_the_callee_to_the_caller() {
    assert_tells(
        || {
            drop(caller());
            drop(support::unpark());
        },
        "promise =; ~1 new caller; get_return_object; ~1 get_return_object; ~1 start; ~1 {; ~1 await_ready: ready
         ~1 await_resume; callee's promise =; ~2 new callee; ~2 start; ~2 {; callee's initial_suspend
         ~2 initial_suspend; ~2 await_ready: not ready; ~2 await_suspend: suspends; ~2 return: suspended; ~2 }
         ~2 get_return_object; callee's get_return_object; await_transform; ~1 await_transform
         callee's into_handle; ~1 await_suspend: calls 2; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; callee's await_transform; ~2 await_transform; awaiter.into_awaiter
         awaiter.await_ready; ~2 await_ready: not ready; awaiter.await_suspend
         awaiter.await_suspend, without its continuation; ~2 await_suspend: suspends; ~2 return: suspended; ~2 }
         drop return object; ~2 destroy; drop awaiter; ~1 destroy; drop callee's promise; drop promise",
    );
}

#[test]
fn a_panic_goes_to_its_hook() {
    assert_tells(
        || {
            drop(handled());
        },
        "promise =; ~1 new handled; get_return_object; ~1 get_return_object; ~1 start; ~1 {; ~1 await_ready: ready
         ~1 await_resume; unhandled_exception(a panic); ~1 unhandled_exception; final_suspend
         FinalSuspend::final_suspend; drop final; ~1 final_suspend: goes back; ~1 destroy; drop promise
         ~1 return: ended; ~1 }
         drop return object",
    );
}

#[test]
fn a_panic_ends_a_coroutine() {
    assert_tells(
        || {
            let mut panics = panics();
            panics.next();
            support::attempt(|| panics.next()).expect_err("it panics");
        },
        "~1 new panics; ~1 initial_suspend; ~1 await_ready: not ready; ~1 await_suspend: suspends
         ~1 get_return_object; ~1 resume; ~1 {; ~1 await_resume; ~1 yield_value; ~1 await_ready: not ready
         ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 resume; ~1 {; ~1 await_resume; ~1 return: panicked; ~1 }
         ~1 destroy",
    );
}

#[test]
fn a_transfer_says_to_whom() {
    assert_tells(
        || {
            parks();
            hands_over();
            unpark();
        },
        "~1 new parks; ~1 get_return_object; ~1 start; ~1 {; ~1 await_ready: ready; ~1 await_resume
         ~1 await_transform; ~1 await_ready: not ready; ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~2 new hands_over; ~2 get_return_object; ~2 start; ~2 {; ~2 await_ready: ready; ~2 await_resume
         ~2 await_transform; ~2 await_ready: not ready; ~2 await_suspend: transfers 1; ~2 }
         ~1 resume; ~1 {; ~1 await_resume; goes on; ~1 return_value; ~1 final_suspend: goes back; ~1 destroy
         ~1 return: ended; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 return_value; ~2 final_suspend: goes back; ~2 destroy
         ~2 return: ended; ~2 }",
    );
}

#[test]
fn a_task_awaits_tasks_and_futures() {
    assert_tells(
        || {
            assert_eq!(futures::executor::block_on(twice()), 2);
        },
        "~1 new twice; ~1 initial_suspend; ~1 await_ready: not ready; ~1 await_suspend: suspends
         ~1 get_return_object; ~1 resume; ~1 {; ~1 await_resume; ~2 new once; ~2 initial_suspend
         ~2 await_ready: not ready; ~2 await_suspend: suspends; ~2 get_return_object; ~1 await_transform
         ~1 await_suspend: calls 2; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 await_transform; ~2 await_suspend: polls a future
         ~2 return: suspended; ~2 }
         ~2 resume; ~2 {; ~2 return_value; ~2 final_suspend: goes back; ~2 return: ended 1; ~2 }
         ~1 resume; ~1 {; ~1 await_resume; ~2 destroy; ~3 new once; ~3 initial_suspend; ~3 await_ready: not ready
         ~3 await_suspend: suspends; ~3 get_return_object; ~1 await_transform; ~1 await_suspend: calls 3; ~1 }
         ~3 resume; ~3 {; ~3 await_resume; ~3 await_transform; ~3 await_suspend: polls a future
         ~3 return: suspended; ~3 }
         ~3 resume; ~3 {; ~3 return_value; ~3 final_suspend: goes back; ~3 return: ended 1; ~3 }
         ~1 resume; ~1 {; ~1 await_resume; ~3 destroy; ~1 return_value; ~1 final_suspend: goes back
         ~1 return: ended; ~1 }
         ~1 destroy",
    );
}

#[test]
fn a_visitor_is_transferred_to() {
    assert_tells(
        || {
            assert_eq!(futures::executor::block_on(visitor()), 1);
        },
        "~1 new visitor; ~1 initial_suspend; ~1 await_ready: not ready; ~1 await_suspend: suspends
         ~1 get_return_object; ~1 resume; ~1 {; ~1 await_resume; ~2 new items; ~2 initial_suspend
         ~2 await_ready: not ready; ~2 await_suspend: suspends; ~2 get_return_object; ~1 await_transform
         ~1 await_suspend: visits 2; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 yield_value; ~2 await_suspend: transfers 1; ~2 }
         ~1 resume; ~1 {; ~1 await_resume; ~1 await_transform; ~1 await_suspend: visits 2; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 return_value; ~2 final_suspend: goes back; ~2 return: ended 1; ~2 }
         ~1 resume; ~1 {; ~1 await_resume; ~2 destroy; ~1 return_value; ~1 final_suspend: goes back
         ~1 return: ended; ~1 }
         ~1 destroy",
    );
}

#[test]
fn coroutines_that_are_awaited_together_return_to_who_awaits_them() {
    assert_tells(
        || {
            both();
            unpark();
            unpark();
        },
        "~1 new both; ~1 get_return_object; ~1 start; ~1 {; ~1 await_ready: ready; ~1 await_resume; ~2 new waits
         ~2 initial_suspend; ~2 await_ready: not ready; ~2 await_suspend: suspends; ~2 get_return_object
         ~3 new waits; ~3 initial_suspend; ~3 await_ready: not ready; ~3 await_suspend: suspends
         ~3 get_return_object; ~4 new when_all; ~1 await_transform; ~1 await_suspend: calls 4; ~1 }
         ~4 start; ~4 {; ~4 await_suspend: starts them; ~4 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 await_transform; ~2 await_ready: not ready
         ~2 await_suspend: suspends; ~2 return: suspended; ~2 }
         ~3 resume; ~3 {; ~3 await_resume; ~3 await_transform; ~3 await_ready: not ready
         ~3 await_suspend: suspends; ~3 return: suspended; ~3 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 return_value; ~2 final_suspend: goes back; ~2 return: ended 4; ~2 }
         ~3 resume; ~3 {; ~3 await_resume; ~3 return_value; ~3 final_suspend: goes back; ~3 return: ended 4; ~3 }
         ~4 resume; ~4 {; ~2 destroy; ~3 destroy; ~4 return_value; ~4 final_suspend: goes back; ~4 return: ended 1
         ~4 }
         ~1 resume; ~1 {; ~1 await_resume; ~4 destroy; ~1 return_value; ~1 final_suspend: goes back; ~1 destroy
         ~1 return: ended; ~1 }",
    );
}

#[test]
fn polled_coroutines_that_are_awaited_together_run_on_the_stack_of_who_awaits_them() {
    assert_tells(
        || {
            assert_eq!(futures::executor::block_on(when_all([once(), once()])), [1, 1]);
        },
        "~1 new once; ~1 initial_suspend; ~1 await_ready: not ready; ~1 await_suspend: suspends
         ~1 get_return_object; ~2 new once; ~2 initial_suspend; ~2 await_ready: not ready
         ~2 await_suspend: suspends; ~2 get_return_object; ~3 new when_all; ~3 start; ~3 {
         ~3 await_suspend: starts them; ~1 resume; ~1 {; ~1 await_resume; ~1 await_transform
         ~1 await_suspend: polls a future; ~1 return: suspended; ~1 }
         ~2 resume; ~2 {; ~2 await_resume; ~2 await_transform; ~2 await_suspend: polls a future
         ~2 return: suspended; ~2 }
         ~3 return: suspended; ~3 }
         ~3 resume; ~3 {; ~1 resume; ~1 {; ~1 return_value; ~1 final_suspend: goes back; ~1 return: ended; ~1 }
         ~2 resume; ~2 {; ~2 return_value; ~2 final_suspend: goes back; ~2 return: ended; ~2 }
         ~1 destroy; ~2 destroy; ~3 return_value; ~3 final_suspend: goes back; ~3 return: ended; ~3 }
         ~3 destroy",
    );
}

#[test]
fn a_coroutine_in_place_tells_as_much_as_another() {
    assert_tells(
        || {
            let lent = pin!(lent());
            assert_eq!(lent.coroutine().count(), 1);
        },
        "~1 new lent; ~1 initial_suspend; ~1 await_ready: not ready; ~1 await_suspend: suspends
         ~1 get_return_object; ~1 resume; ~1 {; ~1 await_resume; ~1 yield_value; ~1 await_ready: not ready
         ~1 await_suspend: suspends; ~1 return: suspended; ~1 }
         ~1 resume; ~1 {; ~1 await_resume; ~1 return_value; ~1 final_suspend: goes back; ~1 return: ended; ~1 }
         ~1 destroy",
    );
}

#[test]
fn who_watches_from_later_on_hears_only_of_coroutines_that_are_made_from_then_on() {
    let mut before = owned(Live::new("first"));
    support::reset(&[]);
    tracing::subscriber::with_default(Log::default(), || before.0.resume());
    assert!(support::take_log().iter().all(|line| !line.starts_with('~')));
}

/// The story of an example, as a book would have it.
#[track_caller]
fn assert_story(name: &str, expected: &str) {
    let (_, program) = trace_hooks::STORIES.iter().find(|story| story.0 == name).expect("it is there");
    assert_eq!(trace_hooks::watch(*program).story().trim_end(), expected.trim());
}

#[test]
fn the_story_of_the_machine_of_the_mouse_clicks() {
    assert_story(
        "clicks",
        "
main calls double_click()
double_click #1 is made
double_click #1 starts
    await_ready: ready, at `initial suspend`
    await_resume
    await_transform
    await_ready: not ready, at `Signal.await`
    await_suspend: suspends
    suspended: back to the resumer
get_return_object of double_click #1
main calls send_signal(Right)
double_click #1 goes on from `Signal.await`
    await_resume
    await_transform
    await_ready: not ready, at `Signal.await`
    await_suspend: suspends
    suspended: back to the resumer
main calls send_signal(Left)
double_click #1 goes on from `Signal.await`
    await_resume
    await_transform
    await_ready: not ready, at `Signal.await`
    await_suspend: suspends
    suspended: back to the resumer
main calls send_signal(Left)
double_click #1 goes on from `Signal.await`
    await_resume
    return_value
    final_suspend: goes back
    ended: back to the resumer
main calls result(): Some(3)
double_click #1 is destroyed
",
    );
}

#[test]
fn the_story_of_a_task_that_awaits_a_task() {
    assert_story(
        "tasks",
        "
main calls cook(queue)
cook #1 is made
get_return_object of cook #1
cook #1 starts
    await_ready: ready, at `initial suspend`
    await_resume
    boil #2 is made
    initial_suspend
    await_ready: not ready, at `initial suspend`
    await_suspend: suspends
    get_return_object of boil #2
    await_transform
    await_suspend: calls boil #2
boil #2 goes on from `initial suspend`
    await_resume
    await_transform
    await_ready: not ready, at `Turn(queue).await`
    await_suspend: suspends
    suspended: back to the resumer
main resumes the one in the queue
boil #2 goes on from `Turn(queue).await`
    await_resume
    return_value
    final_suspend: goes back
    ended: back to cook #1
cook #1 goes on from `boil(&queue, 3).await`
    await_resume
    boil #2 is destroyed
    3 eggs are served
    return_value
    final_suspend: goes back
    cook #1 is destroyed
    ended: back to the resumer
",
    );
}

/// A run in which everything happens that a picture may have to show: two threads, transfers, panics, a coroutine that
/// is still there at the end, one that was there before.
fn a_lot() -> Run {
    let recorder = Recorder::begin();
    tracing::subscriber::with_default(recorder.clone(), parks);
    let _before = recorder.take();
    tracing::subscriber::with_default(recorder.clone(), || {
        hands_over();
        unpark();
        both();
        unpark();
        let mut panics = panics();
        panics.next();
        support::attempt(|| panics.next()).expect_err("it panics");
        tracing::info!("\"quoted\", <b> & \\ \n\u{1}");
        let other = recorder.clone();
        let task = twice();
        let other =
            std::thread::spawn(move || tracing::subscriber::with_default(other, || futures::executor::block_on(task)));
        assert_eq!(other.join().expect("it does not panic"), 2);
        assert_eq!(futures::executor::block_on(visitor()), 1);
    });
    recorder.take()
}

#[test]
fn the_chrome_trace_is_one() {
    let trace: Value = serde_json::from_str(&a_lot().to_chrome_trace()).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("the events");
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_else(|| panic!("{key} of {event}")).to_owned();
    let mut stacks: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut tracks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut last, mut seen) = (0.0, BTreeMap::<String, usize>::new());
    for event in events {
        assert_eq!(event["pid"], 1);
        let (name, phase) = (text(event, "name"), text(event, "ph"));
        let (thread, at) = (event["tid"].as_u64().expect("a thread"), event["ts"].as_f64().expect("a time"));
        *seen.entry(phase.clone()).or_default() += 1;
        match &*phase {
            "M" => assert!(["process_name", "thread_name"].contains(&&*name) && event["args"]["name"].is_string()),
            "B" => stacks.entry(thread).or_default().push(name),
            "E" => assert_eq!(stacks.entry(thread).or_default().pop(), Some(name), "a slice ends in the one before"),
            "b" => tracks.entry(text(&event["id2"], "local")).or_default().push(name),
            "e" => assert_eq!(tracks.entry(text(&event["id2"], "local")).or_default().pop(), Some(name)),
            "i" => assert_eq!(event["s"], "t"),
            other => panic!("no phase of ours: {other}"),
        }
        if phase != "M" {
            assert!(at >= last, "time goes on");
            last = at;
        }
    }
    assert!(stacks.values().chain(tracks.values()).all(Vec::is_empty), "all has ended");
    assert_eq!((seen["B"], seen["b"]), (seen["E"], seen["e"]));
    assert!(stacks.len() == 2 && seen["B"] > 10 && seen["b"] > 10 && seen["i"] > 50, "{seen:?}");
    let said = events.iter().any(|event| event["name"] == "\"quoted\", <b> & \\ \n\u{1}");
    assert!(said, "what the program says is in it, whatever that is");
}

#[test]
fn the_diagram_has_a_line_for_each_coroutine_and_needs_nothing_else() {
    let run = a_lot();
    let made = run.moments.iter().filter(|moment| matches!(moment.what, What::Made { .. })).count();
    for detail in [Detail::Hooks, Detail::Turns] {
        let svg = run.to_svg("<main>", detail);
        let count = |part: &str| svg.matches(part).count();
        assert_eq!((count("class=\"box "), count("class=\"line\"")), (made + 1, made + 1), "and one for the outside");
        assert_eq!(count("class=\"hook\"") > 0, detail == Detail::Hooks);
        assert!(svg.contains("&lt;main&gt;") && svg.contains("&lt;b&gt; &amp;"));
        assert!(!svg.contains("href") && !svg.contains("url(") && !svg.contains("<script"));
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(count("<text") == count("</text>") && count("<title>") == count("</title>"));
    }
}

/// What stands in `examples/README.md`. With `UPDATE_EXPECT=1` it is drawn anew.
#[test]
fn the_picture_of_the_tasks_is_the_one_that_is_shown() {
    let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/run_picture/tasks.svg");
    let drawn = trace_hooks::watch(trace_hooks::STORIES[1].1).to_svg("main", Detail::Hooks).replace("tests/../", "");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(shown, &drawn).expect("it can be written");
    }
    assert_eq!(std::fs::read_to_string(shown).expect("it is there"), drawn);
}

#[test]
fn the_diagram_draws_who_goes_on_with_an_arrow() {
    let svg = trace_hooks::watch(trace_hooks::STORIES[1].1).to_svg("main", Detail::Turns);
    let arrows: Vec<_> = svg
        .lines()
        .filter_map(|line| line.strip_prefix("<text class=\"on-arrow\"")?.split_once('>')?.1.split('<').next())
        .collect();
    let expected = ["starts", "calls", "waits: Turn(queue).await", "resumes", "returns", "destroys", "ended"];
    assert_eq!(arrows, expected);
}

#[coro::coroutine]
fn twice_and_again() -> Generator<'static, u32> {
    co_yield!(1);
    co_yield!(2);
    co_yield!(..another());
    co_yield!(4);
}

#[coro::coroutine]
fn another() -> Generator<'static, u32> {
    co_yield!(3);
}

#[test]
fn a_location_tells_in_which_run_of_its_body_a_coroutine_came_there() {
    let mut generator = twice_and_again();
    let run =
        |generator: &Generator<'_, u32>| generator.location().map(|location| (location.function(), location.run()));
    assert_eq!(run(&generator), Some(("twice_and_again", Some(0))));
    let mut runs = Vec::new();
    while generator.next().is_some() {
        runs.push(run(&generator).expect("it waits"));
    }
    let outer = |run| ("twice_and_again", Some(run));
    // It has called the other one in its third run, and goes on in its fourth.
    assert_eq!(runs, [outer(1), outer(2), ("another", Some(1)), outer(4)]);
    assert_eq!(run(&generator), None);
}
