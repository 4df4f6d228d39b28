//! With the feature `tracing`: spans and events of that crate.

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Level, Span};

use crate::drive::Turn;
use crate::frame::{Header, Kind};
use crate::guard::Finally;

/// What a header holds.
pub(crate) struct Traced {
    /// Its number, from 1; 0 if nobody watches it. It never changes, so that others may look at it.
    id: u64,
    /// The owner's, or the running body's.
    span: Cell<Span>,
    stage: Cell<Stage>,
    /// How often its body has gone on the stack, whether anybody watches or not.
    runs: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has never run.
    New,
    Begun,
    Destroyed,
}

impl Traced {
    /// For what is no coroutine.
    pub(crate) const fn nobody() -> Self {
        Self { id: 0, span: Cell::new(Span::none()), stage: Cell::new(Stage::New), runs: Cell::new(0) }
    }

    /// For a new coroutine of the function `name`.
    #[inline]
    pub(crate) fn new(name: &'static str) -> Self {
        if LevelFilter::current() < LevelFilter::TRACE { Self::nobody() } else { Self::watched(name) }
    }

    #[cold]
    fn watched(function: &'static str) -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let id = LAST.fetch_add(1, Ordering::Relaxed) as u64 + 1;
        let span = without_panics(|| tracing::span!(target: "coro", Level::TRACE, "coroutine", function, id));
        // Where this thread has no subscriber, and another has, a span may be nobody's.
        let is_heard = span.with_subscriber(|(_, subscriber)| !subscriber.is::<NoSubscriber>());
        let id = if is_heard == Some(true) { id } else { 0 };
        Self { id, span: Cell::new(span), stage: Cell::new(Stage::New), runs: Cell::new(0) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "without the feature there is none")]
    pub(crate) const fn runs(&self) -> Option<u32> {
        Some(self.runs.get())
    }

    fn with_span(&self, use_it: impl FnOnce(&Span)) {
        let span = self.span.replace(Span::none());
        use_it(&span);
        self.span.set(span);
    }
}

/// A body on the stack: its span is entered. If it is dropped, a panic has ended the body.
pub(crate) struct Run(Option<Span>);

impl Run {
    #[inline]
    pub(crate) fn begin(coroutine: &Header) -> Self {
        let runs = &coroutine.traced.runs;
        runs.set(runs.get().saturating_add(1));
        if is_watched(coroutine) { Self::begin_watched(coroutine) } else { Self(None) }
    }

    #[cold]
    fn begin_watched(coroutine: &Header) -> Self {
        let begins = coroutine.traced.stage.replace(Stage::Begun) == Stage::New;
        send(coroutine, if begins { "start" } else { "resume" }, None, None);
        let mut entered = Span::none();
        coroutine.traced.with_span(|span| {
            without_panics(|| span.with_subscriber(|(id, subscriber)| subscriber.enter(id)));
            entered = span.clone();
        });
        Self(Some(entered))
    }

    /// The body, which `turn` has run, is suspended, and has handed control over to `target`; `returns` says that it goes
    /// back to the resumer, and to no other coroutine.
    ///
    /// # Safety
    /// The turn is on the stack, and the target suspended and the turn's.
    #[inline]
    pub(crate) unsafe fn suspends(
        &mut self,
        coroutine: &Header,
        turn: Option<NonNull<Turn>>,
        target: Option<NonNull<Header>>,
        returns: impl FnOnce() -> bool,
    ) {
        if self.0.is_some() {
            let returns = returns();
            // Whoever cancels it now finds it on the stack, where it still is.
            let waits = turn.and_then(|turn| coroutine.state.run_on(turn));
            let turn = if coroutine.vtable.shared { None } else { turn };
            // SAFETY: caller's contract.
            unsafe {
                handing_over(turn, target, || {
                    if returns {
                        event(coroutine, "return", "suspended");
                    }
                    self.leave();
                });
            }
            if let Some(waits) = waits {
                coroutine.state.wait_again(waits);
            }
        }
    }

    /// The coroutine has ended, and `next` goes on: its caller, if it has one. `turn` has run it, if it stays on its
    /// thread.
    ///
    /// # Safety
    /// `caller` is alive, and the turn on the stack. `next` is the caller, or suspended and the turn's.
    #[inline]
    pub(crate) unsafe fn ends(
        mut self,
        caller: Option<NonNull<Header>>,
        next: Option<NonNull<Header>>,
        turn: Option<NonNull<Turn>>,
    ) {
        if let Some(span) = &self.0 {
            if caller == next {
                // SAFETY: caller's contract.
                let to = caller.and_then(|caller| id(unsafe { caller.as_ref() }));
                send_in(span, "return", Some("ended"), to, None);
            }
            if let Some(turn) = turn {
                // Whoever cancels `caller` meanwhile finds nobody on the stack to tell: so the turn looks.
                // SAFETY: caller's contract. Test: tests/attacks_tracing.rs.
                unsafe { turn.as_ref() }.cancel();
            }
        }
        let target = if self.0.is_none() || next == caller { None } else { next };
        // SAFETY: caller's contract.
        unsafe { handing_over(turn, target, || self.leave()) }
    }

