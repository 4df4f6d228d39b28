//! What `{:?}` shows of everything that is a coroutine or stands for one: its function, and what it waits for.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};

use coro::{
    AsyncGenerator, Awaiter, Continuation, ContinuationOf, CoroutineHandle, Detached, FireAndForget, Generator,
    InPlace, Panic, Parks, Polled, Promise, Resumed, Scope, Sendable, Signal, Spawned, StateMachine, SuspendAlways,
    Task, TryAsyncGenerator, TwoWay, two_way, when_all,
};

/// As `{:?}`, but each place in a source file is `_`. That those are right, `tests/location.rs` checks.
fn shown(of: &dyn Debug) -> String {
    let word = |word: &str| match word.split_once(".rs:") {
        Some((_, rest)) => format!("_{}", rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').trim_end()),
        None => word.to_owned(),
    };
    format!("{of:?}").split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Where continuations wait.
struct Bell<W: Parks = Detached>(Rc<RefCell<Vec<Continuation<W>>>>);

impl<W: Parks> Bell<W> {
    fn new() -> Self {
        Self(Rc::default())
    }

    fn ring(&self) {
        let waiting = self.0.take();
        waiting.into_iter().for_each(Continuation::resume);
    }
}

impl<W: Parks> Clone for Bell<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Promise<World: Parks>> Awaiter<P> for Bell<P::World> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.borrow_mut().push(own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn inner() -> Generator<'static, u32> {
    co_yield!(2);
}

#[coro::coroutine]
fn outer() -> Generator<'static, u32> {
    co_yield!(1);
    co_yield!(..inner());
    co_yield!(3);
}

#[coro::coroutine]
fn deep(levels: u32) -> Generator<'static, u32> {
    if levels > 0 {
        co_yield!(..deep(levels - 1));
    } else {
        co_yield!(0);
    }
}

#[test]
fn a_generator_shows_where_it_waits_and_whom_it_delegates_to() {
    let mut generator = outer();
    assert_eq!(shown(&generator), "Generator(outer at _ initial suspend)");
    generator.next();
    assert_eq!(shown(&generator), "Generator(outer at _ co_yield!(1))");
    generator.next();
    assert_eq!(shown(&generator), "Generator(outer at _ co_yield!(..inner()); innermost: inner at _ co_yield!(2))");
    generator.next();
    assert_eq!(shown(&generator), "Generator(outer at _ co_yield!(3))");
    generator.next();
    assert_eq!(shown(&generator), "Generator(outer, ended)");
}

#[test]
fn a_deep_chain_is_not_longer() {
    let mut generator = deep(1000);
    generator.next();
    assert_eq!(
        shown(&generator),
        "Generator(deep at _ co_yield!(..deep(levels - 1)); innermost: deep at _ co_yield!(0))"
    );
}

#[test]
fn an_eager_generator_waits_at_its_first_item() {
    #[coro::coroutine(initial = suspend_never)]
    fn eager() -> Generator<'static, u32> {
        co_yield!(1);
    }

    assert_eq!(shown(&eager()), "Generator(eager at _ co_yield!(1))");
}

#[test]
fn a_coroutine_that_panicked_has_ended() {
    #[coro::coroutine]
    fn panics() -> Generator<'static, u32> {
        resume_unwind(Box::new(()))
    }

    let mut generator = panics();
    catch_unwind(AssertUnwindSafe(|| generator.next())).expect_err("it panics");
    assert_eq!(shown(&generator), "Generator(panics, ended)");
}

#[test]
fn a_generator_in_place_shows_as_any_other() {
    #[coro::coroutine]
    fn placed() -> impl InPlace<Generator<'static, u32>> {
        co_yield!(1);
    }

    let mut place = pin!(placed());
    place.as_mut().coroutine().next();
    assert_eq!(shown(&place.coroutine()), "Generator(placed at _ co_yield!(1))");
}

