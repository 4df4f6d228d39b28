//! T1: 64 coroutines hop through a queue that two threads take them from. T2: tasks on a pool of two threads, which await
//! tasks.

use std::hint::black_box;

use super::{Case, case};

pub const CASES: &[Case] = &[
    case("T1", "ours", ours::hops),
    case("T1", "boxed async", boxed::hops),
    case("T2", "ours, polled", |n| pool::run(n, pool::polled)),
    case("T2", "boxed async", |n| pool::run(n, pool::boxed)),
    case("T2", "async fn", |n| pool::run(n, pool::plain)),
];

/// As many coroutines at once.
const TOGETHER: u64 = 64;

/// What two threads take from, until nothing is left that runs.
mod queue {
    use std::collections::VecDeque;
    use std::sync::{Condvar, Mutex};
    use std::thread;

    pub(super) struct Queue<T> {
        state: Mutex<State<T>>,
        arrived: Condvar,
    }

    struct State<T> {
        waiting: VecDeque<T>,
        running: u64,
        sleeping: u64,
    }

    impl<T: Send> Queue<T> {
        pub(super) fn new(running: u64) -> Self {
            let state = State { waiting: VecDeque::new(), running, sleeping: 0 };
            Self { state: Mutex::new(state), arrived: Condvar::new() }
        }

        pub(super) fn push(&self, one: T) {
            let mut state = self.state.lock().expect("no panic");
            state.waiting.push_back(one);
            let sleeping = state.sleeping;
            drop(state);
            if sleeping > 0 {
                self.arrived.notify_one();
            }
        }

        pub(super) fn ended(&self) {
            self.state.lock().expect("no panic").running -= 1;
            self.arrived.notify_all();
        }

        fn pop(&self) -> Option<T> {
            let mut state = self.state.lock().expect("no panic");
            while state.running > 0 && state.waiting.is_empty() {
                state.sleeping += 1;
                state = self.arrived.wait(state).expect("no panic");
                state.sleeping -= 1;
            }
            state.waiting.pop_front()
        }

        pub(super) fn work(&self, run: impl Fn(T) + Sync) {
            let work = || {
                while let Some(one) = self.pop() {
                    run(one);
                }
            };
            thread::scope(|scope| {
                scope.spawn(work);
                work();
            });
        }
    }
}

mod ours {
    use std::sync::Arc;

    use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise, Sendable};

    use super::queue::Queue;
    use super::{TOGETHER, black_box};

    type Job = Continuation<Detached<Sendable>>;

    /// Awaited, it lets the coroutine go on where a thread takes it.
    struct Hop<'q>(&'q Queue<Job>);

    impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Hop<'_> {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, me: Job) -> Option<Job> {
            self.0.push(me);
            None
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn hop(queue: Arc<Queue<Job>>, times: u64) -> FireAndForget<Sendable> {
        for _ in 0..times {
            Hop(&queue).await;
        }
        queue.ended();
    }

    pub(super) fn hops(n: u64) -> u64 {
        let queue = Arc::new(Queue::new(TOGETHER));
        for _ in 0..TOGETHER {
            black_box(hop as fn(Arc<Queue<Job>>, u64) -> FireAndForget<Sendable>)(queue.clone(), n / TOGETHER);
        }
        queue.work(Continuation::resume);
        n
    }
}

mod boxed {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Wake, Waker};

    use super::TOGETHER;
    use super::queue::Queue;

    /// What an executor needs to poll a future again.
    struct Job {
        future: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>,
        queue: Arc<Queue<Arc<Job>>>,
    }

    impl Wake for Job {
        fn wake(self: Arc<Self>) {
            self.queue.clone().push(self);
        }
    }

    /// Wakes at once, and is pending once.
    #[derive(Default)]
    struct Hop {
        hopped: bool,
    }

    impl Future for Hop {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.hopped, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }

    async fn hop(queue: Arc<Queue<Arc<Job>>>, times: u64) {
        for _ in 0..times {
            Hop::default().await;
        }
        queue.ended();
    }

    pub(super) fn hops(n: u64) -> u64 {
        let queue = Arc::new(Queue::new(TOGETHER));
        for _ in 0..TOGETHER {
            let future = Mutex::new(Box::pin(hop(queue.clone(), n / TOGETHER)) as _);
            queue.push(Arc::new(Job { future, queue: queue.clone() }));
        }
        queue.work(|job: Arc<Job>| {
            let waker = Waker::from(job.clone());
            let mut future = job.future.lock().expect("no panic");
            let _ = future.as_mut().poll(&mut Context::from_waker(&waker));
        });
        n
    }
}

mod pool {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::mpsc;
    use std::task::{Context, Poll};

    use coro::Task;
    use futures::executor::ThreadPool;

    use super::TOGETHER;

    type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

    /// Lets others run.
    #[derive(Default)]
    struct Pause {
        paused: bool,
    }

    impl Future for Pause {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.paused, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }

    /// So many pauses in all, each at the bottom of four calls.
    pub(super) fn run<F: Future<Output = u64> + Send + 'static>(n: u64, task: impl Fn(u64) -> F) -> u64 {
        let pool = ThreadPool::builder().pool_size(2).create().expect("two threads");
        let (results, sums) = mpsc::channel();
        for _ in 0..TOGETHER {
            let (task, results) = (task(n / TOGETHER), results.clone());
            pool.spawn_ok(async move { results.send(task.await).expect("somebody receives") });
        }
        drop(results);
        sums.iter().sum()
    }

    #[coro::coroutine]
    pub(super) fn polled(times: u64) -> Task<'static, u64> {
        let mut sum = 0;
        for _ in 0..times {
            sum += polled_pause(3).await;
        }
        sum
    }

    #[coro::coroutine]
    fn polled_pause(depth: u64) -> Task<'static, u64> {
        if depth > 0 {
            return polled_pause(depth - 1).await;
        }
        Pause::default().await;
        1
    }

    pub(super) fn boxed(times: u64) -> Boxed {
        Box::pin(async move {
            let mut sum = 0;
            for _ in 0..times {
                sum += boxed_pause(3).await;
            }
            sum
        })
    }

    fn boxed_pause(depth: u64) -> Boxed {
        Box::pin(async move {
            if depth > 0 {
                return boxed_pause(depth - 1).await;
            }
            Pause::default().await;
            1
        })
    }

    pub(super) async fn plain(times: u64) -> u64 {
        let mut sum = 0;
        for _ in 0..times {
            sum += plain_pause_3().await;
        }
        sum
    }

    async fn plain_pause_3() -> u64 {
        plain_pause_2().await
    }

    async fn plain_pause_2() -> u64 {
        plain_pause_1().await
    }

    async fn plain_pause_1() -> u64 {
        plain_pause_0().await
    }

    async fn plain_pause_0() -> u64 {
        Pause::default().await;
        1
    }
}
