//! S5: in which order everything happens that a coroutine does, from its creation to its last drop.
//!
//! Each test is one golden log; `;` stands for a line break.
#![forbid(unsafe_code)]

mod support;

use coro::Propagate;
use support::{Called, End, Live, Loose, Mode, Operand, Owned, Probe, Wait, event};

/// An argument: it is evaluated before the function is called.
fn argument(name: &'static str) -> Live {
    event(format!("argument {name}"));
    Live::new(name)
}

/// For `initial =`.
fn initial(mode: Mode) -> Wait {
    event("initial =");
    Wait::new("initial", mode)
}

/// What a body returns.
fn value(name: &'static str) -> Live {
    event(format!("return {name}"));
    Live::new(name)
}

#[coro::coroutine(promise = Probe::named("promise"), initial = initial(Mode::Stay), final = End::seen(&first))]
fn lazy(first: Live, _: Live, last: Live) -> Owned<'static, Propagate> {
    event(format!("body, with {} and {}", first.name, last.name));
    let _local = Live::new("local 1");
    let _local = Live::new("local 2");
    Operand("awaiter", Mode::Stay).await;
    event("going on");
    Operand("ready", Mode::Ready).await;
    Operand("again", Mode::Again).await;
    co_yield!(1);
    event("the end");
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = initial(Mode::Ready), final = End::seen(&first))]
fn eager(first: Live, _: Live) -> Owned<'static, Propagate> {
    event("body");
    let _local = Live::new("local");
    Operand("awaiter", Mode::Stay).await;
    value("value")
}

#[coro::coroutine]
fn own_hooks(only: Live) -> Owned<'static, Propagate> {
    event(format!("body, with {}", only.name));
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = initial(Mode::Stay), final = End::seen(&first))]
fn detached_lazy(first: Live, _: Live) -> Loose<Propagate> {
    event("body");
    let _local = Live::new("local");
    Operand("awaiter", Mode::Stay).await;
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = suspend_never, final = End::seen(&first))]
fn detached_eager(first: Live, _: Live) -> Loose<Propagate> {
    event("body");
    let _local = Live::new("local");
    Operand("awaiter", Mode::Stay).await;
    value("value")
}

#[coro::coroutine(promise = Probe::named("promise"), initial = suspend_never, final = End::seen(&lent))]
fn caller(lent: Live) -> Loose<Propagate> {
    let _local = Live::new("local");
    let result = callee(&lent, argument("own")).await;
    event(format!("the caller has {}", result.as_ref().expect("a value").name));
    value("value")
}

#[coro::coroutine(promise = Probe::named("callee's promise"), final = End::seen(&own))]
fn callee(lent: &Live, own: Live) -> Called<'_, Propagate> {
    event(format!("callee's body, with {} and {}", lent.name, own.name));
    let _local = Live::new("callee's local");
    Operand("callee's awaiter", Mode::Stay).await;
    value("callee's value")
}

#[coro::coroutine(promise = Probe::named("outer promise"), final = End::seen(&first))]
fn outer(first: Live) -> Owned<'static, Propagate> {
    let _local = Live::new("outer local");
    drop(co_yield!(..inner(&first)));
    value("outer value")
}

#[coro::coroutine(promise = Probe::named("inner promise"), final = End::seen(lent))]
fn inner(lent: &Live) -> Owned<'_, Propagate> {
    let _local = Live::new("inner local");
    co_yield!(2);
    value("inner value")
}

/// Compares what happened since the last call with the golden log `expected`.
#[track_caller]
fn assert_happened(expected: &str) {
    let expected = expected.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    assert_eq!(support::take_log().join("\n"), expected.join("\n"));
}

fn resume_parked() {
    support::unpark().expect("it is parked").resume();
}

