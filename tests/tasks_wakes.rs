//! Leaf awaiters of the polled world, and the wake-ups that are their continuations.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use coro::{Awaiter, Continuation, ContinuationOf, Polled, Promise, Sendable, Task, Threads};
use futures::executor::{LocalPool, ThreadPool, block_on};
use futures::task::{LocalSpawnExt, SpawnExt};

type WakeUp = Continuation<Polled<Sendable>>;

/// Counts how often it is woken.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counts {
    fn new() -> (Arc<Self>, Waker) {
        let counts = Arc::<Self>::default();
        (counts.clone(), counts.into())
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<F: Future + Unpin>(task: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(task).poll(&mut Context::from_waker(waker))
}

/// Does with its continuation what the closure does; its value is how often it was resumed.
struct With<F>(F, u32);

impl<T: Threads, P: Promise<World = Polled<T>>, F> Awaiter<P> for With<F>
where
    F: FnMut(ContinuationOf<P>) -> Option<ContinuationOf<P>>,
{
    type Output = u32;

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        (self.0)(own)
    }

    fn await_resume(&mut self, _: &mut P) -> u32 {
        self.1 += 1;
        self.1
    }
}

#[coro::coroutine]
fn leaf<F: FnMut(WakeUp) -> Option<WakeUp> + Send + 'static>(suspend: F) -> Task<'static, u32> {
    With(suspend, 0).await
}

#[coro::coroutine]
fn below<F: FnMut(WakeUp) -> Option<WakeUp> + Send + 'static>(suspend: F) -> Task<'static, u32> {
    leaf(suspend).await
}

/// Where a wake-up is kept.
type Slot = Arc<Mutex<Option<WakeUp>>>;

fn take(slot: &Slot) -> WakeUp {
    slot.lock().expect("no panic").take().expect("it waits")
}

/// A task that waits, two deep, until its wake-up is taken out of the slot and used.
fn waits(slot: &Slot) -> Task<'static, u32> {
    let slot = slot.clone();
    below(move |own| {
        assert!(slot.lock().expect("no panic").replace(own).is_none());
        None
    })
}

#[test]
fn spurious_polls_do_not_resume_a_leaf_awaiter() {
    let slot = Slot::default();
    let (counts, waker) = Counts::new();
    let mut task = waits(&slot);
    for _ in 0..100 {
        assert_eq!(poll(&mut task, &waker), Poll::Pending);
    }
    assert_eq!(counts.get(), 0);
    take(&slot).resume();
    assert_eq!(counts.get(), 1);
    assert_eq!(poll(&mut task, &waker), Poll::Ready(1));
}

#[test]
fn a_dropped_wake_up_wakes_too() {
    let slot = Slot::default();
    let (counts, waker) = Counts::new();
    let mut task = waits(&slot);
    assert_eq!(poll(&mut task, &waker), Poll::Pending);
    drop(take(&slot));
    assert_eq!(counts.get(), 1);
    assert_eq!(poll(&mut task, &waker), Poll::Ready(1));
}

#[test]
fn a_wake_up_used_inside_await_suspend_needs_no_second_poll() {
    let resumes = below(|own| {
        own.resume();
        None
    });
    let drops = below(|own| {
        drop(own);
        None
    });
    for mut task in [resumes, drops] {
        let (counts, waker) = Counts::new();
        assert_eq!(poll(&mut task, &waker), Poll::Ready(1));
        assert_eq!(counts.get(), 1, "its executor cannot know that it was not needed");
    }
}

#[test]
fn the_own_continuation_goes_on_at_once_and_wakes_nobody() {
    let (counts, waker) = Counts::new();
    let mut task = below(Some);
    assert_eq!(poll(&mut task, &waker), Poll::Ready(1));
    drop(task);
    assert_eq!(counts.get(), 0);
}

#[test]
fn another_ones_continuation_is_woken_and_the_own_one_waits() {
    let (first, second) = (Slot::default(), Slot::default());
    let (first_counts, first_waker) = Counts::new();
    let (second_counts, second_waker) = Counts::new();
    let mut one = waits(&first);
    assert_eq!(poll(&mut one, &first_waker), Poll::Pending);
    let (others, own_slot) = (first.clone(), second.clone());
    let mut two = below(move |own| {
        own_slot.lock().expect("no panic").replace(own);
        Some(take(&others))
    });
    assert_eq!(poll(&mut two, &second_waker), Poll::Pending);
    assert_eq!((first_counts.get(), second_counts.get()), (1, 0));
    assert_eq!(poll(&mut one, &first_waker), Poll::Ready(1));
    take(&second).resume();
    assert_eq!(second_counts.get(), 1);
    assert_eq!(poll(&mut two, &second_waker), Poll::Ready(1));
}

