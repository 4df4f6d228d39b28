//! `when_all` of coroutines that change threads, in the world `Detached<Sendable>`.
#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, JoinHandle, ThreadId};

use coro::{
    Awaiter, Callee, Continuation, CoroutineHandle, Detached, FireAndForget, Panic, Promise, Sendable, Task, when_all,
};

type K = Continuation<Detached<Sendable>>;
type Hopper<T> = Task<'static, T, Detached<Sendable>>;

/// A thread that resumes, or drops, what it is sent.
struct Worker(Sender<K>, JoinHandle<usize>);

impl Worker {
    fn new(uses: fn(K)) -> Self {
        let (sender, receiver): (_, Receiver<K>) = mpsc::channel();
        Self(sender, thread::spawn(move || receiver.iter().map(uses).count()))
    }

    fn resumes() -> Self {
        Self::new(K::resume)
    }

    /// Waits until nobody can send to it any more.
    fn join(self) -> usize {
        drop(self.0);
        self.1.join().expect("no coroutine panicked")
    }
}

fn join(workers: impl IntoIterator<Item = Worker>) -> usize {
    workers.into_iter().map(Worker::join).sum()
}

/// Awaited, goes on on the thread that receives.
struct HopTo<'s>(&'s Sender<K>);

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for HopTo<'_> {
    type Output = ThreadId;

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        self.0.send(own).err().map(|unsent| unsent.0)
    }

    fn await_resume(&mut self, _: &mut P) -> ThreadId {
        thread::current().id()
    }
}

/// Sends the result of `work` where it is waited for. It is dropped with its coroutine if there is none.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn run<T: Send + 'static>(work: Hopper<T>, results: Sender<T>) -> FireAndForget<Sendable> {
    let result = work.await;
    results.send(result).expect("somebody receives");
}

fn result<T: Send + 'static>(work: Hopper<T>) -> Option<T> {
    let (results, result) = mpsc::channel();
    run(work, results);
    result.recv().ok()
}

#[coro::coroutine]
fn meets(jobs: Sender<K>, barrier: Arc<Barrier>) -> Task<'static, ThreadId, Detached<Sendable>> {
    let here = thread::current().id();
    // One that is resumed there before it is off the stack here goes on here.
    let mut there = HopTo(&jobs).await;
    while there == here {
        there = HopTo(&jobs).await;
    }
    barrier.wait();
    there
}

#[test]
fn branches_really_run_in_parallel() {
    let workers = [Worker::resumes(), Worker::resumes()];
    let barrier = Arc::new(Barrier::new(2));
    let all = workers.each_ref().map(|worker| meets(worker.0.clone(), barrier.clone()));
    let threads = result(when_all(all)).expect("both end");
    assert_eq!(HashSet::from(threads).len(), 2);
    assert!(!threads.contains(&thread::current().id()));
    join(workers);
}

/// Counts its drop.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[coro::coroutine]
fn hops<'a>(jobs: &'a Sender<K>, times: usize, count: &'a Counted) -> Task<'a, Box<usize>, Detached<Sendable>> {
    let _local = Counted(count.0.clone());
    // Neither atomic nor locked: that the coroutine is handed over makes this sound.
    let mut counted = Box::new(0);
    for _ in 0..times {
        HopTo(jobs).await;
        *counted += 1;
    }
    counted
}

#[test]
fn of_twenty_thousand_groups_that_end_on_racing_threads_each_has_all_results_in_order() {
    const GROUPS: usize = 20_000;
    #[coro::coroutine]
    fn groups(jobs: [Sender<K>; 2], dropped: Arc<AtomicUsize>) -> Task<'static, usize, Detached<Sendable>> {
        let mut exact = 0;
        for group in 0..GROUPS {
            let count = Counted(dropped.clone());
            let (a, b, c) = (group % 3, 1, (group + 1) % 2);
            let some = (hops(&jobs[0], a, &count), hops(&jobs[1], b, &count), hops(&jobs[group % 2], c, &count));
            let (one, two, three) = when_all(some).await;
            exact += usize::from((*one, *two, *three) == (a, b, c));
        }
        exact
    }
    let workers = [Worker::resumes(), Worker::resumes()];
    let dropped = Arc::new(AtomicUsize::new(0));
    let exact = result(groups(workers.each_ref().map(|worker| worker.0.clone()), dropped.clone()));
    let resumed = join(workers);
    assert_eq!(exact, Some(GROUPS));
    assert_eq!(dropped.load(Ordering::Relaxed), GROUPS * 4);
    assert_eq!(resumed, (0..GROUPS).map(|group| group % 3 + 1 + (group + 1) % 2).sum::<usize>());
}