#[test]
fn a_state_machine_shows_where_it_waits_and_its_error_does_not_need_the_signal_to_show() {
    struct Unspeakable;

    #[coro::coroutine]
    fn machine() -> StateMachine<'static, Unspeakable, ()> {
        Signal.await;
        Signal.await;
    }

    let mut machine = machine();
    assert_eq!(shown(&machine), "StateMachine(machine at _ initial suspend)");
    assert!(machine.send_signal(Unspeakable).is_ok());
    assert_eq!(shown(&machine), "StateMachine(machine at _ Signal.await)");
    assert!(machine.send_signal(Unspeakable).is_ok());
    assert_eq!(shown(&machine), "StateMachine(machine, ended)");
    let error = machine.send_signal(Unspeakable).expect_err("it has ended");
    assert_eq!(shown(&error), "SendError(..)");
    assert_eq!(error.to_string(), "signal sent to a state machine that has ended");
}

#[test]
fn a_two_way_coroutine_shows_where_it_waits_also_before_it_has_begun() {
    #[coro::coroutine]
    fn talk(first: u32) -> TwoWay<'static, u32, u32> {
        co_yield!(first);
    }

    let mut talking = two_way(talk);
    assert_eq!(shown(&talking), "Resumable(not begun)");
    assert_eq!(shown(&talking.resume(1)), "Ok(Yielded(1))");
    assert_eq!(shown(&talking), "Resumable(TwoWay(talk at _ co_yield!(first)))");
    assert_eq!(talking.resume(1), Ok(Resumed::Complete(())));
    assert_eq!(shown(&talking), "Resumable(TwoWay(talk, ended))");
    assert_eq!(shown(&talking.resume(1)), "Err(ResumeError(..))");
    assert_eq!(shown(&talk(1)), "TwoWay(talk at _ initial suspend)");
}

#[test]
fn one_that_panicked_before_it_had_begun_has_ended() {
    let mut talking = two_way(|_: u32| -> TwoWay<'static, u32, u32> { resume_unwind(Box::new(())) });
    catch_unwind(AssertUnwindSafe(|| talking.resume(1))).expect_err("it panics");
    assert_eq!(shown(&talking), "Resumable(ended)");
}

#[coro::coroutine]
fn forever() -> Task<'static, ()> {
    pending::<()>().await;
}

#[coro::coroutine]
fn caller() -> Task<'static, ()> {
    forever().await;
}

#[test]
fn a_task_shows_the_future_that_it_waits_for_and_the_task_that_waits_for_it() {
    let mut task = caller();
    assert_eq!(shown(&task), "Task(caller at _ initial suspend)");
    assert!(Pin::new(&mut task).poll(&mut context()).is_pending());
    assert_eq!(shown(&task), "Task(caller at _ forever().await; innermost: forever at _ pending::<()>().await)");
    assert_eq!(shown(&when_all([forever()])), "Task(when_all at _ when_all(…).await)");
}

#[test]
fn an_async_generator_shows_whether_it_waits_to_be_asked_or_for_something_else() {
    #[coro::coroutine]
    fn items() -> AsyncGenerator<'static, u32> {
        co_yield!(1);
        forever().await;
    }

    #[coro::coroutine]
    fn attempts() -> TryAsyncGenerator<'static, u32, ()> {
        Err(())
    }

    let mut generator = items();
    assert_eq!(shown(&generator), "AsyncGenerator(items at _ initial suspend)");
    assert_eq!(shown(&generator.next()), "NextItem(items at _ initial suspend)");
    assert!(generator.poll_next(&mut context()).is_ready());
    assert_eq!(shown(&generator), "AsyncGenerator(items at _ co_yield!(1))");
    assert!(generator.poll_next(&mut context()).is_pending());
    assert_eq!(
        shown(&generator),
        "AsyncGenerator(items at _ forever().await; innermost: forever at _ pending::<()>().await)"
    );
    let mut attempts = attempts();
    assert!(attempts.poll_next(&mut context()).is_ready());
    assert_eq!(shown(&attempts), "TryAsyncGenerator(attempts, ended)");
}