#[test]
fn a_wake_up_that_was_used_before_the_task_is_polled_again_is_not_lost() {
    let slot = Slot::default();
    let mut task = waits(&slot);
    // The waker of the first poll does nothing, so only the wake-up itself remembers.
    assert_eq!(poll(&mut task, Waker::noop()), Poll::Pending);
    take(&slot).resume();
    assert_eq!(block_on(task), 1);
}

#[test]
fn a_queue_that_is_ready_before_the_first_poll_never_suspends_the_task() {
    /// Counted down by others; `await_ready` looks first.
    struct Latch(Rc<Cell<bool>>);
    impl<P: Promise<World = Polled>> Awaiter<P> for Latch {
        type Output = bool;
        fn await_ready(&mut self, _: &mut P) -> bool {
            self.0.get()
        }
        fn await_suspend(&mut self, _: &mut P, _: Continuation<Polled>) -> Option<Continuation<Polled>> {
            unreachable!("it was open before");
        }
        fn await_resume(&mut self, _: &mut P) -> bool {
            self.0.get()
        }
    }
    #[coro::coroutine]
    fn passes(open: Rc<Cell<bool>>) -> Task<'static, bool, Polled> {
        Latch(open).await
    }
    let open = Rc::new(Cell::new(false));
    let mut task = passes(open.clone());
    open.set(true);
    assert_eq!(poll(&mut task, Waker::noop()), Poll::Ready(true));
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let slot = Slot::default();
    let mut task = waits(&slot);
    let wakers: Vec<_> = (0..5).map(|_| Counts::new()).collect();
    for (_, waker) in &wakers {
        assert_eq!(poll(&mut task, waker), Poll::Pending);
    }
    take(&slot).resume();
    let woken: Vec<_> = wakers.iter().map(|(counts, _)| counts.get()).collect();
    assert_eq!(woken, [0, 0, 0, 0, 1]);
}

#[test]
fn no_waker_is_kept_once_the_task_has_gone_on() {
    let slot = Slot::default();
    let (counts, waker) = Counts::new();
    let mut task = waits(&slot);
    for _ in 0..3 {
        assert_eq!(poll(&mut task, &waker), Poll::Pending);
    }
    take(&slot).resume();
    assert_eq!(poll(&mut task, &waker), Poll::Ready(1));
    let mut at_once = below(|own| {
        own.resume();
        None
    });
    assert_eq!(poll(&mut at_once, &waker), Poll::Ready(1));
    let mut never = below(Some);
    assert_eq!(poll(&mut never, &waker), Poll::Ready(1));
    drop(waker);
    assert_eq!(Arc::strong_count(&counts), 1);
}

#[test]
fn a_task_moved_to_another_executor_is_woken_there() {
    let slot = Slot::default();
    let mut task = waits(&slot);
    LocalPool::new().run_until(async { assert_eq!(futures::poll!(&mut task), Poll::Pending) });
    let threads = ThreadPool::builder().pool_size(1).create().expect("threads");
    let handle = threads.spawn_with_handle(task).expect("room");
    // Whether that thread has polled it by now or not.
    take(&slot).resume();
    assert_eq!(block_on(handle), 1);
}

const RACES: u64 = 100_000;

