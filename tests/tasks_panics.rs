//! S7 and S5 for tasks: a panic in any hook, awaiter, future, waker or `Drop` leaves every task running on or finished;
//! nothing is alive afterwards, and nothing was dropped twice.
#![forbid(unsafe_code)]

mod support;

use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use coro::{
    Awaiter, Callee, Continuation, Coroutine, CoroutineHandle, Handle, Handled, PanicPolicy, Polled, Promise,
    Propagate, SuspendAlways, Task,
};
use futures::FutureExt;
use futures::executor::block_on;
use support::{End, Live, Mode, Probe, attempt, event};

/// A task whose every hook is an event.
struct Hooked<'a, X: PanicPolicy<HookedPromise<X>> + 'a>(CoroutineHandle<'a, HookedPromise<X>>);
type HookedPromise<X> = Probe<Polled, Handle, X, SuspendAlways>;

impl<'a, X: PanicPolicy<HookedPromise<X>> + 'a> Coroutine<'a> for Hooked<'a, X> {
    type Promise = HookedPromise<X>;

    fn get_return_object(handle: CoroutineHandle<'a, HookedPromise<X>>) -> Self {
        event("get_return_object");
        Self(handle)
    }
}

impl<'a, X: PanicPolicy<HookedPromise<X>> + 'a> Callee<'a> for Hooked<'a, X> {
    type Promise = HookedPromise<X>;
    type Output = Option<Live>;

    fn into_handle(self) -> CoroutineHandle<'a, HookedPromise<X>> {
        event("into_handle");
        self.0
    }

    fn result(promise: &mut HookedPromise<X>) -> Option<Live> {
        event("result");
        promise.value.take()
    }
}

impl<X: PanicPolicy<HookedPromise<X>>> Future for Hooked<'_, X> {
    type Output = Option<Live>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Live>> {
        self.0.poll(context).map(|()| self.0.promise_mut().value.take())
    }
}

thread_local! {
    static SEATED: RefCell<Vec<Continuation<Polled>>> = const { RefCell::new(Vec::new()) };
}

/// An awaiter of the polled world whose every method is an event.
struct Seat(Live, Mode);

impl Seat {
    fn new(name: &'static str, mode: Mode) -> Self {
        Self(Live::new(name), mode)
    }
}

impl<P: Promise<World = Polled>> Awaiter<P> for Seat {
    type Output = Live;

    fn await_ready(&mut self, _: &mut P) -> bool {
        event(format!("{}.await_ready", self.0.name));
        self.1 == Mode::Ready
    }

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Polled>) -> Option<Continuation<Polled>> {
        event(format!("{}.await_suspend", self.0.name));
        match self.1 {
            Mode::Again => return Some(own),
            Mode::Drop => drop(own),
            Mode::Resume => own.resume(),
            Mode::Stay | Mode::Ready => SEATED.with_borrow_mut(|seated| seated.push(own)),
        }
        event(format!("{}.await_suspend, without its continuation", self.0.name));
        None
    }

    fn await_resume(&mut self, _: &mut P) -> Live {
        event(format!("{}.await_resume", self.0.name));
        Live::new("awaited value")
    }
}

/// A future that is ready when it is polled for the second time.
struct Native(Live, bool);

impl Future for Native {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        event(format!("poll {}", self.0.name));
        if std::mem::replace(&mut self.1, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A waker that may panic.
struct Wakes;

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        event("wake");
    }
}

#[coro::coroutine]
fn root<X, Y>(first: Live, _: Live, mode: Mode) -> Hooked<'static, X>
where
    X: PanicPolicy<HookedPromise<X>> + 'static,
    Y: PanicPolicy<HookedPromise<Y>> + 'static,
{
    event("body");
    let _local = Live::new("local");
    drop(Seat::new("ready", Mode::Ready).await);
    drop(Seat::new("again", Mode::Again).await);
    let value = callee::<Y>(&first, Live::new("own"), mode).await;
    drop(Seat::new("after the call", Mode::Stay).await);
    value.unwrap_or_else(|| Live::new("no value"))
}

