//! Who may be on which thread, and continuations used on other threads while `await_suspend` still runs.
//! Run under AddressSanitizer and LeakSanitizer.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use coro::{
    Awaiter, Backtrace, Continuation, Detached, FireAndForget, Generator, Polled, Promise, Sendable, StateMachine, Task,
};

/// Fails to compile if `$type: $bound`: then `A` could be either.
macro_rules! is_not {
    ($bound:ident: $($type:ty),* $(,)?) => {
        $(const _: fn() = || {
            trait AmbiguousIf<A> {
                fn some_item() {}
            }
            impl<T: ?Sized> AmbiguousIf<()> for T {}
            impl<T: ?Sized + $bound> AmbiguousIf<u8> for T {}
            <$type as AmbiguousIf<_>>::some_item();
        };)*
    };
}

is_not!(Send:
    Continuation<Detached>, Generator<'static, u32>, StateMachine<'static, u32, u32>,
    Task<'static, u32, Detached>, Task<'static, u32, Polled>, Task<'static, Rc<u32>, Polled<Sendable>>,
    Task<'static, Rc<u32>, Detached<Sendable>>,
);

is_not!(Sync:
    Continuation<Detached>, Continuation<Detached<Sendable>>, Generator<'static, u32>,
    StateMachine<'static, u32, u32>, Task<'static, u32, Detached>, Task<'static, u32, Polled<Sendable>>,
    Task<'static, u32, Detached<Sendable>>,
);

const _: fn() = || {
    fn may_be_sent<T: Send>() {}
    may_be_sent::<Backtrace>();
    may_be_sent::<Continuation<Detached<Sendable>>>();
    may_be_sent::<Task<'static, u32, Polled<Sendable>>>();
    may_be_sent::<Task<'static, u32, Detached<Sendable>>>();
};

type Own = Continuation<Detached<Sendable>>;

/// What happens to a continuation, here and on the other thread.
#[derive(Clone, Copy)]
enum Fate {
    Sent,
    SentAndPanicked,
    SentWhileAnotherRuns,
}

struct Away(Sender<Own>, Fate);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Away {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Own) -> Option<Own> {
        self.0.send(own).expect("the other thread receives");
        match self.1 {
            Fate::Sent => {}
            Fate::SentAndPanicked => resume_unwind(Box::new("after it was sent")),
            Fate::SentWhileAnotherRuns => thread::yield_now(),
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

struct Counted(Arc<AtomicUsize>, String);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(alive.clone(), "on the heap".repeat(3))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(self.1.starts_with("on"));
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[coro::coroutine]
fn travels(lent: &Counted, to: Sender<Own>, fate: Fate) -> Task<'_, usize, Detached<Sendable>> {
    let held = Counted::new(&lent.0);
    for _ in 0..3 {
        Away(to.clone(), Fate::Sent).await;
        assert_eq!(held.1, lent.1);
    }
    Away(to, fate).await;
    lent.1.len() + held.1.len()
}

#[coro::coroutine(initial = suspend_never)]
fn sends(held: Counted, to: Sender<Own>, fate: Fate) -> FireAndForget<Sendable> {
    assert_eq!(travels(&held, to.clone(), fate).await, 66);
    Away(to, fate).await;
}

#[test]
fn a_continuation_is_resumed_dropped_or_printed_on_another_thread_before_await_suspend_has_returned() {
    let alive = Arc::new(AtomicUsize::new(0));
    let (to, from) = channel::<Own>();
    let other = thread::spawn(move || {
        for (number, own) in from.into_iter().enumerate() {
            assert!(!format!("{own:?}").is_empty());
            if number % 7 == 6 {
                drop(own);
            } else {
                let _ = catch_unwind(AssertUnwindSafe(|| own.resume()));
            }
        }
    });
    for number in 0..if cfg!(debug_assertions) { 3_000 } else { 30_000 } {
        let fate = [Fate::Sent, Fate::SentAndPanicked, Fate::SentWhileAnotherRuns][number % 3];
        let _ = catch_unwind(AssertUnwindSafe(|| sends(Counted::new(&alive), to.clone(), fate)));
    }
    drop(to);
    other.join().expect("nothing is lost");
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}