#[test]
fn vectors_and_nested_groups_hop_too() {
    #[coro::coroutine]
    fn nested(jobs: Arc<[Sender<K>]>, depth: usize, dropped: Arc<AtomicUsize>) -> Hopper<usize> {
        let count = Counted(dropped.clone());
        if depth == 0 {
            return *hops(&jobs[0], 3, &count).await;
        }
        let below = |_| nested(jobs.clone(), depth - 1, dropped.clone());
        let leaves: Vec<_> = jobs.iter().map(|jobs| hops(jobs, depth, &count)).collect();
        let (leaves, below) = when_all((when_all(leaves), when_all((0..3).map(below).collect::<Vec<_>>()))).await;
        leaves.into_iter().map(|leaf| *leaf).chain(below).sum()
    }
    let workers = [Worker::resumes(), Worker::resumes()];
    let jobs = workers.iter().map(|worker| worker.0.clone()).collect();
    let sum = result(nested(jobs, 4, Arc::default()));
    join(workers);
    // Of each depth: how many there are, and what their leaves give.
    assert_eq!(sum, Some(81 * 3 + 27 * 2 + 9 * 4 + 3 * 6 + 8));
}

/// Awaited, gives what its body returned or panicked with.
struct Attempt<'a, T: Send>(CoroutineHandle<'a, AttemptPromise<T>>);

struct AttemptPromise<T>(Option<Result<T, Panic>>);

#[coro::promise(world = Detached, send)]
impl<T: Send> AttemptPromise<T> {
    fn new() -> Self {
        Self(None)
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Attempt<'_, T> {
        Attempt(handle)
    }

    fn return_value(&mut self, value: T) {
        self.0 = Some(Ok(value));
    }

    fn unhandled_exception(&mut self, panic: Panic) {
        self.0 = Some(Err(panic));
    }
}

impl<'a, T: Send + 'a> Callee<'a> for Attempt<'a, T> {
    type Promise = AttemptPromise<T>;
    type Output = Result<T, Panic>;

    fn into_handle(self) -> CoroutineHandle<'a, AttemptPromise<T>> {
        self.0
    }

    fn result(promise: &mut AttemptPromise<T>) -> Result<T, Panic> {
        promise.0.take().expect("it has ended")
    }
}

#[coro::coroutine]
fn fails(jobs: Sender<K>, text: Option<&'static str>, ended: Arc<AtomicUsize>) -> Hopper<usize> {
    let _local = Counted(ended);
    HopTo(&jobs).await;
    if let Some(text) = text {
        resume_unwind(Box::new(text.to_owned()));
    }
    HopTo(&jobs).await;
    1
}

#[test]
fn if_some_panic_the_others_are_awaited_and_the_panic_with_the_lowest_index_surfaces() {
    const TIMES: usize = 1000;
    #[coro::coroutine]
    fn all(jobs: [Sender<K>; 2], ended: Arc<AtomicUsize>) -> Attempt<'static, Vec<usize>> {
        let texts = [None, Some("first"), Some("second"), None];
        let some = texts.iter().enumerate().map(|(i, text)| fails(jobs[i % 2].clone(), *text, ended.clone()));
        when_all(some.collect::<Vec<_>>()).await
    }
    #[coro::coroutine]
    fn many(jobs: [Sender<K>; 2], ended: Arc<AtomicUsize>) -> Hopper<usize> {
        let mut firsts = 0;
        for time in 1..=TIMES {
            let panic = all(jobs.clone(), ended.clone()).await.expect_err("two panic");
            assert_eq!(ended.load(Ordering::Relaxed), 4 * time, "all have ended");
            firsts += usize::from(panic.message() == Some("first"));
        }
        firsts
    }
    let workers = [Worker::resumes(), Worker::resumes()];
    let jobs = workers.each_ref().map(|worker| worker.0.clone());
    assert_eq!(result(many(jobs, Arc::default())), Some(TIMES));
    join(workers);
}

#[test]
fn one_that_panics_at_once_does_not_keep_the_rest_from_being_started() {
    #[coro::coroutine]
    fn panics() -> Hopper<usize> {
        resume_unwind(Box::new("at once".to_owned()));
    }
    #[coro::coroutine]
    fn all(jobs: Sender<K>, ended: Arc<AtomicUsize>) -> Attempt<'static, (usize, usize)> {
        when_all((panics(), fails(jobs, None, ended))).await
    }
    #[coro::coroutine]
    fn message(jobs: Sender<K>, ended: Arc<AtomicUsize>) -> Hopper<Option<String>> {
        all(jobs, ended).await.expect_err("one panics").message().map(str::to_owned)
    }
    let (worker, ended) = (Worker::resumes(), Arc::<AtomicUsize>::default());
    assert_eq!(result(message(worker.0.clone(), ended.clone())), Some(Some("at once".to_owned())));
    assert_eq!((ended.load(Ordering::Relaxed), worker.join()), (1, 2));
}

