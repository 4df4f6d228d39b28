//! Tasks among the executors, combinators, channels, timers and locks that people already use.
#![forbid(unsafe_code)]

use std::future::{Future, IntoFuture, Ready, poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use coro::{Polled, Task};
use futures::executor::{LocalPool, ThreadPool, block_on};
use futures::future::{Either, RemoteHandle, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::{LocalSpawnExt, SpawnExt};
use tokio::runtime::{Builder, Runtime};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
}

/// Gives way to others once.
#[coro::coroutine]
fn give_way() -> Task<'static, ()> {
    let mut gave = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[coro::coroutine]
fn count_to(n: u32) -> Task<'static, u32> {
    let mut count = 0;
    while count < n {
        give_way().await;
        count += 1;
    }
    count
}

#[coro::coroutine]
fn add_to(total: &mut Vec<u32>, n: u32) -> Task<'_, ()> {
    let counted = count_to(n).await;
    total.push(counted);
    give_way().await;
}

/// Three tasks deep, with a vector lent across suspensions.
#[coro::coroutine]
fn chain(n: u32) -> Task<'static, u32> {
    let mut total = Vec::new();
    add_to(&mut total, n).await;
    add_to(&mut total, n + 1).await;
    total.iter().sum()
}

/// A task that cannot leave its thread.
#[coro::coroutine]
fn local_chain(n: Rc<u32>) -> Task<'static, u32, Polled> {
    let counted = chain(*n).await;
    give_way().await;
    counted + *n
}

#[test]
fn every_executor_of_futures_runs_a_chain_of_tasks() {
    assert_eq!(block_on(chain(3)), 7);
    assert_eq!(block_on(local_chain(Rc::new(3))), 10);
    let mut pool = LocalPool::new();
    let local = pool.spawner().spawn_local_with_handle(local_chain(Rc::new(4))).expect("room");
    let sent = pool.spawner().spawn_with_handle(chain(4)).expect("room");
    assert_eq!(pool.run_until(async { (local.await, sent.await) }), (13, 9));
    let pool = ThreadPool::builder().pool_size(2).create().expect("threads");
    let handles: Vec<RemoteHandle<u32>> = (0..100).map(|n| pool.spawn_with_handle(chain(n)).expect("room")).collect();
    assert_eq!(block_on(join_all(handles)), (0..100).map(|n| 2 * n + 1).collect::<Vec<_>>());
}

#[test]
fn both_runtimes_of_tokio_run_a_chain_of_tasks() {
    for runtime in [current_thread(), multi_thread()] {
        assert_eq!(runtime.block_on(chain(3)), 7);
        assert_eq!(runtime.block_on(local_chain(Rc::new(3))), 10);
        let spawned: Vec<_> = (0..100).map(|n| runtime.spawn(chain(n))).collect();
        for (n, handle) in (0..).zip(spawned) {
            assert_eq!(runtime.block_on(handle).expect("no panic"), 2 * n + 1);
        }
        let local = tokio::task::LocalSet::new();
        let spawned = local.spawn_local(local_chain(Rc::new(4)));
        assert_eq!(local.block_on(&runtime, spawned).expect("no panic"), 13);
    }
}

#[test]
fn a_running_task_moves_between_threads_at_each_of_its_suspensions() {
    #[coro::coroutine]
    fn threads(n: usize) -> Task<'static, Vec<thread::ThreadId>> {
        let mut seen = Vec::new();
        for _ in 0..n {
            thread_after_a_suspension(&mut seen).await;
        }
        seen
    }
    #[coro::coroutine]
    fn thread_after_a_suspension(seen: &mut Vec<thread::ThreadId>) -> Task<'_, ()> {
        give_way().await;
        seen.push(thread::current().id());
    }
    let mut task = threads(50);
    let mut polled_on = Vec::new();
    let seen = loop {
        let (moved, polled, on) = thread::spawn(move || {
            let polled = Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
            (task, polled, thread::current().id())
        })
        .join()
        .expect("no panic");
        task = moved;
        polled_on.push(on);
        if let Poll::Ready(seen) = polled {
            break seen;
        }
    };
    assert_eq!(polled_on.len(), 51);
    assert_eq!(seen, polled_on[1..]);
}

