//! Tasks: awaited by linking, driven as futures.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;

use coro::{
    Awaiter, Continuation, ContinuationOf, Detached, FireAndForget, LocalWorld, Parks, Polled, Promise, Sendable, Task,
};
use futures::executor::{LocalPool, ThreadPool, block_on};
use futures::task::LocalSpawnExt;

/// A place where one coroutine waits.
struct Bench<W: Parks>(Rc<RefCell<Option<Continuation<W>>>>);

impl<W: Parks> Clone for Bench<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Parks> Bench<W> {
    fn new() -> Self {
        Self(Rc::default())
    }

    fn call(&self) -> bool {
        let sitting = self.0.take();
        sitting.map(Continuation::resume).is_some()
    }
}

impl<P: Promise<World: Parks>> Awaiter<P> for Bench<P::World> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.replace(Some(me));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn add(a: &u32, b: u32) -> Task<'_, u32> {
    futures::pending!();
    std::future::ready(()).await;
    *a + b
}

#[coro::coroutine]
fn sum(numbers: Vec<u32>) -> Task<'static, u32> {
    let mut total = 0;
    for number in &numbers {
        total = add(number, total).await;
    }
    total
}

/// Wakes itself once, as `yield_now` does.
#[coro::coroutine]
fn yielding(n: u32) -> Task<'static, u32> {
    let mut left = n;
    while left > 0 {
        left -= 1;
        tokio::task::yield_now().await;
    }
    n
}

#[test]
fn a_task_is_a_future_for_every_executor() {
    #[coro::coroutine]
    fn outer() -> Task<'static, u32> {
        yielding(3).await + yielding(4).await
    }
    assert_eq!(block_on(outer()), 7);
    assert_eq!(LocalPool::new().run_until(outer()), 7);
    let pool = ThreadPool::new().expect("threads");
    assert_eq!(block_on(futures::task::SpawnExt::spawn_with_handle(&pool, outer()).expect("room")), 7);
    let tokio = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(tokio.block_on(async { tokio::spawn(outer()).await.expect("no panic") }), 7);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    assert_eq!(tokio.block_on(async { tokio::spawn(outer()).await.expect("no panic") }), 7);
}

#[test]
fn tasks_work_with_the_combinators_of_futures() {
    let (a, b) = block_on(async { futures::join!(yielding(2), yielding(3)) });
    assert_eq!((a, b), (2, 3));
    assert_eq!(block_on(futures::future::join_all((0..5).map(yielding))), [0, 1, 2, 3, 4]);
}

#[test]
fn any_future_can_be_awaited_in_a_task() {
    #[coro::coroutine]
    fn both() -> Task<'static, u32> {
        let (send, receive) = futures::channel::oneshot::channel();
        let (_, received) = futures::join!(async { send.send(5).expect("open") }, receive);
        received.expect("sent")
    }
    assert_eq!(block_on(both()), 5);
}

#[test]
fn a_leaf_awaiter_of_the_polled_world_is_woken_through_its_continuation() {
    let bench = Bench::<Polled>::new();
    #[coro::coroutine]
    fn sit(bench: Bench<Polled>) -> Task<'static, &'static str, Polled> {
        bench.await;
        "called"
    }
    #[coro::coroutine]
    fn outer(bench: Bench<Polled>) -> Task<'static, &'static str, Polled> {
        sit(bench).await
    }
    let mut pool = LocalPool::new();
    let task = pool.spawner().spawn_local_with_handle(outer(bench.clone())).expect("room");
    pool.run_until_stalled();
    assert!(bench.call());
    assert_eq!(pool.run_until(task), "called");
}