#[coro::coroutine]
fn rings(bell: Bell) -> Task<'static, (), Detached> {
    bell.await;
}

#[coro::coroutine]
fn through(bell: Bell) -> Task<'static, (), Detached> {
    rings(bell).await;
}

#[coro::coroutine]
fn several(bell: Bell) -> Task<'static, (), Detached> {
    when_all([rings(bell.clone()), rings(bell)]).await;
}

#[test]
fn a_detached_continuation_is_the_innermost_coroutine_and_its_backtrace_all_of_them() {
    let (bell, scope) = (Bell::new(), Scope::new());
    scope.spawn(through(bell.clone()));
    let waiting = bell.0.borrow();
    assert_eq!(shown(&waiting[0]), "Continuation(rings at _ bell.await)");
    assert_eq!(
        shown(&waiting[0].backtrace()),
        "[Location(rings at _ bell.await), Location(through at _ rings(bell).await)]"
    );
    let location = waiting[0].backtrace().next().expect("it waits");
    assert_eq!(shown(&location), "Location(rings at _ bell.await)");
}

#[test]
fn a_continuation_that_is_left_of_a_cancelled_coroutine_says_that_it_has_ended() {
    let (bell, scope) = (Bell::new(), Scope::new());
    scope.spawn(through(bell.clone())).cancel();
    assert_eq!(shown(&*bell.0.borrow()), "[Continuation(rings, ended)]");
    assert!(bell.0.borrow().iter().all(coro::Continuation::is_done));
    scope.spawn(through(bell.clone()));
    bell.0.borrow_mut().retain(|waiting| !waiting.is_done());
    assert_eq!(bell.0.borrow().len(), 1, "the one that goes on");
}

#[test]
fn a_continuation_that_may_change_threads_is_only_a_name_for_it_may_be_running_there() {
    struct Show;

    impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Show {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
            assert_eq!(shown(&own), "Continuation(hops)");
            Some(own)
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn hops() -> FireAndForget<Sendable> {
        Show.await;
    }

    assert_eq!(shown(&hops()), "FireAndForget");
}

#[test]
fn the_continuations_of_the_other_worlds_say_what_they_are() {
    struct Show;

    impl<P: Promise> Awaiter<P> for Show {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
            assert_eq!(shown(&own), "Continuation(go on)");
            Some(own)
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine]
    fn shows() -> Own<'static> {
        Show.await;
    }

    #[coro::coroutine]
    fn woken(bell: Bell<Polled>) -> Task<'static, (), Polled> {
        bell.await;
    }

    let mut own = shows();
    own.0.resume();
    assert!(own.0.is_done() && own.0.promise().0.is_none(), "{:?}", own.0.promise().0);

    let bell = Bell::new();
    let mut task = woken(bell.clone());
    assert!(Pin::new(&mut task).poll(&mut context()).is_pending());
    assert_eq!(shown(&*bell.0.borrow()), "[Continuation(a wake-up)]");
}

#[test]
fn a_scope_lists_its_coroutines() {
    let (bell, scope) = (Bell::new(), Scope::new());
    assert_eq!(shown(&scope), "Scope[]");
    let first = scope.spawn(rings(bell.clone()));
    let second = scope.spawn(through(bell.clone()));
    let third = scope.spawn(several(bell.clone()));
    let [alone, deeper, group] = [
        "rings at _ bell.await",
        "through at _ rings(bell).await; innermost: rings at _ bell.await",
        "several at _ when_all([rings(bell.clone()), rings(bell)]).await; innermost: when_all at _ when_all(…).await",
    ];
    assert_eq!(shown(&scope), format!("Scope[{alone}, {deeper}, {group}]"));
    assert_eq!(shown(&first), format!("Spawned({alone})"));
    assert_eq!(shown(&second), format!("Spawned({deeper})"));
    assert_eq!(shown(&third), format!("Spawned({group})"));
    assert_eq!(shown(&scope.join()), "Join { left: 3 }");
    second.cancel();
    assert_eq!(shown(&second), "Spawned(ended)");
    assert_eq!(shown(&scope.join()), "Join { left: 2 }");
    bell.ring();
    assert_eq!(shown(&scope), "Scope[]");
}

