//! Tasks that are leaked on purpose. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::future::Future;
use std::mem::{ManuallyDrop, forget};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use coro::{Awaiter, Continuation, ContinuationOf, Polled, Promise, Sendable, Task, Threads};
use futures::executor::block_on;
use futures::task::noop_waker;

/// Gives its continuation away.
struct Sends<W: coro::World>(mpsc::Sender<Continuation<W>>);

impl<T: Threads, P: Promise<World = Polled<T>>> Awaiter<P> for Sends<Polled<T>> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.send(own).expect("the test receives");
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn borrows<'a>(
    text: &'a str,
    to: &'a mpsc::Sender<Continuation<Polled<Sendable>>>,
    went_on: &'a AtomicBool,
) -> Task<'a, usize> {
    Sends(to.clone()).await;
    went_on.store(true, SeqCst);
    text.len()
}

#[coro::coroutine]
fn lends(to: mpsc::Sender<Continuation<Polled<Sendable>>>, went_on: Arc<AtomicBool>) -> Task<'static, usize> {
    let text = String::from("lent to the callee");
    borrows(&text, &to, &went_on).await
}

fn poll<F: Future + Unpin>(task: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(task).poll(&mut Context::from_waker(waker))
}

/// Whether it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

impl Woken {
    fn get(&self) -> bool {
        self.0.load(SeqCst)
    }
}

#[test]
fn a_task_leaked_after_its_first_poll_is_not_run_by_its_wake_up() {
    let (to, wake_ups) = mpsc::channel();
    let went_on = Arc::default();
    let woken = Arc::<Woken>::default();
    let mut task = lends(to, Arc::clone(&went_on));
    assert_eq!(poll(&mut task, &woken.clone().into()), Poll::Pending);
    forget(task);
    let wake_up = wake_ups.recv().expect("sent");
    thread::spawn(move || wake_up.resume()).join().expect("no panic");
    assert!(woken.get());
    assert!(!went_on.load(SeqCst));
}

#[test]
fn a_borrowing_task_leaked_after_its_first_poll_leaves_what_it_borrowed_alone() {
    let (to, wake_ups) = mpsc::channel();
    let went_on = AtomicBool::new(false);
    let text = String::from("borrowed for a while");
    let mut task = borrows(&text, &to, &went_on);
    assert_eq!(poll(&mut task, &noop_waker()), Poll::Pending);
    forget(task);
    drop(text);
    wake_ups.recv().expect("sent").resume();
    assert!(!went_on.into_inner());
}

#[test]
fn a_task_polled_by_hand_and_leaked_inside_another_never_returns_into_it() {
    #[coro::coroutine]
    fn leaks(to: mpsc::Sender<Continuation<Polled<Sendable>>>, went_on: Arc<AtomicBool>) -> Task<'static, usize> {
        let text = String::from("a local of the one that leaks");
        let mut callee = ManuallyDrop::new(borrows(&text, &to, &went_on));
        assert_eq!(futures::poll!(&mut *callee), Poll::Pending);
        text.len()
    }
    let (to, wake_ups) = mpsc::channel();
    let went_on = Arc::default();
    assert_eq!(block_on(leaks(to, Arc::clone(&went_on))), 29);
    wake_ups.recv().expect("sent").resume();
    assert!(!went_on.load(SeqCst));
}

#[test]
fn a_leaked_wake_up_leaves_its_task_to_its_owner() {
    struct Counts(Rc<Cell<u32>>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    #[coro::coroutine]
    fn waits(to: mpsc::Sender<Continuation<Polled>>, held: Counts) -> Task<'static, u32, Polled> {
        Sends(to).await;
        held.0.get()
    }
    let (to, wake_ups) = mpsc::channel();
    let dropped = Rc::new(Cell::new(0));
    let mut task = waits(to, Counts(dropped.clone()));
    assert_eq!(poll(&mut task, &noop_waker()), Poll::Pending);
    forget(wake_ups.recv().expect("sent"));
    assert_eq!((poll(&mut task, &noop_waker()), dropped.get()), (Poll::Pending, 0));
    drop(task);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_task_that_keeps_its_own_wake_up_is_woken_when_it_is_dropped() {
    /// A cycle through the task's own frame is none of its memory: the wake-up points at no frame.
    struct Keeps(Option<Continuation<Polled>>);
    impl<P: Promise<World = Polled>> Awaiter<P> for Keeps {
        type Output = ();
        fn await_suspend(&mut self, _: &mut P, own: Continuation<Polled>) -> Option<Continuation<Polled>> {
            self.0 = Some(own);
            None
        }
        fn await_resume(&mut self, _: &mut P) {}
    }
    #[coro::coroutine]
    fn keeps(held: Rc<()>) -> Task<'static, usize, Polled> {
        Keeps(None).await;
        Rc::strong_count(&held)
    }
    let held = Rc::new(());
    let woken = Arc::<Woken>::default();
    let mut task = keeps(held.clone());
    assert_eq!(poll(&mut task, &woken.clone().into()), Poll::Pending);
    assert_eq!((Rc::strong_count(&held), woken.get()), (2, false));
    drop(task);
    assert_eq!((Rc::strong_count(&held), woken.get()), (1, true));
}