#[test]
fn a_lazy_coroutine_with_an_owner_makes_its_return_object_when_it_is_suspended_initially() {
    support::reset(&[]);
    let mut lazy = lazy(argument("first"), argument("second"), argument("third"));
    assert_happened(
        "argument first; argument second; argument third
         promise =; final =, sees first
         initial =; initial.await_ready; initial.await_suspend
         get_return_object",
    );
    lazy.0.resume();
    assert_happened(
        "initial.await_resume; drop initial
         body, with first and third
         await_transform; awaiter.into_awaiter; awaiter.await_ready; awaiter.await_suspend",
    );
    lazy.0.resume();
    assert_happened(
        "awaiter.await_resume; drop awaiter
         going on
         await_transform; ready.into_awaiter; ready.await_ready; ready.await_resume; drop ready
         await_transform; again.into_awaiter; again.await_ready; again.await_suspend; again.await_resume; drop again
         yield_value; yielded.await_ready; yielded.await_suspend",
    );
    lazy.0.resume();
    assert_happened(
        "yielded.await_resume; drop yielded
         the end; return value
         drop local 2; drop local 1
         drop third; drop second; drop first
         return_value; FinalSuspend::final_suspend; drop final",
    );
    assert!(lazy.0.is_done());
    drop(lazy);
    assert_happened("drop promise; drop value");
}

#[test]
fn an_eager_coroutine_with_an_owner_makes_its_return_object_at_its_first_suspension() {
    support::reset(&[]);
    let mut eager = eager(argument("first"), argument("second"));
    assert_happened(
        "argument first; argument second
         promise =; final =, sees first
         initial =; initial.await_ready; initial.await_resume; drop initial
         body
         await_transform; awaiter.into_awaiter; awaiter.await_ready; awaiter.await_suspend
         get_return_object",
    );
    eager.0.resume();
    assert_happened(
        "awaiter.await_resume; drop awaiter
         return value; drop local
         drop second; drop first
         return_value; FinalSuspend::final_suspend; drop final",
    );
    drop(eager);
    assert_happened("drop promise; drop value");
}

#[test]
fn a_function_that_says_nothing_uses_the_hooks_of_its_promise() {
    support::reset(&[]);
    let mut own = own_hooks(argument("only"));
    assert_happened(
        "argument only; new
         initial_suspend; initial.await_ready; initial.await_suspend
         get_return_object",
    );
    own.0.resume();
    assert_happened(
        "initial.await_resume; drop initial
         body, with only; return value; drop only
         return_value; final_suspend; FinalSuspend::final_suspend; drop final",
    );
    drop(own);
    assert_happened("drop promise; drop value");
}

#[test]
fn a_coroutine_that_its_owner_destroys_half_way_drops_awaiter_locals_parameters_final_and_promise() {
    support::reset(&[]);
    let eager = eager(argument("first"), argument("second"));
    support::take_log();
    drop(eager);
    assert_happened("drop awaiter; drop local; drop second; drop first; drop final; drop promise");
}

#[test]
fn a_coroutine_that_was_never_resumed_drops_its_initial_awaiter_and_its_parameters() {
    support::reset(&[]);
    let lazy = lazy(argument("first"), argument("second"), argument("third"));
    support::take_log();
    drop(lazy);
    assert_happened("drop initial; drop third; drop second; drop first; drop final; drop promise");
}

#[test]
fn a_detached_coroutine_makes_its_return_object_before_it_starts() {
    support::reset(&[]);
    let object = detached_lazy(argument("first"), argument("second"));
    assert_happened(
        "argument first; argument second
         promise =; final =, sees first
         get_return_object
         initial =; initial.await_ready; initial.await_suspend; initial.await_suspend, without its continuation",
    );
    resume_parked();
    assert_happened(
        "initial.await_resume; drop initial
         body
         await_transform; awaiter.into_awaiter; awaiter.await_ready; awaiter.await_suspend
         awaiter.await_suspend, without its continuation",
    );
    resume_parked();
    assert_happened(
        "awaiter.await_resume; drop awaiter
         return value; drop local
         drop second; drop first
         return_value; FinalSuspend::final_suspend; drop final
         drop promise; drop value",
    );
    drop(object);
    assert_happened("drop return object");
}

