//! A coroutine that changes threads: `schedule_on(&pool).await` goes on on one of the pool's.
//!
//! `FireAndForget<Sendable>` holds only what is `Send`, so its continuation is `Send`: the awaiter simply puts it into the
//! pool's channel. A worker may take it out and resume it before `await_suspend` has returned. Then it goes on on the
//! thread that was about to suspend it, so it asks again.
//!
//! Run: `cargo run --example thread_pool`

use std::cell::Cell;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, ThreadId};

use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise, Sendable, Task};

type Job = Continuation<Detached<Sendable>>;

struct ThreadPool {
    jobs: Sender<Job>,
    workers: Vec<JoinHandle<()>>,
}

impl ThreadPool {
    fn new(workers: usize) -> Self {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let workers = (0..workers).map(|_| {
            thread::spawn({
                let queue = queue.clone();
                move || work(&queue)
            })
        });
        Self { jobs, workers: workers.collect() }
    }

    /// Waits for the workers, which stop when nobody can send them jobs any more.
    fn join(self) {
        drop(self.jobs);
        for worker in self.workers {
            worker.join().expect("no coroutine panicked");
        }
    }
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

fn work(queue: &Mutex<Receiver<Job>>) {
    IS_WORKER.set(true);
    loop {
        // A statement of its own: the lock is released before the coroutine runs.
        let job = queue.lock().expect("no worker panicked").recv();
        match job {
            Ok(coroutine) => coroutine.resume(),
            Err(_) => return,
        }
    }
}

/// Goes on on a thread of the pool, or stays here if the pool has gone.
#[coro::coroutine]
fn schedule_on(jobs: &Sender<Job>) -> Task<'_, ThreadId, Detached<Sendable>> {
    while (Enqueue { jobs, sent: false }).await && !IS_WORKER.get() {}
    thread::current().id()
}

/// Awaited, it puts the coroutine into the queue; its value is whether there still is one.
struct Enqueue<'a> {
    jobs: &'a Sender<Job>,
    sent: bool,
}

impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Enqueue<'_> {
    type Output = bool;

    fn await_suspend(&mut self, _: &mut P, coroutine: Job) -> Option<Job> {
        let sent = self.jobs.send(coroutine);
        self.sent = sent.is_ok();
        sent.err().map(|unsent| unsent.0)
    }

    fn await_resume(&mut self, _: &mut P) -> bool {
        self.sent
    }
}

/// A callee hops too, and takes its caller along.
#[coro::coroutine]
fn sum_of_squares<'a>(numbers: &'a [u64], jobs: &'a Sender<Job>) -> Task<'a, u64, Detached<Sendable>> {
    let mut sum = 0;
    for chunk in numbers.chunks(1000) {
        schedule_on(jobs).await;
        sum += chunk.iter().map(|number| number * number).sum::<u64>();
    }
    sum
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn count(name: u64, jobs: Sender<Job>, results: Sender<(u64, u64)>) -> FireAndForget<Sendable> {
    let here = thread::current().id();
    assert_ne!(schedule_on(&jobs).await, here, "it goes on on another thread");
    let numbers: Vec<u64> = (0..name * 1000).collect();
    let sum = sum_of_squares(&numbers, &jobs).await;
    results.send((name, sum)).expect("`main` waits for it");
}

fn main() {
    let pool = ThreadPool::new(2);
    let (results, sums) = mpsc::channel();
    for name in 1..=4 {
        count(name, pool.jobs.clone(), results.clone());
    }
    drop(results);
    let mut sums: Vec<(u64, u64)> = sums.iter().collect();
    sums.sort_unstable();
    for (name, sum) in sums {
        println!("{name}: {sum}");
    }
    pool.join();
}