#[test]
fn a_helper_generic_over_the_local_worlds_serves_both() {
    #[coro::coroutine]
    fn helper<'a, W: LocalWorld>(bench: &'a Bench<W>, text: &'a str) -> Task<'a, usize, W> {
        bench.clone().await;
        text.len()
    }
    #[coro::coroutine]
    fn twice<'a, W: LocalWorld>(bench: &'a Bench<W>, text: &'a str) -> Task<'a, usize, W> {
        helper(bench, text).await + helper(bench, text).await
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn detached(bench: Bench<Detached>, to: Rc<RefCell<usize>>) -> FireAndForget {
        *to.borrow_mut() = twice(&bench, "four").await;
    }

    let (bench, result) = (Bench::new(), Rc::default());
    detached(bench.clone(), Rc::clone(&result));
    assert!(bench.call() && bench.call() && !bench.call());
    assert_eq!(*result.borrow(), 8);

    let bench = Bench::<Polled>::new();
    let mut pool = LocalPool::new();
    let local = bench.clone();
    let task = pool.spawner().spawn_local_with_handle(async move { twice(&local, "four").await }).expect("room");
    pool.run_until_stalled();
    assert!(bench.call());
    pool.run_until_stalled();
    assert!(bench.call());
    assert_eq!(pool.run_until(task), 8);
}

#[test]
fn a_local_task_can_await_one_that_is_send() {
    #[coro::coroutine]
    fn local(n: Rc<u32>) -> Task<'static, u32, Polled> {
        yielding(*n).await
    }
    assert_eq!(block_on(local(Rc::new(3))), 3);
}

#[test]
fn tasks_in_traits_need_no_boxing_crate() {
    trait Handler: Sync {
        fn handle(&self, request: u32) -> Task<'_, u32>;
    }
    struct Add(u32);
    impl Handler for Add {
        #[coro::coroutine]
        fn handle(&self, request: u32) -> Task<'_, u32> {
            yielding(self.0).await + request
        }
    }
    let handler: Box<dyn Handler> = Box::new(Add(2));
    assert_eq!(block_on(handler.handle(40)), 42);
}

#[test]
fn a_detached_coroutine_that_may_change_threads_is_resumed_on_another_one() {
    use std::sync::mpsc;
    struct Hop(mpsc::Sender<Continuation<Detached<Sendable>>>);
    impl<P: Promise<World = Detached<Sendable>>> Awaiter<P> for Hop {
        type Output = ();
        fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
            self.0.send(me).expect("the thread runs");
            None
        }
        fn await_resume(&mut self, _: &mut P) {}
    }
    #[coro::coroutine]
    fn hop(to: &mpsc::Sender<Continuation<Detached<Sendable>>>) -> Task<'_, std::thread::ThreadId, Detached<Sendable>> {
        Hop(to.clone()).await;
        std::thread::current().id()
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn travel(
        to: mpsc::Sender<Continuation<Detached<Sendable>>>,
        done: mpsc::Sender<std::thread::ThreadId>,
    ) -> FireAndForget<Sendable> {
        for _ in 0..1000 {
            hop(&to).await;
        }
        done.send(std::thread::current().id()).expect("the test waits");
    }
    let (to, hops) = mpsc::channel::<Continuation<Detached<Sendable>>>();
    let (done, arrived) = mpsc::channel();
    let thread = std::thread::spawn(move || hops.into_iter().for_each(Continuation::resume));
    travel(to, done);
    let id = thread.thread().id();
    assert_eq!(arrived.recv().expect("it arrives"), id);
    thread.join().expect("no panic");
}

