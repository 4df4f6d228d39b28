//! `when_all` and `when_any` in the world of futures, driven by executors.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use coro::{Any2, Awaiter, Continuation, ContinuationOf, Polled, Promise, Sendable, Task, when_all, when_any};
use futures::channel::oneshot;
use futures::executor::{LocalPool, block_on};
use futures::task::LocalSpawnExt;

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

/// What one future and the test share.
#[derive(Default)]
struct Gate {
    polls: Cell<u32>,
    open: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    dropped: Cell<bool>,
}

impl Gate {
    fn open(&self) {
        self.open.set(true);
        self.waker.take().expect("it was polled").wake();
    }
}

/// Is ready once its gate is open; counts its polls.
struct Passes(Rc<Gate>);

impl Future for Passes {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.polls.set(self.0.polls.get() + 1);
        self.0.waker.replace(Some(context.waker().clone()));
        if self.0.open.get() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Passes {
    fn drop(&mut self) {
        self.0.dropped.set(true);
    }
}

#[coro::coroutine]
fn passes(gate: Rc<Gate>, number: usize) -> Task<'static, usize, Polled> {
    Passes(gate).await;
    number
}

/// One more link in each chain.
#[coro::coroutine]
fn calls(gate: Rc<Gate>, number: usize) -> Task<'static, usize, Polled> {
    passes(gate, number).await
}

fn gates(count: usize) -> Vec<Rc<Gate>> {
    (0..count).map(|_| Rc::default()).collect()
}

fn each(gates: &[Rc<Gate>]) -> Vec<Task<'static, usize, Polled>> {
    gates.iter().enumerate().map(|(number, gate)| calls(gate.clone(), number)).collect()
}

fn polls(gates: &[Rc<Gate>]) -> u32 {
    gates.iter().map(|gate| gate.polls.get()).sum()
}

/// The numbers below `count`, shuffled.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..count).collect();
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    for last in (1..count).rev() {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        order.swap(last, usize::try_from(seed % (last as u64 + 1)).expect("small"));
    }
    order
}

#[test]
fn only_those_that_were_woken_are_polled_a_thousand_in_random_order() {
    let gates = gates(1000);
    let mut all = when_all(each(&gates));
    let (counts, waker) = Counts::new();
    assert_eq!(poll(&mut all, &waker), Poll::Pending);
    assert_eq!(polls(&gates), 1000);
    for _ in 0..10 {
        assert_eq!(poll(&mut all, &waker), Poll::Pending);
    }
    assert_eq!(polls(&gates), 1000, "nobody was woken");
    for (woken, number) in shuffled(1000).into_iter().enumerate() {
        gates[number].open();
        assert_eq!(counts.get(), woken + 1);
        let result = poll(&mut all, &waker);
        assert_eq!((polls(&gates), gates[number].polls.get()), (1001 + u32::try_from(woken).expect("few"), 2));
        assert_eq!(result, if woken < 999 { Poll::Pending } else { Poll::Ready((0..1000).collect()) });
    }
}

#[test]
fn a_wake_up_without_an_end_polls_that_one_and_several_are_polled_in_their_order() {
    let gates = gates(200);
    let mut all = when_all((when_all(each(&gates[..100])), when_all(each(&gates[100..]))));
    let (counts, waker) = Counts::new();
    assert!(poll(&mut all, &waker).is_pending());
    for number in [150, 3, 77] {
        gates[number].waker.take().expect("it waits").wake();
    }
    assert!(counts.get() > 0);
    assert!(poll(&mut all, &waker).is_pending());
    assert_eq!(polls(&gates), 203);
    assert_eq!([3, 77, 150].map(|number| gates[number].polls.get()), [2; 3]);
    for gate in &gates {
        gate.open();
    }
    let Poll::Ready((one, other)) = poll(&mut all, &waker) else { panic!("all are open") };
    assert!(one.into_iter().chain(other).eq((0..100).chain(0..100)));
}

#[test]
fn the_last_waker_that_polled_is_woken() {
    let gates = gates(2);
    let mut all = when_all(each(&gates));
    let ((first, one), (last, other)) = (Counts::new(), Counts::new());
    assert!(poll(&mut all, &one).is_pending());
    assert!(poll(&mut all, &other).is_pending());
    gates[1].open();
    assert_eq!((first.get(), last.get()), (0, 1));
    assert!(poll(&mut all, &one).is_pending());
    gates[0].open();
    assert_eq!((first.get(), last.get()), (1, 1));
    assert_eq!(poll(&mut all, &other), Poll::Ready(vec![0, 1]));
}