    #[inline]
    fn leave(&mut self) {
        if let Some(span) = self.0.take() {
            without_panics(|| {
                span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
                drop(span);
            });
        }
    }
}

impl Drop for Run {
    #[inline]
    fn drop(&mut self) {
        if let Some(span) = &self.0 {
            send_in(span, "return", Some("panicked"), None, None);
            self.leave();
        }
    }
}

/// Calls `tell`, while control is on its way to `target`. That waits in the turn meanwhile: whoever cancels it tells the
/// turn, and does not destroy what is about to run.
///
/// # Safety
/// The turn is on the stack, and the target suspended and the turn's.
#[inline]
unsafe fn handing_over(turn: Option<NonNull<Turn>>, target: Option<NonNull<Header>>, tell: impl FnOnce()) {
    let (Some(turn), Some(target)) = (turn, target) else { return tell() };
    // SAFETY: caller's contract. Nobody else takes what waits in the turn, so it is the same one afterwards. Test:
    // tests/attacks_tracing.rs.
    unsafe {
        turn.as_ref().postpone(target);
        tell();
        let _the_target = turn.as_ref().postponed();
    }
}

/// Whether somebody is told of this coroutine.
#[inline]
pub(crate) fn is_watched(coroutine: &Header) -> bool {
    coroutine.traced.id != 0
}

/// What has happened to the coroutine, and how it came out, if that can differ.
#[inline]
pub(crate) fn event(coroutine: &Header, what: &'static str, outcome: &'static str) {
    if is_watched(coroutine) {
        send(coroutine, what, (!outcome.is_empty()).then_some(outcome), None);
    }
}

/// As [`event`], and control goes `to` that one.
#[inline]
pub(crate) fn event_to(coroutine: &Header, what: &'static str, outcome: &'static str, to: &Header) {
    if is_watched(coroutine) {
        send(coroutine, what, Some(outcome), id(to));
    }
}

/// The hook of that name was asked. Of one that had been suspended without being asked, this was told before.
#[inline]
pub(crate) fn initial_suspend(coroutine: &Header, had_been_suspended: impl FnOnce() -> bool) {
    if is_watched(coroutine) && !had_been_suspended() {
        event(coroutine, "initial_suspend", "");
    }
}

/// The coroutine was not run, for it is known what the promise would say; `by_promise` if that, and not the
/// attribute, says it.
#[inline]
pub(crate) fn starts_suspended(coroutine: &Header, by_promise: bool) {
    if is_watched(coroutine) {
        coroutine.traced.stage.set(Stage::Begun);
        if by_promise {
            event(coroutine, "initial_suspend", "");
        }
        super::ready(coroutine, false);
        event(coroutine, "await_suspend", "suspends");
    }
}

/// The body is about to be dropped where it is suspended.
#[inline]
pub(crate) fn destroys(coroutine: &Header) {
    if is_watched(coroutine) && coroutine.traced.stage.replace(Stage::Destroyed) != Stage::Destroyed {
        send(coroutine, "destroy", None, None);
    }
}

/// The promise is about to be dropped: nothing follows.
#[inline]
pub(crate) fn releases(coroutine: &Header) {
    if is_watched(coroutine) {
        destroys(coroutine);
        without_panics(|| drop(coroutine.traced.span.replace(Span::none())));
    }
}

/// The number of the coroutine that this is, or that waits for what is none.
fn id(header: &Header) -> Option<u64> {
    let id = match header.vtable.kind {
        Kind::Coroutine => header.traced.id,
        // SAFETY: S2: a frame outlives those it waits for. Test: tests/tracing.rs.
        Kind::Branch => header.caller().map_or(0, |caller| unsafe { caller.as_ref() }.traced.id),
        Kind::Starter | Kind::Member => 0,
    };
    (id != 0).then_some(id)
}

#[cold]
fn send(coroutine: &Header, what: &'static str, outcome: Option<&'static str>, to: Option<u64>) {
    coroutine.traced.with_span(|span| send_in(span, what, outcome, to, Some(coroutine)));
}

#[cold]
fn send_in(
    span: &Span,
    what: &'static str,
    outcome: Option<&'static str>,
    to: Option<u64>,
    coroutine: Option<&Header>,
) {
    let point = coroutine.and_then(|coroutine| coroutine.at.get());
    let expression = point.map(|point| point.expression);
    let file = point.map(|point| point.location.file());
    let line = point.map(|point| point.location.line());
    let column = point.map(|point| point.location.column());
    without_panics(|| {
        tracing::event!(
            target: "coro", parent: span, Level::TRACE,
            message = what, outcome, to, expression, file, line, column
        );
    });
}

/// A panic of the subscriber aborts: a second one comes while it unwinds.
fn without_panics<T>(call: impl FnOnce() -> T) -> T {
    let abort = Finally::new(|| panic!("a subscriber panicked while it was told of a coroutine"));
    let result = call();
    abort.defuse();
    result
}