#[coro::coroutine(promise = Probe::named("callee's promise"), final = End::seen(lent))]
fn callee<Y: PanicPolicy<HookedPromise<Y>> + 'static>(lent: &Live, own: Live, mode: Mode) -> Hooked<'_, Y> {
    let _local = Live::new("callee's local");
    event(format!("callee's body sees {} and {}", lent.name, own.name));
    drop(Seat::new("callee's seat", mode).await);
    Native(Live::new("native"), false).await;
    Live::new("callee's value")
}

/// The locals and parameters of a body. Any Rust function leaks its value if one of them panics when it is dropped after
/// the value was made: <https://github.com/rust-lang/rust/issues/47949>.
const LEAKS_THE_VALUE: [&str; 6] =
    ["drop local", "drop first", "drop own", "drop second", "drop callee's local", "drop native"];

struct Ran {
    log: Vec<String>,
    faults: Vec<String>,
}

/// Polls a root `polls` times, using the wake-ups in between, then drops it; the events at `armed` panic.
fn run<X, Y>(mode: Mode, polls: usize, by_hand: bool, armed: &[usize]) -> Ran
where
    X: PanicPolicy<HookedPromise<X>> + 'static,
    Y: PanicPolicy<HookedPromise<Y>> + 'static,
{
    support::reset(armed);
    let (mut surfaced, mut faults) = (Vec::new(), Vec::new());
    let waker = Arc::new(Wakes).into();
    let made = attempt(|| root::<X, Y>(Live::new("first"), Live::new("second"), mode));
    match made {
        Err(panic) => surfaced.push(panic),
        Ok(mut task) => {
            for _ in 0..polls {
                // The initial suspension panicked, and the promise handled it.
                if task.0.is_done() {
                    break;
                }
                match attempt(|| Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_ready()) {
                    Ok(true) if task.0.is_done() => break,
                    Ok(false) if !task.0.is_done() => {}
                    Ok(ready) => faults.push(format!("ready: {ready}, done: {}", task.0.is_done())),
                    Err(panic) => {
                        surfaced.push(panic);
                        if !task.0.is_done() {
                            faults.push("a panic came out, and it is not done".to_owned());
                        }
                        break;
                    }
                }
                for wake_up in SEATED.take() {
                    surfaced.extend(attempt(|| if by_hand { wake_up.resume() } else { drop(wake_up) }).err());
                }
            }
            surfaced.extend(attempt(|| drop(task)).err());
        }
    }
    surfaced.extend(SEATED.take().into_iter().filter_map(|late| attempt(|| late.resume()).err()));
    let (log, fired) = (support::take_log(), support::fired());
    let handled = log.iter().filter(|event| event.contains("unhandled_exception(")).count();
    if fired.len() != surfaced.len() + handled {
        faults.push(format!("{fired:?} fired, {surfaced:?} surfaced, {handled} were handled"));
    }
    for alive in support::alive() {
        if !(alive.ends_with("value") && fired.iter().any(|event| LEAKS_THE_VALUE.contains(&event.as_str()))) {
            faults.push(format!("{alive} is still alive"));
        }
    }
    faults.extend(support::dropped_twice().into_iter().map(|name| format!("{name} was dropped twice")));
    Ran { log, faults }
}