#[test]
fn if_one_is_dropped_on_another_thread_everything_is_destroyed_once_on_whichever_is_last() {
    const TIMES: usize = 5000;
    #[coro::coroutine]
    fn three(jobs: [Sender<K>; 3], hopping: usize, count: Counted) -> Hopper<usize> {
        // Those that come too late to be started drop what they were given.
        let given = || Counted(count.0.clone());
        let some = (takes(&jobs[0], hopping, given()), takes(&jobs[2], 1, given()), takes(&jobs[1], 2, given()));
        let (one, two, three) = when_all(some).await;
        one + two + three
    }
    #[coro::coroutine]
    fn takes(jobs: &Sender<K>, times: usize, _: Counted) -> Task<'_, usize, Detached<Sendable>> {
        for _ in 0..times {
            HopTo(jobs).await;
        }
        times
    }
    let workers = [Worker::resumes(), Worker::resumes(), Worker::new(drop)];
    let dropped = Arc::<AtomicUsize>::default();
    for time in 0..TIMES {
        let jobs = workers.each_ref().map(|worker| worker.0.clone());
        let results = result(three(jobs, time % 4, Counted(dropped.clone())));
        // The sender of the results went with the caller: so by now all are gone.
        assert_eq!(results, None);
        assert_eq!(dropped.load(Ordering::Relaxed), 4 * (time + 1));
    }
    join(workers);
}

#[test]
fn those_that_are_dropped_while_others_are_still_being_started_end_the_group() {
    const TIMES: usize = 1000;
    #[coro::coroutine]
    fn many(jobs: [Sender<K>; 2], count: Counted, started: Arc<AtomicUsize>) -> Hopper<usize> {
        let hop = |i: usize| {
            let (jobs, started) = (&jobs[i % 2], &started);
            counts_start(jobs, started, &count)
        };
        when_all((0..20).map(hop).collect::<Vec<_>>()).await.len()
    }
    #[coro::coroutine]
    fn counts_start<'a>(
        jobs: &'a Sender<K>,
        started: &'a AtomicUsize,
        count: &'a Counted,
    ) -> Task<'a, (), Detached<Sendable>> {
        let _local = Counted(count.0.clone());
        started.fetch_add(1, Ordering::Relaxed);
        HopTo(jobs).await;
    }
    let workers = [Worker::resumes(), Worker::new(drop)];
    for _ in 0..TIMES {
        let (dropped, started) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let jobs = workers.each_ref().map(|worker| worker.0.clone());
        assert_eq!(result(many(jobs, Counted(dropped.clone()), started.clone())), None);
        assert_eq!(dropped.load(Ordering::Relaxed), started.load(Ordering::Relaxed) + 1);
    }
    join(workers);
}

/// Awaited, is used on another thread while `await_suspend` still runs.
struct UsedElsewhere(fn(K));

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for UsedElsewhere {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: K) -> Option<K> {
        let uses = self.0;
        thread::spawn(move || uses(own)).join().expect("no panic");
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[test]
fn a_branch_used_on_another_thread_inside_await_suspend_goes_on_or_is_destroyed_after_it() {
    #[coro::coroutine]
    fn used(uses: fn(K), count: Counted) -> Hopper<usize> {
        UsedElsewhere(uses).await;
        count.0.load(Ordering::Relaxed)
    }
    for (uses, ends) in [(K::resume as fn(K), Some((0, 1))), (drop, None)] {
        let dropped = Arc::<AtomicUsize>::default();
        let both = (used(uses, Counted(dropped.clone())), used(uses, Counted(dropped.clone())));
        assert_eq!(result(when_all(both)), ends);
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn a_panic_that_nobody_handles_goes_to_the_thread_that_was_last() {
    let (sender, receiver): (_, Receiver<K>) = mpsc::channel();
    let ended = Arc::<AtomicUsize>::default();
    let (results, result) = mpsc::channel();
    let some = [fails(sender.clone(), Some("one"), ended.clone()), fails(sender, None, ended.clone())];
    run(when_all(some), results);
    let panics = thread::spawn(move || {
        let resume = |k: K| catch_unwind(AssertUnwindSafe(|| k.resume())).map_err(|it| it.downcast::<String>().ok());
        receiver.iter().map(resume).collect::<Vec<_>>()
    });
    assert!(result.recv().is_err());
    let panics = panics.join().expect("all are caught");
    assert_eq!(panics, [Ok(()), Ok(()), Err(Some(Box::new("one".to_owned())))]);
    assert_eq!(ended.load(Ordering::Relaxed), 2);
}

#[test]
fn continuations_of_a_group_are_send_and_its_task_is() {
    fn assert_send<T: Send>(_: &T) {}
    let parked = Arc::<Mutex<Vec<K>>>::default();
    assert_send(&parked);
    #[coro::coroutine]
    fn nothing() -> Hopper<usize> {
        0
    }
    let all = when_all((nothing(), when_all([nothing()])));
    assert_send(&all);
    let there = thread::spawn(move || result(all)).join().expect("no panic");
    assert_eq!(there, Some((0, [0])));
}
