//! S1, S4: coroutines that change threads.
#![forbid(unsafe_code)]

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use coro::{
    Awaiter, ByOwner, Callee, Continuation, CoroutineHandle, Detached, FireAndForget, Promise, Sendable, SuspendAlways,
    Task,
};

type K = Continuation<Detached<Sendable>>;

/// A generator that may change threads.
struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);

#[derive(Default)]
struct StepsPromise {
    step: Option<(u32, ThreadId)>,
}

#[coro::promise(send)]
impl StepsPromise {
    fn new() -> Self {
        Self::default()
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> {
        Steps(handle)
    }

    fn yield_value(&mut self, step: u32) -> SuspendAlways {
        self.step = Some((step, thread::current().id()));
        SuspendAlways
    }

    fn yield_from<'a>(&mut self, other: Steps<'a>) -> Steps<'a> {
        other
    }

    fn return_void(&mut self) {}
}

impl<'a> Callee<'a> for Steps<'a> {
    type Promise = StepsPromise;
    type Output = ();

    fn into_handle(self) -> CoroutineHandle<'a, StepsPromise> {
        self.0
    }

    fn result(_: &mut StepsPromise) {}
}

impl Iterator for Steps<'_> {
    type Item = (u32, ThreadId);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.0.is_done() {
            self.0.resume();
        }
        self.0.innermost_promise_mut().step.take()
    }
}

/// Adds one when it is dropped.
struct CountsDrop<'a>(&'a AtomicUsize);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[coro::coroutine]
fn steps<'a>(values: &'a [u32], dropped: &'a AtomicUsize) -> Steps<'a> {
    let _local = CountsDrop(dropped);
    let mut local = String::from("on the heap");
    co_yield!(0);
    co_yield!(..inner_steps(values, &mut local, dropped));
    assert_eq!(local, "on the heap12");
    co_yield!(3);
}

#[coro::coroutine]
fn inner_steps<'a>(values: &'a [u32], lent: &'a mut String, dropped: &'a AtomicUsize) -> Steps<'a> {
    let _local = CountsDrop(dropped);
    for value in values {
        lent.push_str(&value.to_string());
        co_yield!(*value);
    }
}

#[test]
fn a_coroutine_with_an_owner_goes_on_where_it_was_on_another_thread_each_time() {
    let (values, dropped) = ([1, 2], AtomicUsize::new(0));
    let mut steps = steps(&values, &dropped);
    let mut seen = vec![];
    for _ in 0..5 {
        let step;
        (steps, step) = thread::scope(|scope| {
            let resumer = scope.spawn(move || {
                let step = steps.next();
                if let Some((_, on)) = step {
                    assert_eq!(on, thread::current().id());
                }
                (steps, step)
            });
            resumer.join().expect("no panic")
        });
        seen.push(step);
    }
    let numbers: Vec<_> = seen.iter().flatten().map(|(number, _)| *number).collect();
    assert_eq!((numbers, seen[4]), (vec![0, 1, 2, 3], None));
    let threads: HashSet<_> = seen.iter().flatten().map(|(_, on)| *on).collect();
    assert_eq!((threads.len(), dropped.load(Ordering::Relaxed)), (4, 2));
}

#[test]
fn a_coroutine_with_an_owner_is_destroyed_half_way_on_another_thread() {
    let (values, dropped) = ([1, 2], AtomicUsize::new(0));
    let mut steps = steps(&values, &dropped);
    assert_eq!(steps.by_ref().take(2).map(|(number, _)| number).collect::<Vec<_>>(), [0, 1]);
    thread::scope(|scope| scope.spawn(move || drop(steps)).join().expect("no panic"));
    assert_eq!(dropped.into_inner(), 2);
}

#[test]
fn a_sendable_coroutine_of_the_world_by_owner_is_send_and_a_generic_bound_can_ask_for_it() {
    fn world_of<P: Promise<World = ByOwner<Sendable>>>(_: &CoroutineHandle<'_, P>) {}
    fn must_be_send<T: Send>(it: T) -> T {
        it
    }
    let dropped = AtomicUsize::new(0);
    let steps = must_be_send(steps(&[], &dropped));
    world_of(&steps.0);
    drop(steps);
    assert_eq!(dropped.into_inner(), 0, "it never started");
}

/// Awaited, sends its coroutine away.
struct SendTo<'t>(&'t Sender<K>);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for SendTo<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.0.send(own).expect("somebody receives");
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// What threads leave for each other.
#[derive(Default)]
struct Seen {
    total: Mutex<Option<usize>>,
    dropped: AtomicUsize,
}

impl Seen {
    fn total(&self) -> Option<usize> {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A local of a coroutine: counts its drop.
struct LocalOf(Arc<Seen>);

impl Drop for LocalOf {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

const RESUMES: usize = 100_000;

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn alternates(senders: [Sender<K>; 2], seen: Arc<Seen>) -> FireAndForget<Sendable> {
    let _local = LocalOf(seen.clone());
    // Neither atomic nor locked: that the coroutine is handed over makes this sound.
    let mut counted = Box::new(0);
    for turn in 0..RESUMES {
        SendTo(&senders[turn % 2]).await;
        *counted += 1;
    }
    *seen.total.lock().expect("not poisoned") = Some(*counted);
}

#[test]
fn a_coroutine_that_two_threads_resume_at_once_whenever_they_receive_it_loses_no_step() {
    let (one, ones) = channel();
    let (other, others) = channel();
    let seen = Arc::new(Seen::default());
    let threads = [ones, others].map(|receiver| thread::spawn(move || receiver.iter().map(K::resume).count()));
    alternates([one, other], seen.clone());
    let resumed = threads.map(|thread| thread.join().expect("no panic"));
    assert_eq!((resumed, seen.total(), seen.dropped()), ([RESUMES / 2; 2], Some(RESUMES), 1));
}

/// Awaited, gives its coroutine to another thread, which uses it, all while `await_suspend` runs.
struct UsedElsewhere<'s>(fn(K), &'s Seen);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for UsedElsewhere<'_> {
    type Output = ThreadId;

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        let with = self.0;
        thread::spawn(move || with(own)).join().expect("no panic");
        assert_eq!((self.1.dropped(), self.1.total()), (0, None), "it waits for the end of `await_suspend`");
        None
    }