fn panics_everywhere<X, Y>(minimum: usize)
where
    X: PanicPolicy<HookedPromise<X>> + 'static,
    Y: PanicPolicy<HookedPromise<Y>> + 'static,
{
    let mut runs = 0;
    for mode in [Mode::Stay, Mode::Again, Mode::Drop, Mode::Resume, Mode::Ready] {
        for polls in 0..=4 {
            let undisturbed = run::<X, Y>(mode, polls, true, &[]);
            assert_eq!(undisturbed.faults, [""; 0], "{:#?}", undisturbed.log);
            for first in 0..undisturbed.log.len() {
                let once = run::<X, Y>(mode, polls, first % 2 == 0, &[first]);
                assert_eq!(once.faults, [""; 0], "{mode:?}, {polls} polls, {first}: {:#?}", once.log);
                runs += 1;
                for second in first + 1..once.log.len() {
                    let twice = run::<X, Y>(mode, polls, true, &[first, second]);
                    assert_eq!(twice.faults, [""; 0], "{mode:?}, {polls} polls, {first}, {second}: {:#?}", twice.log);
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > minimum, "{runs}");
}

#[test]
fn a_panic_anywhere_in_a_chain_surfaces_once_and_leaves_nothing_behind() {
    panics_everywhere::<Propagate, Propagate>(5000);
}

#[test]
fn a_panic_anywhere_is_handled_by_the_promise_that_does_or_goes_on() {
    panics_everywhere::<Propagate, Handled>(5000);
    panics_everywhere::<Handled, Propagate>(5000);
    panics_everywhere::<Handled, Handled>(5000);
}

#[test]
fn a_chain_is_destroyed_from_the_innermost_task_outwards_and_each_local_once() {
    support::reset(&[]);
    let mut task = root::<Propagate, Propagate>(Live::new("first"), Live::new("second"), Mode::Stay);
    assert!(Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    support::take_log();
    drop(task);
    let expected = [
        "drop callee's seat",
        "drop callee's local",
        "drop own",
        "drop final",
        "drop callee's promise",
        "drop local",
        "drop second",
        "drop first",
        "drop promise",
    ];
    assert_eq!(support::take_log(), expected);
    SEATED.take().into_iter().for_each(Continuation::resume);
    assert_eq!(support::take_log(), [""; 0]);
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine]
fn fails(with: &'static str) -> Task<'static, u32> {
    futures::pending!();
    if !with.is_empty() {
        std::panic::resume_unwind(Box::new(with));
    }
    1
}

#[coro::coroutine]
fn calls(with: &'static str) -> Task<'static, u32> {
    fails("").await + fails(with).await
}

fn poll<T>(task: &mut Task<'_, T>) -> Poll<T> {
    Pin::new(task).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_panic_of_a_callee_surfaces_at_the_executor() {
    let mut task = calls("deep down");
    assert_eq!((poll(&mut task), poll(&mut task)), (Poll::Pending, Poll::Pending));
    assert_eq!(attempt(|| poll(&mut task)), Err("deep down".to_owned()));
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let spawned = tokio.spawn(async {
        let mut task = calls("in a thread");
        std::future::poll_fn(move |context| {
            context.waker().wake_by_ref();
            Pin::new(&mut task).poll(context)
        })
        .await
    });
    let panic = tokio.block_on(spawned).expect_err("it panics").into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"in a thread"));
}

#[test]
fn a_panic_of_a_callee_is_caught_at_the_await_and_the_chain_goes_on() {
    #[coro::coroutine]
    fn catches() -> Task<'static, (bool, u32)> {
        let caught = AssertUnwindSafe(calls("to be caught")).catch_unwind().await;
        (caught.is_err(), calls("").await)
    }
    #[coro::coroutine]
    fn outer() -> Task<'static, (bool, u32)> {
        catches().await
    }
    let mut task = outer();
    for _ in 0..4 {
        assert_eq!(poll(&mut task), Poll::Pending);
    }
    assert_eq!(poll(&mut task), Poll::Ready((true, 2)));
}

#[test]
fn a_task_polled_after_its_end_panics_and_names_the_coroutine() {
    support::silence("was resumed after its end");
    let after_end = Err("coroutine `calls` was resumed after its end".to_owned());
    let mut returned = calls("");
    while poll(&mut returned).is_pending() {}
    assert_eq!(attempt(|| poll(&mut returned)), after_end);
    let mut panicked = calls("it ends");
    while attempt(|| poll(&mut panicked)) == Ok(Poll::Pending) {}
    assert_eq!(attempt(|| poll(&mut panicked)), after_end);
    assert_eq!(attempt(|| poll(&mut panicked)), after_end);
}

#[test]
fn a_task_awaited_after_it_was_polled_to_its_end_panics_in_its_caller() {
    #[coro::coroutine]
    fn awaits(mut ended: Task<'static, u32>) -> Task<'static, u32> {
        let polled = attempt(|| while poll(&mut ended).is_pending() {});
        assert!(ended.is_ended(), "{polled:?}");
        ended.await
    }
    for with in ["", "it ends"] {
        assert!(attempt(|| block_on(awaits(calls(with)))).is_err());
    }
}

/// Whether a task's text says so: it has no method for it.
trait IsEnded {
    fn is_ended(&self) -> bool;
}

impl IsEnded for Task<'_, u32> {
    fn is_ended(&self) -> bool {
        format!("{self:?}").contains("calls, ended")
    }
}