#[test]
fn join_and_select_work_inside_a_task() {
    #[coro::coroutine]
    fn joins() -> Task<'static, (u32, u32, u32)> {
        // The last argument is awaited by this coroutine, before the macro polls anything.
        let (a, b, c) = futures::join!(chain(1), chain(2), ready(count_to(3).await));
        let (d, e) = tokio::join!(count_to(a), count_to(b));
        let f = tokio::try_join!(async { Ok::<_, ()>(count_to(c).await) }).expect("no error").0;
        (d, e, f)
    }
    #[coro::coroutine]
    fn selects() -> Task<'static, (u32, u32, u32)> {
        let first = futures::select_biased! {
            never = futures::FutureExt::fuse(std::future::pending::<u32>()) => never,
            n = futures::FutureExt::fuse(count_to(2)) => n + count_to(10).await,
        };
        let second = tokio::select! {
            biased;
            n = count_to(5) => n,
            n = chain(100) => n + count_to(1).await,
        };
        let third = match select(count_to(9), count_to(3)).await {
            Either::Left(_) => 0,
            // The one that lost was polled; it is awaited to its end.
            Either::Right((three, nine)) => three * 100 + nine.await,
        };
        (first, second, third)
    }
    assert_eq!(block_on(joins()), (3, 5, 3));
    assert_eq!(block_on(selects()), (12, 5, 309));
}

#[test]
fn tasks_in_futures_unordered_end_in_the_order_in_which_they_are_ready() {
    #[coro::coroutine]
    fn collects() -> Task<'static, Vec<u32>> {
        let mut running: FuturesUnordered<Task<'static, u32>> = [3, 1, 2].into_iter().map(count_to).collect();
        let mut ended = Vec::new();
        while let Some(n) = running.next().await {
            ended.push(n);
            if n == 3 {
                running.push(count_to(4));
            }
        }
        ended
    }
    assert_eq!(block_on(collects()), [1, 2, 3, 4]);
    assert_eq!(multi_thread().block_on(async { tokio::spawn(collects()).await.expect("no panic") }), [1, 2, 3, 4]);
}

#[test]
fn a_timeout_of_tokio_destroys_the_task_that_was_too_slow() {
    #[coro::coroutine]
    fn sleeps(holds: Arc<()>, time: Duration) -> Task<'static, usize> {
        sleeps_below(&holds, time).await
    }
    #[coro::coroutine]
    fn sleeps_below(holds: &Arc<()>, time: Duration) -> Task<'_, usize> {
        tokio::time::sleep(time).await;
        Arc::strong_count(holds)
    }
    #[coro::coroutine]
    fn impatient(held: Arc<()>) -> Task<'static, (bool, usize)> {
        let slow = tokio::time::timeout(Duration::from_millis(5), sleeps(held.clone(), Duration::from_secs(600))).await;
        assert_eq!(Arc::strong_count(&held), 1, "it was destroyed");
        let quick = tokio::time::timeout(Duration::from_secs(600), sleeps(held, Duration::from_millis(1))).await;
        (slow.is_err(), quick.expect("in time"))
    }
    for runtime in [current_thread(), multi_thread()] {
        assert_eq!(runtime.block_on(impatient(Arc::new(()))), (true, 1));
    }
}

#[test]
fn tasks_talk_through_channels_and_share_async_locks() {
    use tokio::sync::{Mutex, mpsc, oneshot};
    #[coro::coroutine]
    fn sends(to: mpsc::Sender<u32>, total: Arc<Mutex<u32>>, n: u32) -> Task<'static, ()> {
        for i in 0..n {
            to.send(i).await.expect("open");
            adds(&total, i).await;
        }
    }
    #[coro::coroutine]
    fn adds(total: &Mutex<u32>, n: u32) -> Task<'_, ()> {
        let mut total = total.lock().await;
        give_way().await;
        *total += n;
    }
    #[coro::coroutine]
    fn receives(mut from: mpsc::Receiver<u32>, done: oneshot::Sender<u32>) -> Task<'static, ()> {
        let mut sum = 0;
        while let Some(n) = from.recv().await {
            sum += n;
        }
        done.send(sum).expect("the test waits");
    }
    for runtime in [current_thread(), multi_thread()] {
        let (to, from) = mpsc::channel(2);
        let (done, sum) = oneshot::channel();
        let total = Arc::new(Mutex::new(0));
        for _ in 0..10 {
            runtime.spawn(sends(to.clone(), total.clone(), 50));
        }
        drop(to);
        runtime.spawn(receives(from, done));
        assert_eq!(runtime.block_on(sum).expect("sent"), 10 * 49 * 50 / 2);
        while Arc::strong_count(&total) > 1 {
            runtime.block_on(give_way());
            thread::yield_now();
        }
        assert_eq!(*runtime.block_on(total.lock()), 10 * 49 * 50 / 2);
    }
}