#[test]
fn a_branch_that_wakes_itself_or_another_while_it_is_polled_is_polled_again() {
    struct YieldsOnce(bool);
    impl Future for YieldsOnce {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    #[coro::coroutine]
    fn yields(times: u32) -> Task<'static, u32, Polled> {
        let mut left = times;
        while left > 0 {
            left -= 1;
            YieldsOnce(false).await;
        }
        times
    }
    #[coro::coroutine]
    fn opens(gate: Rc<Gate>) -> Task<'static, u32, Polled> {
        gate.open();
        1
    }
    assert_eq!(block_on(when_all([3, 0, 7].map(yields))), [3, 0, 7]);
    // Both a later one and one before it, in another word of bits.
    let gate = Rc::<Gate>::default();
    let many: Vec<_> = (0..100).map(|_| yields(0)).collect();
    let all = when_all((passes(gate.clone(), 5), when_all(many), opens(gate)));
    assert_eq!(block_on(async { all.await.0 }), 5);
}

#[test]
fn a_wake_up_before_the_first_poll_is_not_lost() {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..100_usize).map(|_| oneshot::channel::<usize>()).unzip();
    #[coro::coroutine]
    fn receives(from: oneshot::Receiver<usize>) -> Task<'static, usize> {
        from.await.expect("it is sent")
    }
    let all = when_all(receivers.into_iter().map(receives).collect::<Vec<_>>());
    for (number, sender) in senders.into_iter().enumerate() {
        sender.send(number).expect("it is received");
    }
    assert_eq!(block_on(all), (0..100).collect::<Vec<_>>());
}

#[test]
fn when_any_drops_the_losers_before_it_returns_and_starts_no_more_than_it_must() {
    let gates = gates(4);
    let mut any = when_any(each(&gates));
    let waker = Waker::noop();
    assert_eq!(poll(&mut any, waker), Poll::Pending);
    gates[2].open();
    gates[3].open();
    assert_eq!(poll(&mut any, waker), Poll::Ready((2, 2)));
    assert!(gates.iter().all(|gate| gate.dropped.get()), "also while the task is alive");
    assert_eq!(gates[3].polls.get(), 1);
    drop(any);
    let after = self::gates(2);
    after[0].open.set(true);
    assert_eq!(block_on(when_any(each(&after))), (0, 0));
    assert_eq!(after[1].polls.get(), 0, "it was never started");
}

#[test]
fn a_group_that_is_dropped_while_it_waits_drops_its_branches() {
    let gates = gates(4);
    let mut all = when_all((when_any(each(&gates[..2])), when_all(each(&gates[2..]))));
    assert!(poll(&mut all, Waker::noop()).is_pending());
    drop(all);
    assert!(gates.iter().all(|gate| gate.dropped.get()));
    gates.iter().for_each(|gate| gate.open());
}

#[test]
fn a_panic_of_one_drops_the_others_and_surfaces_where_it_is_awaited() {
    #[coro::coroutine]
    fn panics(gate: Rc<Gate>) -> Task<'static, usize, Polled> {
        Passes(gate).await;
        resume_unwind(Box::new("a branch"));
    }
    #[coro::coroutine]
    fn caller(gates: Vec<Rc<Gate>>, any: bool) -> Task<'static, (), Polled> {
        if any {
            when_any((passes(gates[0].clone(), 1), panics(gates[1].clone()), passes(gates[2].clone(), 3))).await;
        } else {
            when_all((passes(gates[0].clone(), 1), panics(gates[1].clone()), passes(gates[2].clone(), 3))).await;
        }
    }
    for any in [true, false] {
        let gates = gates(3);
        let mut task = caller(gates.clone(), any);
        assert!(poll(&mut task, Waker::noop()).is_pending());
        gates[1].open();
        let panic = catch_unwind(AssertUnwindSafe(|| poll(&mut task, Waker::noop())));
        assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&"a branch"));
        assert!(gates.iter().all(|gate| gate.dropped.get()));
    }
}

#[test]
fn they_mix_with_those_of_the_futures_crate() {
    #[coro::coroutine]
    fn mixed(gates: Vec<Rc<Gate>>) -> Task<'static, usize, Polled> {
        let all = when_all(each(&gates[..2]));
        let joined = futures::future::join(all, passes(gates[2].clone(), 10));
        let both = futures::future::join_all([when_all(each(&gates[..1])), when_all(each(&gates[1..2]))]);
        let ((all, one), both) = futures::join!(joined, both);
        all.into_iter().chain(both.into_iter().flatten()).sum::<usize>() + one
    }
    let gates = gates(3);
    gates.iter().for_each(|gate| gate.open.set(true));
    assert_eq!(block_on(mixed(gates)), 11);
    let mut pool = LocalPool::new();
    let (sender, receiver) = oneshot::channel::<u32>();
    #[coro::coroutine]
    fn receives(from: oneshot::Receiver<u32>) -> Task<'static, u32, Polled> {
        from.await.expect("it is sent")
    }
    let received = pool.spawner().spawn_local_with_handle(when_all([receives(receiver)])).expect("it runs");
    pool.spawner().spawn_local(async { sender.send(7).expect("it is received") }).expect("it runs");
    assert_eq!(pool.run_until(received), [7]);
}