#[test]
fn a_wake_up_used_on_another_thread_while_the_task_is_polled_is_never_lost() {
    /// Sends its continuation to the other thread, which uses or drops it at once.
    struct Sends(mpsc::Sender<WakeUp>);
    impl<P: Promise<World = Polled<Sendable>>> Awaiter<P> for Sends {
        type Output = ();
        fn await_suspend(&mut self, _: &mut P, own: WakeUp) -> Option<WakeUp> {
            self.0.send(own).expect("the thread runs");
            None
        }
        fn await_resume(&mut self, _: &mut P) {}
    }
    #[coro::coroutine]
    fn races(to: mpsc::Sender<WakeUp>, resumed: Arc<AtomicU64>) -> Task<'static, u64> {
        let mut sum = 0;
        for n in 0..RACES {
            race(&to).await;
            resumed.fetch_add(1, Ordering::Relaxed);
            sum += n;
        }
        sum
    }
    #[coro::coroutine]
    fn race(to: &mpsc::Sender<WakeUp>) -> Task<'_, ()> {
        Sends(to.clone()).await;
    }
    fn waker_thread(from: mpsc::Receiver<WakeUp>) -> thread::JoinHandle<u64> {
        thread::spawn(move || {
            let mut used = 0;
            for (n, wake_up) in from.into_iter().enumerate() {
                if n % 2 == 0 {
                    wake_up.resume()
                } else {
                    drop(wake_up)
                }
                used += 1;
            }
            used
        })
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let on_tokio = |task| runtime.block_on(async { tokio::spawn(task).await.expect("no panic") });
    for run in [&on_tokio as &dyn Fn(Task<'static, u64>) -> u64, &|task| block_on(task)] {
        let (to, from) = mpsc::channel();
        let used = waker_thread(from);
        let resumed = Arc::new(AtomicU64::new(0));
        assert_eq!(run(races(to, resumed.clone())), RACES * (RACES - 1) / 2);
        assert_eq!(resumed.load(Ordering::Relaxed), RACES);
        assert_eq!(used.join().expect("no panic"), RACES);
    }
}

#[test]
fn a_task_dropped_while_its_wake_up_is_on_its_way_is_not_touched_by_it() {
    #[coro::coroutine]
    fn holds(to: mpsc::Sender<WakeUp>, held: Arc<AtomicUsize>) -> Task<'static, ()> {
        let local = Count(held);
        holds_below(&to, &local).await;
    }
    #[coro::coroutine]
    fn holds_below<'a>(to: &'a mpsc::Sender<WakeUp>, count: &'a Count) -> Task<'a, ()> {
        let to = to.clone();
        With(
            move |own: WakeUp| {
                to.send(own).expect("the thread runs");
                None
            },
            0,
        )
        .await;
        unreachable!("{} tasks were dropped before", count.0.load(Ordering::SeqCst));
    }
    struct Count(Arc<AtomicUsize>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (to, from) = mpsc::channel::<WakeUp>();
    let polled = Arc::new(AtomicUsize::new(0));
    let fires = thread::spawn({
        let polled = polled.clone();
        move || {
            let mut fired = 0;
            for wake_up in from {
                while polled.load(Ordering::SeqCst) == fired {
                    thread::yield_now();
                }
                wake_up.resume();
                fired += 1;
            }
            fired
        }
    });
    let dropped = Arc::new(AtomicUsize::new(0));
    for n in 0..10_000 {
        let mut task = holds(to.clone(), dropped.clone());
        assert_eq!(poll(&mut task, Waker::noop()), Poll::Pending);
        polled.store(n + 1, Ordering::SeqCst);
        drop(task);
        assert_eq!(dropped.load(Ordering::SeqCst), n + 1);
    }
    drop(to);
    assert_eq!(fires.join().expect("no panic"), 10_000);
}

#[test]
fn a_wake_up_outlives_its_task_and_its_executor() {
    let slot = Slot::default();
    let mut pool = LocalPool::new();
    pool.spawner().spawn_local_with_handle(waits(&slot)).expect("room").forget();
    pool.run_until_stalled();
    let late = take(&slot);
    drop(pool);
    late.resume();

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let aborted = runtime.spawn(waits(&slot));
    while slot.lock().expect("no panic").is_none() {
        thread::yield_now();
    }
    aborted.abort();
    assert!(runtime.block_on(aborted).expect_err("aborted").is_cancelled());
    drop(runtime);
    take(&slot).resume();
}

#[test]
fn a_waker_that_drops_tasks_and_uses_other_wake_ups_may_be_woken_inside_await_suspend() {
    /// Woken, it drops a suspended task, whose own wake-up it then uses.
    struct Drops(Mutex<Option<Task<'static, u32>>>, Slot, AtomicBool);
    impl Wake for Drops {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().expect("no panic").take());
            let other = self.1.lock().expect("no panic").take();
            other.into_iter().for_each(Continuation::resume);
            self.2.store(true, Ordering::SeqCst);
        }
    }
    let slot = Slot::default();
    let mut other = waits(&slot);
    assert_eq!(poll(&mut other, Waker::noop()), Poll::Pending);
    let drops = Arc::new(Drops(Mutex::new(Some(other)), slot, AtomicBool::new(false)));
    let mut task = below(|own| {
        own.resume();
        None
    });
    assert_eq!(poll(&mut task, &drops.clone().into()), Poll::Ready(1));
    assert!(drops.2.load(Ordering::SeqCst));
    assert!(drops.0.lock().expect("no panic").is_none());
}

#[test]
fn a_task_below_another_awaiter_is_resumed_as_often_as_it_waits() {
    #[coro::coroutine]
    fn many(slot: Slot, times: u32) -> Task<'static, u32> {
        let mut resumed = 0;
        for _ in 0..times {
            resumed += waits(&slot).await;
        }
        resumed
    }
    let slot = Slot::default();
    let (counts, waker) = Counts::new();
    let mut task = many(slot.clone(), 10);
    for n in 0..10 {
        assert_eq!((poll(&mut task, &waker), counts.get()), (Poll::Pending, n));
        take(&slot).resume();
    }
    assert_eq!((poll(&mut task, &waker), counts.get()), (Poll::Ready(10), 10));
}