/// A builder, as HTTP clients have them.
struct Request(u32);

impl Request {
    fn times(self, n: u32) -> Self {
        Self(self.0 * n)
    }
}

impl IntoFuture for Request {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        ready(self.0)
    }
}

/// A builder whose future is a task.
struct Chain(u32);

impl IntoFuture for Chain {
    type Output = u32;
    type IntoFuture = Task<'static, u32>;

    fn into_future(self) -> Task<'static, u32> {
        chain(self.0)
    }
}

#[test]
fn builders_that_are_into_future_are_awaited() {
    #[coro::coroutine]
    fn requests() -> Task<'static, u32> {
        Request(3).times(5).await + Chain(3).await
    }
    #[coro::coroutine]
    fn generic<F: IntoFuture + 'static>(future: F) -> Task<'static, F::Output, Polled> {
        future.await
    }
    assert_eq!(block_on(requests()), 22);
    assert_eq!(block_on(generic(Chain(1))) + block_on(generic(Request(1))) + block_on(generic(chain(1))), 7);
}

#[test]
fn a_task_polled_by_hand_inside_another_goes_on_where_it_was_when_it_is_awaited() {
    #[coro::coroutine]
    fn polls_first(polls: usize) -> Task<'static, (usize, u32)> {
        let mut inner = chain(3);
        let mut ended = None;
        let mut pending = 0;
        for _ in 0..polls {
            let polled = poll_fn(|context| Poll::Ready(Pin::new(&mut inner).poll(context))).await;
            match polled {
                Poll::Ready(value) => ended = Some(value),
                Poll::Pending => pending += 1,
            }
            give_way().await;
        }
        match ended {
            Some(value) => (pending, value),
            None => (pending, inner.await),
        }
    }
    // It gives way nine times: three and four in `count_to`, two in `add_to`.
    for polls in 0..=10 {
        assert_eq!(block_on(polls_first(polls)), (polls.min(9), 7), "{polls} polls");
    }
}

#[test]
fn a_task_awaited_by_reference_is_polled_and_can_be_awaited_again_until_it_ends() {
    #[coro::coroutine]
    fn by_reference() -> Task<'static, (u32, u32)> {
        let mut slow = chain(10);
        let first = tokio::select! {
            biased;
            n = &mut slow => n,
            n = count_to(2) => n,
        };
        (first, (&mut slow).await)
    }
    assert_eq!(block_on(by_reference()), (2, 21));
}

#[test]
fn a_borrowing_task_runs_inside_a_scope_and_a_static_one_is_spawned() {
    #[coro::coroutine]
    fn longest<'t>(texts: &'t [String], than: &'t mut usize) -> Task<'t, Option<&'t str>> {
        let found = texts.iter().map(String::as_str).find(|text| text.len() > *than);
        give_way().await;
        *than += 10;
        found
    }
    let texts = ["one".to_owned(), "three".to_owned()];
    let mut than = 3;
    assert_eq!(block_on(longest(&texts, &mut than)), Some("three"));
    assert_eq!(current_thread().block_on(longest(&texts, &mut than)), None);
    let found = thread::scope(|scope| {
        let task = longest(&texts, &mut than);
        scope.spawn(move || block_on(task)).join().expect("no panic")
    });
    assert_eq!(found, None);
    assert_eq!(than, 33);
    let spawned = multi_thread().block_on(async { tokio::spawn(chain(1)).await.expect("no panic") });
    assert_eq!(spawned, 3);
}

#[test]
fn an_async_block_and_a_task_await_each_other() {
    #[coro::coroutine]
    fn outer() -> Task<'static, u32> {
        let block = async {
            let inner = chain(2).await;
            give_way().await;
            inner
        };
        block.await + async { chain(1).await }.await
    }
    let mixed = async { outer().await + outer().await };
    assert_eq!(block_on(mixed), 16);
    let boxed: Pin<Box<dyn Future<Output = u32> + Send>> = Box::pin(outer());
    #[coro::coroutine]
    fn awaits_boxed(boxed: Pin<Box<dyn Future<Output = u32> + Send>>) -> Task<'static, u32> {
        boxed.await
    }
    assert_eq!(block_on(awaits_boxed(boxed)), 8);
}