#[coro::coroutine]
fn sleeps(micros: u64, number: u32) -> Task<'static, u32> {
    tokio::time::sleep(Duration::from_micros(micros)).await;
    tokio::task::yield_now().await;
    number
}

#[test]
fn on_tokio_they_are_spawned_as_they_are_and_change_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("it runs");
    let results = runtime.block_on(async {
        let all: Vec<_> = (0..200).map(|number| sleeps(u64::from(number * 7 % 50), number)).collect();
        let all = tokio::spawn(when_all(all));
        let any = tokio::spawn(when_any((sleeps(1_000_000_000, 1), sleeps(10, 2))));
        (all.await.expect("no panic"), any.await.expect("no panic"))
    });
    assert_eq!(results, ((0..200).collect(), Any2::Second(2)));
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn what_is_made_of_tasks_that_are_send_is_send() {
    let all = assert_send(when_all((sleeps(0, 1), sleeps(0, 2))));
    let any = assert_send(when_any(vec![sleeps(0, 1)]));
    drop(assert_send(when_all([all])));
    drop(any);
}

/// Sends its wake-up to another thread.
struct SendTo(mpsc::Sender<Continuation<Polled<Sendable>>>);

impl<P: Promise<World = Polled<Sendable>>> Awaiter<P> for SendTo {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.send(own).expect("somebody receives");
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn hops(to: mpsc::Sender<Continuation<Polled<Sendable>>>, times: u32) -> Task<'static, u32> {
    for _ in 0..times {
        SendTo(to.clone()).await;
    }
    times
}

#[test]
fn a_hundred_thousand_wake_ups_from_other_threads_are_not_lost() {
    let (senders, threads): (Vec<_>, Vec<_>) = (0..2)
        .map(|thread| {
            let (sender, receiver) = mpsc::channel::<Continuation<Polled<Sendable>>>();
            let woken = thread::spawn(move || {
                // One resumes them, the other drops them, which wakes too.
                receiver.iter().map(|wake_up| if thread == 0 { wake_up.resume() } else { drop(wake_up) }).count()
            });
            (sender, woken)
        })
        .unzip();
    // More than a word of bits.
    let all: Vec<_> = (0..100).map(|branch| hops(senders[branch % 2].clone(), 1000)).collect();
    drop(senders);
    assert_eq!(block_on(when_all(all)), [1000; 100]);
    let woken: usize = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
    assert_eq!(woken, 100_000);
}

#[test]
fn races_that_other_threads_decide_have_a_winner() {
    let (sender, receiver) = mpsc::channel::<Continuation<Polled<Sendable>>>();
    let waker = thread::spawn(move || receiver.iter().for_each(Continuation::resume));
    for _ in 0..5000 {
        let (first, result) =
            block_on(when_any([hops(sender.clone(), 1), hops(sender.clone(), 1), hops(sender.clone(), 1)]));
        assert!(first < 3 && result == 1);
    }
    drop(sender);
    waker.join().expect("no panic");
}

#[test]
fn wake_ups_that_come_after_the_group_has_gone_are_harmless() {
    struct Keeps(Arc<Mutex<Vec<Waker>>>);
    impl Future for Keeps {
        type Output = ();
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            self.0.lock().expect("no panic").push(context.waker().clone());
            Poll::Pending
        }
    }
    #[coro::coroutine]
    fn keeps(kept: Arc<Mutex<Vec<Waker>>>) -> Task<'static, u32> {
        Keeps(kept).await;
        0
    }
    let kept = Arc::new(Mutex::default());
    let first = block_on(when_any((keeps(Arc::clone(&kept)), keeps(Arc::clone(&kept)), sleeps_not())));
    assert_eq!(first.index(), 2);
    let wakers = std::mem::take(&mut *kept.lock().expect("no panic"));
    assert_eq!(wakers.len(), 2);
    assert!(!wakers[0].will_wake(&wakers[1]));
    thread::spawn(|| wakers.into_iter().for_each(Waker::wake)).join().expect("no panic");
}

#[coro::coroutine]
fn sleeps_not() -> Task<'static, u32> {
    1
}

#[test]
fn a_local_task_awaits_a_group_of_those_that_are_send() {
    #[coro::coroutine]
    fn local(own: Rc<u32>) -> Task<'static, u32, Polled> {
        let (one, other) = when_all((sleeps_not(), sleeps_not())).await;
        one + other + *own
    }
    assert_eq!(block_on(local(Rc::new(5))), 7);
}