/// rustc looks for `Send` in bodies whose lifetimes it has erased: what a native `async fn` may borrow across its awaits, a
/// task may too.
#[test]
fn tasks_that_hold_all_kinds_of_borrows_are_send() {
    use futures::StreamExt;
    use std::collections::HashMap;

    #[coro::coroutine]
    fn same<'a>(text: &'a str) -> Task<'a, &'a str> {
        tokio::task::yield_now().await;
        text
    }
    trait Handler: Sync {
        fn handle<'a>(&'a self, request: &'a str) -> Task<'a, &'a str>;
    }
    struct Echo;
    impl Handler for Echo {
        #[coro::coroutine]
        fn handle<'a>(&'a self, request: &'a str) -> Task<'a, &'a str> {
            same(request).await
        }
    }
    #[coro::coroutine]
    fn dynamic<'a>(handlers: &'a [Box<dyn Handler + Send>], text: &'a str) -> Task<'a, usize> {
        let mut length = 0;
        for handler in handlers {
            length += handler.handle(text).await.len();
        }
        length
    }
    #[coro::coroutine]
    fn generic<H: Handler>(handler: &H, text: String) -> Task<'_, usize> {
        handler.handle(&text).await.len()
    }
    #[coro::coroutine]
    fn combined(texts: Vec<String>) -> Task<'static, usize> {
        let mut length = 0;
        for text in texts.iter().map(|text| text.as_str()) {
            length += same(text).await.len();
        }
        let streamed = futures::stream::iter(texts.iter()).then(|text| same(text)).map(|text| text.len());
        length += streamed.fold(0, |sum, length| async move { sum + length }).await;
        length + futures::future::join_all(texts.iter().map(|text| same(text))).await.len()
    }
    #[coro::coroutine]
    fn calls_back(back: impl for<'x> Fn(&'x str) -> Task<'x, &'x str> + Send + Sync + 'static) -> Task<'static, usize> {
        let text = String::from("back");
        back(&text).await.len()
    }
    #[coro::coroutine]
    fn mutates<'a>(map: &'a mut HashMap<String, Vec<&'static str>>) -> Task<'a, usize> {
        let mut length = 0;
        for (key, values) in map.iter_mut() {
            length += same(key).await.len();
            values.push("value");
            for value in values.iter() {
                length += same(value).await.len();
            }
        }
        length
    }
    #[coro::coroutine]
    fn guarded(text: std::sync::Arc<tokio::sync::RwLock<String>>) -> Task<'static, usize> {
        let guard = text.read().await;
        same(&guard).await.len() + same(&text.read().await).await.len()
    }
    #[coro::coroutine]
    fn parses(text: &str) -> Task<'_, Result<usize, Box<dyn std::error::Error + Send + Sync>>> {
        Ok(same(text).await.parse()?)
    }
    async fn all() -> usize {
        let (text, mut map) = (String::from("12"), HashMap::from([("key".to_owned(), vec![])]));
        let handlers: [Box<dyn Handler + Send>; 2] = [Box::new(Echo), Box::new(Echo)];
        dynamic(&handlers, &text).await
            + generic(&Echo, text.clone()).await
            + combined(vec![text.clone(), text.clone()]).await
            + calls_back(same).await
            + mutates(&mut map).await
            + guarded(std::sync::Arc::default()).await
            + parses(&text).await.expect("a number")
            + usize::from(parses("twelve").await.is_err())
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let sum = tokio.block_on(async { tokio::spawn(all()).await.expect("no panic") });
    assert_eq!(sum, 4 + 2 + (4 + 4 + 2) + 4 + 8 + 12 + 1);
}

#[test]
fn a_user_made_task_is_a_future_and_is_linked_too() {
    use coro::{Callee, CoroutineHandle};
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// A task that gives nothing if it panics.
    struct Attempt<'a, T>(CoroutineHandle<'a, AttemptPromise<T>>);
    struct AttemptPromise<T>(Option<T>);

    #[coro::promise(world = Polled)]
    impl<T> AttemptPromise<T> {
        fn new() -> Self {
            Self(None)
        }
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Attempt<'_, T> {
            Attempt(handle)
        }
        fn return_value(&mut self, value: T) {
            self.0 = Some(value);
        }
        fn unhandled_exception(&mut self, panic: coro::Panic) {
            assert_eq!(panic.message(), Some("given up"));
        }
    }
    impl<'a, T> Callee<'a> for Attempt<'a, T> {
        type Promise = AttemptPromise<T>;
        type Output = Option<T>;
        fn into_handle(self) -> CoroutineHandle<'a, AttemptPromise<T>> {
            self.0
        }
        fn result(promise: &mut AttemptPromise<T>) -> Option<T> {
            promise.0.take()
        }
    }
    impl<T> Future for Attempt<'_, T> {
        type Output = Option<T>;
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
            self.0.poll(context).map(|()| self.0.promise_mut().0.take())
        }
    }
    #[coro::coroutine]
    fn attempt(numbers: &[u32]) -> Attempt<'_, u32> {
        let first = yielding(*numbers.first().unwrap_or(&0)).await;
        if first == 0 {
            std::panic::resume_unwind(Box::new("given up"));
        }
        first
    }
    #[coro::coroutine]
    fn attempts() -> Task<'static, (Option<u32>, Option<u32>), Polled> {
        let numbers = vec![2];
        (attempt(&numbers).await, attempt(&[]).await)
    }
    assert_eq!(block_on(attempts()), (Some(2), None));
    assert_eq!(block_on(futures::future::join(attempt(&[3]), attempt(&[]))), (Some(3), None));
}

#[test]
fn sums() {
    assert_eq!(sum(vec![]).now(), 0);
}

trait Now {
    type Output;
    fn now(self) -> Self::Output;
}

impl<T> Now for Task<'_, T> {
    type Output = T;
    fn now(self) -> T {
        block_on(self)
    }
}