#[test]
fn a_coroutine_that_shows_itself_is_running() {
    type Seen = Rc<RefCell<Vec<String>>>;

    #[coro::coroutine]
    fn looks(bell: Bell, own: Rc<RefCell<Option<Spawned>>>, seen: Seen) -> Task<'static, (), Detached> {
        bell.await;
        seen.borrow_mut().push(shown(&*own.borrow()));
    }

    #[coro::coroutine]
    fn looks_through(bell: Bell, own: Rc<RefCell<Option<Spawned>>>, seen: Seen) -> Task<'static, (), Detached> {
        looks(bell, own, seen).await;
    }

    let (bell, scope) = (Bell::new(), Scope::new());
    let (seen, own) = (Seen::default(), Rc::default());
    let spawned = scope.spawn(looks(bell.clone(), Rc::clone(&own), seen.clone()));
    own.replace(Some(spawned));
    bell.ring();
    let spawned = scope.spawn(looks_through(bell.clone(), Rc::clone(&own), seen.clone()));
    own.replace(Some(spawned));
    bell.ring();
    assert_eq!(
        *seen.borrow(),
        [
            "Some(Spawned(looks, running))",
            "Some(Spawned(looks_through at _ looks(bell, own, seen).await; innermost: looks, running))"
        ]
    );
}

#[test]
fn a_scope_may_change_while_it_is_shown() {
    /// Whoever is written to may cancel what is shown.
    struct Cancels<'s>(&'s Scope, String);

    impl fmt::Write for Cancels<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.cancel_all();
            self.1.push_str(text);
            Ok(())
        }
    }

    let (bell, scope) = (Bell::new(), Scope::new());
    let spawned = scope.spawn(through(bell.clone()));
    let mut written = Cancels(&scope, String::new());
    write!(written, "{spawned:?}").expect("it is written");
    assert!(written.1.contains("innermost: rings at "), "{}", written.1);
    assert!(scope.is_empty());

    scope.spawn(through(bell.clone()));
    scope.spawn(through(bell));
    let mut written = Cancels(&scope, String::new());
    write!(written, "{scope:?}").expect("it is written");
    assert_eq!(written.1.matches("innermost: rings at ").count(), 2, "{}", written.1);
}

/// A user's type that derives what it can.
#[derive(Debug)]
struct Own<'a>(CoroutineHandle<'a, OwnPromise>);

struct OwnPromise(Option<Panic>);

#[coro::promise]
impl OwnPromise {
    fn new() -> Self {
        Self(None)
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Own<'_> {
        Own(handle)
    }

    fn return_void(&mut self) {}

    fn unhandled_exception(&mut self, panic: Panic) {
        self.0 = Some(panic);
    }
}

#[test]
fn a_users_type_shows_its_handle_and_a_panic_its_text() {
    #[coro::coroutine]
    fn fails(text: Option<&'static str>) -> Own<'static> {
        SuspendAlways.await;
        match text {
            Some(text) => resume_unwind(Box::new(text)),
            None => resume_unwind(Box::new(1)),
        }
    }

    for (text, panic) in [(Some("by zero"), "Some(Panic(\"by zero\"))"), (None, "Some(Panic(\"(not a text)\"))")] {
        let mut own = fails(text);
        own.0.resume();
        assert_eq!(shown(&own), "Own(CoroutineHandle(fails at _ SuspendAlways.await))");
        own.0.resume();
        assert_eq!(shown(&own), "Own(CoroutineHandle(fails, ended))");
        assert_eq!(shown(&own.0.promise().0), panic);
    }
}