#[test]
fn an_eager_detached_coroutine_makes_its_return_object_first_and_goes_at_its_end() {
    support::reset(&[]);
    drop(detached_eager(argument("first"), argument("second")));
    assert_happened(
        "argument first; argument second
         promise =; final =, sees first
         get_return_object
         body
         await_transform; awaiter.into_awaiter; awaiter.await_ready; awaiter.await_suspend
         awaiter.await_suspend, without its continuation
         drop return object",
    );
    resume_parked();
    assert_happened(
        "awaiter.await_resume; drop awaiter
         return value; drop local
         drop second; drop first
         return_value; FinalSuspend::final_suspend; drop final
         drop promise; drop value",
    );
}

#[test]
fn a_detached_coroutine_is_destroyed_with_its_continuation() {
    support::reset(&[]);
    drop(detached_eager(argument("first"), argument("second")));
    support::take_log();
    drop(support::unpark());
    assert_happened("drop awaiter; drop local; drop second; drop first; drop final; drop promise");
}

#[test]
fn a_detached_coroutine_that_never_started_is_destroyed_with_its_continuation() {
    support::reset(&[]);
    drop(detached_lazy(argument("first"), argument("second")));
    support::take_log();
    drop(support::unpark());
    assert_happened("drop initial; drop second; drop first; drop final; drop promise");
}

#[test]
fn a_callee_is_made_run_and_asked_for_its_result_in_the_middle_of_its_caller() {
    support::reset(&[]);
    drop(caller(argument("lent")));
    assert_happened(
        "argument lent; promise =; final =, sees lent; get_return_object
         argument own; callee's promise =; final =, sees own; callee's initial_suspend; callee's get_return_object
         await_transform; callee's into_handle
         callee's body, with lent and own
         callee's await_transform; callee's awaiter.into_awaiter; callee's awaiter.await_ready
         callee's awaiter.await_suspend; callee's awaiter.await_suspend, without its continuation
         drop return object",
    );
    resume_parked();
    assert_happened(
        "callee's awaiter.await_resume; drop callee's awaiter
         return callee's value; drop callee's local; drop own
         callee's return_value; FinalSuspend::final_suspend; drop final
         callee's result; drop callee's promise
         the caller has callee's value
         return value; drop callee's value; drop local; drop lent
         return_value; FinalSuspend::final_suspend; drop final
         drop promise; drop value",
    );
}

#[test]
fn a_chain_is_destroyed_from_the_callee_to_the_caller() {
    support::reset(&[]);
    drop(caller(argument("lent")));
    support::take_log();
    drop(support::unpark());
    assert_happened(
        "drop callee's awaiter; drop callee's local; drop own; drop final; drop callee's promise
         drop local; drop lent; drop final; drop promise",
    );
}

#[test]
fn a_callee_that_is_never_awaited_drops_its_parameters_without_having_run() {
    support::reset(&[]);
    let lent = argument("lent");
    drop(callee(&lent, argument("own")));
    assert_happened(
        "argument lent; argument own
         callee's promise =; final =, sees own; callee's initial_suspend; callee's get_return_object
         drop own; drop final; drop callee's promise",
    );
}

#[test]
fn a_coroutine_that_another_delegates_to_is_run_in_its_place() {
    support::reset(&[]);
    let mut outer = outer(argument("first"));
    support::take_log();
    outer.0.resume();
    assert_happened(
        "initial.await_resume; drop initial
         inner promise =; final =, sees first; inner initial_suspend; initial.await_ready; initial.await_suspend
         inner get_return_object
         outer yield_from; inner into_handle
         initial.await_resume; drop initial
         inner yield_value; yielded.await_ready; yielded.await_suspend",
    );
    outer.0.resume();
    assert_happened(
        "yielded.await_resume; drop yielded
         return inner value; drop inner local
         inner return_value; FinalSuspend::final_suspend; drop final
         inner result; drop inner promise; drop inner value
         return outer value; drop outer local; drop first
         outer return_value; FinalSuspend::final_suspend; drop final",
    );
    drop(outer);
    assert_happened("drop outer promise; drop outer value");
}

#[test]
fn a_coroutine_that_another_delegates_to_is_destroyed_before_what_it_borrows() {
    support::reset(&[]);
    let mut outer = outer(argument("first"));
    outer.0.resume();
    support::take_log();
    drop(outer);
    assert_happened(
        "drop yielded; drop inner local; drop final; drop inner promise
         drop outer local; drop first; drop final; drop outer promise",
    );
}