    fn await_resume(&mut self, _: &mut P) -> ThreadId {
        thread::current().id()
    }
}

#[coro::coroutine]
fn used_elsewhere(with: fn(K), seen: &Seen) -> Task<'_, ThreadId, Detached<Sendable>> {
    UsedElsewhere(with, seen).await
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn calls_one_used_elsewhere(with: fn(K), seen: Arc<Seen>) -> FireAndForget<Sendable> {
    let _local = LocalOf(seen.clone());
    let on = used_elsewhere(with, &seen).await;
    assert_eq!(on, thread::current().id());
    *seen.total.lock().expect("not poisoned") = Some(1);
}

#[test]
fn a_coroutine_that_another_thread_resumes_while_await_suspend_runs_goes_on_after_it() {
    let seen = Arc::new(Seen::default());
    calls_one_used_elsewhere(K::resume, seen.clone());
    assert_eq!((seen.total(), seen.dropped()), (Some(1), 1));
}

#[test]
fn a_coroutine_that_another_thread_drops_while_await_suspend_runs_is_destroyed_after_it() {
    let seen = Arc::new(Seen::default());
    calls_one_used_elsewhere(drop, seen.clone());
    assert_eq!((seen.total(), seen.dropped()), (None, 1));
    assert_eq!(Arc::strong_count(&seen), 1, "the caller is destroyed as well");
}

#[coro::coroutine]
fn sends_itself(to: &Sender<K>) -> Task<'_, (), Detached<Sendable>> {
    SendTo(to).await;
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn calls_one_that_sends_itself(to: Sender<K>, seen: Arc<Seen>) -> FireAndForget<Sendable> {
    let _local = LocalOf(seen);
    sends_itself(&to).await;
}

#[test]
fn coroutines_that_another_thread_drops_as_soon_as_it_can_are_destroyed_once() {
    let (sender, receiver) = channel::<K>();
    let seen = Arc::new(Seen::default());
    let dropper = thread::spawn(move || receiver.iter().map(drop).count());
    for _ in 0..RESUMES / 10 {
        calls_one_that_sends_itself(sender.clone(), seen.clone());
    }
    drop(sender);
    assert_eq!((dropper.join().expect("no panic"), seen.dropped()), (RESUMES / 10, RESUMES / 10));
}

/// Awaited, sends its coroutine away and panics.
struct SendAndPanic<'t>(&'t Sender<K>);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for SendAndPanic<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.0.send(own).expect("somebody receives");
        resume_unwind(Box::new("after it was sent"));
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn panics_after_it_was_sent(to: Sender<K>, seen: Arc<Seen>) -> FireAndForget<Sendable> {
    let _local = LocalOf(seen);
    SendAndPanic(&to).await;
}

fn panic_while_another_thread(uses: fn(K)) {
    let (sender, receiver) = channel::<K>();
    let seen = Arc::new(Seen::default());
    let other = thread::spawn(move || receiver.iter().map(uses).count());
    for _ in 0..RESUMES / 10 {
        let panic = catch_unwind(AssertUnwindSafe(|| panics_after_it_was_sent(sender.clone(), seen.clone())));
        assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&"after it was sent"));
    }
    drop(sender);
    assert_eq!((other.join().expect("no panic"), seen.dropped()), (RESUMES / 10, RESUMES / 10));
}

#[test]
fn a_continuation_that_another_thread_resumes_while_await_suspend_panics_only_releases_memory() {
    panic_while_another_thread(K::resume);
}

#[test]
fn a_continuation_that_another_thread_drops_while_await_suspend_panics_only_releases_memory() {
    panic_while_another_thread(drop);
}

/// Awaited, goes to the end of a queue, and hands control to the first of it.
struct Yield<'q>(&'q Mutex<VecDeque<K>>);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Yield<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        let mut queue = self.0.lock().expect("not poisoned");
        queue.push_back(own);
        queue.pop_front()
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = Park(&parked), final = suspend_never)]
fn takes_turns(parked: Arc<Mutex<VecDeque<K>>>, turns: usize, seen: Arc<Seen>) -> FireAndForget<Sendable> {
    let _local = LocalOf(seen.clone());
    let mut counted = Box::new(0);
    for _ in 0..turns {
        Yield(&parked).await;
        *counted += 1;
    }
    *seen.total.lock().expect("not poisoned").get_or_insert_default() += *counted;
}

/// Goes to the end of a queue.
struct Park<'q>(&'q Mutex<VecDeque<K>>);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Park<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.0.lock().expect("not poisoned").push_back(own);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[test]
fn coroutines_that_hand_control_to_each_other_on_two_threads_all_come_to_their_end() {
    let (queue, seen) = (Arc::new(Mutex::default()), Arc::new(Seen::default()));
    for _ in 0..4 {
        takes_turns(Arc::clone(&queue), RESUMES / 10, seen.clone());
    }
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while seen.dropped() < 4 {
                    let next = queue.lock().expect("not poisoned").pop_front();
                    next.map_or_else(thread::yield_now, K::resume);
                }
            });
        }
    });
    assert_eq!(seen.total(), Some(4 * (RESUMES / 10)));
}
