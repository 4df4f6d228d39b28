//! Random safe programs: coroutines of all worlds that, in every hook, in bodies, in futures and in destructors, start,
//! resume, drop, cancel, swap, fold, talk to, delegate to, await together, hand control to and panic among each other.
//! Nothing may be used after its end, dropped twice or lost. Run under AddressSanitizer and LeakSanitizer; `FROM` and `COUNT` choose
//! the seeds.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::env;
use std::future::Future;
use std::mem::swap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread::panicking;

use coro::{
    Any2, AsyncGenerator, Awaiter, Continuation, ContinuationOf, Detached, FinalSuspend, FireAndForget, Generator,
    LocalWorld, Polled, Promise, Resumable, Scope, Spawned, Task, TwoWay, two_way, when_all, when_any,
};

type Parked = Continuation<Detached>;
type WakeUp = Continuation<Polled>;
type Talk<'a, R> = TwoWay<'a, Live, Live, R>;
type Talking = Resumable<fn(Live) -> Talk<'static, u64>, Talk<'static, u64>>;
type Future64 = Pin<Box<Task<'static, u64, Polled>>>;

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(1) };
    static PARKED: RefCell<VecDeque<Parked>> = RefCell::default();
    static WAKE_UPS: RefCell<VecDeque<WakeUp>> = RefCell::default();
    static TASKS: RefCell<Vec<Future64>> = RefCell::default();
    static GENERATORS: RefCell<Vec<Generator<'static, u64>>> = RefCell::default();
    static TALKS: RefCell<Vec<Talking>> = RefCell::default();
    static STREAMS: RefCell<Vec<AsyncGenerator<'static, u64, Polled>>> = RefCell::default();
    static DETACHED_STREAMS: RefCell<Vec<AsyncGenerator<'static, u64, Detached>>> = RefCell::default();
    static SCOPES: RefCell<Vec<Scope>> = RefCell::default();
    static SPAWNED: RefCell<Vec<Spawned>> = RefCell::default();
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    static FUEL: Cell<u64> = const { Cell::new(0) };
}

/// One of `0..sides`.
fn dice(sides: u64) -> u64 {
    let mut seed = SEED.get();
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    SEED.set(seed);
    (seed >> 11) % sides
}

/// Once in so many times.
fn rarely(times: u64) -> bool {
    dice(times) == 0
}

fn park(continuation: Parked) {
    PARKED.with_borrow_mut(|parked| parked.push_back(continuation));
}

fn parked() -> Option<Parked> {
    PARKED.with_borrow_mut(|parked| {
        let any = index(parked.len());
        parked.remove(any)
    })
}

fn wake_up() -> Option<WakeUp> {
    WAKE_UPS.with_borrow_mut(VecDeque::pop_front)
}

fn generator() -> Option<Generator<'static, u64>> {
    GENERATORS.with_borrow_mut(Vec::pop)
}

fn keep(generator: Generator<'static, u64>) {
    GENERATORS.with_borrow_mut(|generators| generators.push(generator));
}

fn talking() -> Option<Talking> {
    TALKS.with_borrow_mut(|talks| (!talks.is_empty()).then(|| talks.swap_remove(index(talks.len()))))
}

fn stream() -> Option<AsyncGenerator<'static, u64, Polled>> {
    STREAMS.with_borrow_mut(|streams| (!streams.is_empty()).then(|| streams.swap_remove(index(streams.len()))))
}

fn detached_stream() -> Option<AsyncGenerator<'static, u64, Detached>> {
    DETACHED_STREAMS.with_borrow_mut(|streams| (!streams.is_empty()).then(|| streams.swap_remove(index(streams.len()))))
}

fn scope() -> Option<Scope> {
    SCOPES.with_borrow(|scopes| scopes.get(index(scopes.len())).cloned())
}

/// One below `len`, or 0.
fn index(len: usize) -> usize {
    usize::try_from(dice(len.max(1) as u64)).expect("it is short")
}

fn fail() {
    if !panicking() {
        resume_unwind(Box::new("at random"));
    }
}

fn quietly(action: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(action));
}

/// Something on the heap, counted, whose destructor is as unruly as everything else.
struct Live(Box<u64>);

impl Live {
    fn new() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self(Box::new(dice(9)))
    }

    fn look(&self) -> u64 {
        *self.0
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        if rarely(4) {
            if panicking() { quietly(anything) } else { anything() }
        }
    }
}

/// Does whatever comes.
fn anything() {
    if DEPTH.get() > 12 || FUEL.get() == 0 {
        return;
    }
    FUEL.set(FUEL.get() - 1);
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(one_thing);
    DEPTH.set(DEPTH.get() - 1);
    done.unwrap_or_else(|panic| resume_unwind(panic));
}

fn one_thing() {
    match dice(34) {
        0..=3 => parked().into_iter().for_each(Parked::resume),
        4 => drop(parked()),
        5 | 6 => drop(root(Live::new())),
        7 if rarely(3) => fail(),
        8 => parked().into_iter().for_each(|continuation| {
            assert!(!format!("{continuation:?}").is_empty());
            park(continuation);
        }),
        9 => {
            let mut new = generate(3, Live::new());
            new.next();
            keep(new);
        }
        10 => generator().into_iter().for_each(|mut it| {
            it.next();
            assert!(it.backtrace().all(|location| !location.function().is_empty()));
            keep(it);
        }),
        11 => drop(generator()),
        12 => {
            if let (Some(mut one), Some(mut other)) = (generator(), generator()) {
                swap(&mut one, &mut other);
                one.next();
                other.next();
                keep(one);
                keep(other);
            }
        }
        13 | 14 => {
            let new = Box::pin(future(Live::new(), 3));
            TASKS.with_borrow_mut(|tasks| tasks.push(new));
        }
        15 | 16 => {
            let any = index(TASKS.with_borrow(Vec::len));
            let task = TASKS.with_borrow_mut(|tasks| (any < tasks.len()).then(|| tasks.swap_remove(any)));
            if let Some(mut task) = task
                && task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
            {
                TASKS.with_borrow_mut(|tasks| tasks.push(task));
            }
        }
        17 => drop(TASKS.with_borrow_mut(Vec::pop)),
        18 => wake_up().into_iter().for_each(WakeUp::resume),
        19 if SCOPES.with_borrow(Vec::len) < 3 => SCOPES.with_borrow_mut(|scopes| scopes.push(Scope::new())),
        19 => drop(SCOPES.with_borrow_mut(|scopes| scopes.swap_remove(index(scopes.len())))),
        20 | 21 => scope().into_iter().for_each(|scope| {
            let spawned = scope.spawn(member(Live::new(), scope.clone()));
            SPAWNED.with_borrow_mut(|all| all.push(spawned));
        }),
        22 => {
            let spawned = SPAWNED.with_borrow(|all| all.get(index(all.len())).cloned());
            spawned.into_iter().for_each(|spawned| {
                spawned.cancel();
                assert!(!format!("{spawned:?}").is_empty());
            });
        }
        24 => {
            let new = items(3, Live::new());
            STREAMS.with_borrow_mut(|streams| streams.push(new));
        }
        25 => {
            let new = detached_items(3, Live::new());
            DETACHED_STREAMS.with_borrow_mut(|streams| streams.push(new));
        }
        26 => stream().into_iter().for_each(|mut it| {
            let _ = it.poll_next(&mut Context::from_waker(Waker::noop()));
            assert!(it.backtrace().all(|location| !location.function().is_empty()));
            STREAMS.with_borrow_mut(|streams| streams.push(it));
        }),
        27 => drop((stream(), detached_stream())),
        28 | 29 => generator().into_iter().for_each(|it| {
            let (_live, count) = it.fold((Live::new(), 0), |(live, count), item| {
                assert!(item < 9 && live.look() < 9);
                if rarely(3) {
                    anything();
                }
                if rarely(12) {
                    fail();
                }
                (live, count + 1)
            });
            assert!(count < 10_000);
        }),
        30 => TALKS.with_borrow_mut(|talks| talks.push(two_way(|first| talk(first, 3)))),
        31 | 32 => talking().into_iter().for_each(|mut it| {
            let _given = it.resume(Live::new());
            assert!(!format!("{it:?}").is_empty());
            TALKS.with_borrow_mut(|talks| talks.push(it));
        }),
        33 => drop(talking()),
        23 if rarely(4) => scope().into_iter().for_each(|scope| scope.cancel_all()),
        _ => quietly(anything),
    }
}

/// Parks, resumes, drops or returns what it is given.
struct Suspend(Live);

impl<P: Promise<World = Detached>> Awaiter<P> for Suspend {
    type Output = Live;

    fn await_ready(&mut self, _: &mut P) -> bool {
        if rarely(8) {
            anything();
        }
        rarely(6)
    }

    fn await_suspend(&mut self, _: &mut P, own: Parked) -> Option<Parked> {
        assert!(self.0.look() < 9);
        let mut own = Some(own);
        for _ in 0..dice(3) {
            match dice(10) {
                0..=3 => own.take().into_iter().for_each(park),
                4 => own.take().into_iter().for_each(Parked::resume),
                5 => drop(own.take()),
                6 if rarely(4) => fail(),
                _ => anything(),
            }
        }
        match dice(12) {
            0 | 1 => return own,
            2..=5 => {
                own.into_iter().for_each(park);
                return parked();
            }
            6 => {
                own.into_iter().for_each(park);
                fail();
            }
            _ => own.into_iter().for_each(park),
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) -> Live {
        if rarely(8) {
            anything();
        }
        Live::new()
    }
}

/// The same in the world of futures.
struct Wait(Live);

impl<P: Promise<World = Polled>> Awaiter<P> for Wait {
    type Output = Live;

    fn await_suspend(&mut self, _: &mut P, own: WakeUp) -> Option<WakeUp> {
        assert!(self.0.look() < 9);
        if rarely(3) {
            anything();
        }
        match dice(6) {
            0 => return Some(own),
            1 => {
                let other = wake_up();
                WAKE_UPS.with_borrow_mut(|wake_ups| wake_ups.push_back(own));
                return other;
            }
            2 => own.resume(),
            3 => drop(own),
            _ => {
                WAKE_UPS.with_borrow_mut(|wake_ups| wake_ups.push_back(own));
                if rarely(6) {
                    fail();
                }
            }
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) -> Live {
        Live::new()
    }
}

/// A future that does anything a few times.
struct Busy(u64, Live);

impl Future for Busy {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
        anything();
        if self.0 == 0 {
            return Poll::Ready(self.1.look());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

struct End(Live);

// What a `final_suspend` holds is dropped before its value is made: rustc would lose the value if that panicked
// (rust-lang/rust#47949).
impl<P: Promise<World = Detached>> FinalSuspend<P> for End {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        drop(self.0);
        if rarely(2) { parked() } else { None }
    }
}

struct Wake(Live);

impl<P: Promise<World = Polled>> FinalSuspend<P> for Wake {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        drop(self.0);
        wake_up()
    }
}

#[coro::coroutine(initial = suspend_never, final = End(Live::new()))]
fn root(argument: Live) -> FireAndForget {
    let local = Live::new();
    for _ in 0..dice(4) {
        let given = Suspend(Live::new()).await;
        if rarely(3) {
            anything();
        }
        if rarely(5) {
            let scope = scope();
            if let Some(scope) = scope {
                let joined = scope.join();
                drop(scope);
                joined.await;
            }
        }
        assert!(call(&local, &given, 4).await < 1_000_000);
    }
    assert!(argument.look() < 9);
}

#[coro::coroutine(final = End(Live::new()))]
fn call<'a>(one: &'a Live, other: &'a Live, depth: u64) -> Task<'a, u64, Detached> {
    let local = Live::new();
    let mut sum = one.look() + other.look();
    for _ in 0..dice(3) {
        match dice(8) {
            6 => {
                if let Some(mut items) = detached_stream() {
                    for _ in 0..dice(3) {
                        sum += items.next().await.unwrap_or(1);
                    }
                    DETACHED_STREAMS.with_borrow_mut(|streams| streams.push(items));
                }
            }
            7 if depth > 0 => sum += drain(&local, depth - 1).await,
            0 | 1 => sum += Suspend(Live::new()).await.look(),
            2 => anything(),
            3 if depth > 0 => sum += together(&local, depth - 1).await,
            _ if depth > 0 => sum += call(&local, one, depth - 1).await,
            _ => {}
        }
    }
    if rarely(10) {
        fail();
    }
    sum + one.look() + other.look() + local.look()
}

/// Awaits some together; after that, none of them is left.
#[coro::coroutine]
fn together<'a, W: Branches>(lent: &'a Live, depth: u64) -> Task<'a, u64, W> {
    let (local, inside) = (Live::new(), Cell::new(0));
    let all: Vec<_> = (0..=dice(3)).map(|_| W::branch(&local, lent, &inside, depth)).collect();
    let sum = match dice(4) {
        0 => when_all(all).await.into_iter().sum(),
        1 => when_any(all).await.1,
        2 => {
            let (one, rest) = when_all((W::branch(&local, lent, &inside, depth), when_any(all))).await;
            one + rest.1
        }
        _ => match when_any((when_all(all), W::branch(lent, &local, &inside, depth))).await {
            Any2::First(all) => all.len() as u64,
            Any2::Second(one) => one,
        },
    };
    assert_eq!(inside.get(), 0, "all are gone");
    sum + local.look()
}

/// What is awaited together, in each world.
trait Branches: LocalWorld {
    fn branch<'a>(one: &'a Live, other: &'a Live, inside: &'a Cell<u64>, depth: u64) -> Task<'a, u64, Self>;
}

impl Branches for Detached {
    #[coro::coroutine(final = End(Live::new()))]
    fn branch<'a>(one: &'a Live, other: &'a Live, inside: &'a Cell<u64>, depth: u64) -> Task<'a, u64, Detached> {
        let _inside = Inside::of(inside);
        call(one, other, depth).await
    }
}

impl Branches for Polled {
    #[coro::coroutine]
    fn branch<'a>(one: &'a Live, other: &'a Live, inside: &'a Cell<u64>, depth: u64) -> Task<'a, u64, Polled> {
        let _inside = Inside::of(inside);
        let sum = other.look() + Wait(Live::new()).await.look();
        sum + borrow(one, depth).await
    }
}

struct Inside<'a>(&'a Cell<u64>);

impl<'a> Inside<'a> {
    fn of(inside: &'a Cell<u64>) -> Self {
        inside.set(inside.get() + 1);
        Self(inside)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A coroutine of a scope, which may outlive every other owner of it.
#[coro::coroutine(final = End(Live::new()))]
fn member(argument: Live, scope: Scope) -> Task<'static, u64, Detached> {
    let sum = call(&argument, &argument, 3).await;
    if rarely(3) {
        drop(scope);
        anything();
    }
    sum
}

#[coro::coroutine(final = Wake(Live::new()))]
fn future(argument: Live, depth: u64) -> Task<'static, u64, Polled> {
    let mut sum = 0;
    for _ in 0..dice(4) {
        let started = || TASKS.with_borrow_mut(Vec::pop);
        match dice(11) {
            8 => {
                if let Some(mut items) = stream() {
                    for _ in 0..dice(3) {
                        sum += items.next().await.unwrap_or(1);
                    }
                    STREAMS.with_borrow_mut(|streams| streams.push(items));
                }
            }
            // Visits that are given up half-way lose nothing, and the generator goes on.
            9 | 10 if depth > 0 => {
                let mut lent = lent_items(&argument, depth);
                if rarely(2) {
                    let all = [next_of(&mut lent), Box::pin(std::future::ready(Some(1)))];
                    let (first, _, others) = futures::future::select_all(all).await;
                    sum += first.unwrap_or(2);
                    drop(others);
                }
                let mut gives_up = next_of(&mut lent);
                let _ = futures::poll!(gives_up.as_mut());
                drop(gives_up);
                while let Some(item) = lent.next().await {
                    sum += item;
                }
            }
            7 if depth > 0 => sum += together::<Polled>(&argument, depth - 1).await,
            0 => sum += Wait(Live::new()).await.look(),
            1 => sum += Busy(dice(3), Live::new()).await,
            2 => anything(),
            // One that was polled already, as a future and as a callee.
            3 => {
                if let Some(task) = started() {
                    sum += task.await;
                }
            }
            4 => {
                if let Some(task) = started() {
                    sum += (*Pin::into_inner(task)).await;
                }
            }
            5 if depth > 0 => sum += borrow(&argument, depth).await,
            _ if depth > 0 => sum += future(Live::new(), depth - 1).await,
            _ => {}
        }
    }
    if rarely(9) {
        fail();
    }
    sum + argument.look()
}

#[coro::coroutine]
fn borrow(lent: &Live, depth: u64) -> Task<'_, u64, Polled> {
    let local = Live::new();
    let mut sum = lent.look();
    if rarely(2) {
        sum += Wait(Live::new()).await.look();
    }
    if depth > 0 {
        sum += borrow(&local, depth - 1).await;
    }
    if rarely(9) {
        fail();
    }
    sum + local.look() + lent.look()
}

/// Visits by a task of its own, which may be dropped or leaked alone.
fn next_of<'a>(items: &'a mut AsyncGenerator<'_, u64, Polled>) -> Pin<Box<dyn Future<Output = Option<u64>> + 'a>> {
    #[coro::coroutine]
    fn visit<'h>(items: &'h mut AsyncGenerator<'_, u64, Polled>) -> Task<'h, Option<u64>, Polled> {
        let _local = Live::new();
        items.next().await
    }
    Box::pin(visit(items))
}

#[coro::coroutine(final = Wake(Live::new()))]
fn items(depth: u64, argument: Live) -> AsyncGenerator<'static, u64, Polled> {
    for item in 0..dice(4) {
        match dice(8) {
            6 => {
                if let Some(other) = stream() {
                    co_yield!(..other);
                }
            }
            7 if depth > 0 => {
                co_yield!(..items(depth - 1, Live::new()));
                co_yield!(..lent_items(&argument, depth - 1));
            }
            0 => drop(Wait(Live::new()).await),
            1 => anything(),
            2 if depth > 0 => co_yield!(borrow(&argument, depth - 1).await),
            3 if depth > 0 => {
                let mut others = lent_items(&argument, depth - 1);
                while let Some(other) = others.next().await {
                    co_yield!(other);
                }
            }
            _ => co_yield!(item),
        }
    }
    if rarely(9) {
        fail();
    }
}

#[coro::coroutine]
fn lent_items(lent: &Live, depth: u64) -> AsyncGenerator<'_, u64, Polled> {
    let local = Live::new();
    for _ in 0..dice(4) {
        co_yield!(lent.look());
        if rarely(2) {
            co_yield!(Wait(Live::new()).await.look());
        }
        if depth > 0 && rarely(2) {
            co_yield!(borrow(&local, depth - 1).await);
            co_yield!(..lent_items(&local, depth - 1));
        }
    }
    assert!(local.look() + lent.look() < 18);
}

#[coro::coroutine(final = End(Live::new()))]
fn detached_items(depth: u64, argument: Live) -> AsyncGenerator<'static, u64, Detached> {
    for item in 0..dice(4) {
        match dice(7) {
            5 => {
                if let Some(other) = detached_stream() {
                    co_yield!(..other);
                }
            }
            6 if depth > 0 => co_yield!(..detached_items(depth - 1, Live::new())),
            0 => drop(Suspend(Live::new()).await),
            1 => anything(),
            2 if depth > 0 => co_yield!(call(&argument, &argument, depth - 1).await),
            3 if depth > 0 => co_yield!(together(&argument, depth - 1).await),
            _ => co_yield!(item),
        }
    }
    if rarely(9) {
        fail();
    }
}

#[coro::coroutine]
fn drain(lent: &Live, depth: u64) -> Task<'_, u64, Detached> {
    #[coro::coroutine]
    fn items<'a>(lent: &'a Live, depth: u64) -> AsyncGenerator<'a, u64, Detached> {
        co_yield!(Suspend(Live::new()).await.look());
        if depth > 0 {
            co_yield!(call(lent, lent, depth - 1).await);
            let local = Live::new();
            co_yield!(..items(&local, depth - 1));
        }
        co_yield!(lent.look());
    }
    let mut items = items(lent, depth);
    let mut sum = 0;
    while let Some(item) = items.next().await {
        sum += item;
    }
    sum
}

#[coro::coroutine]
fn generate(depth: u64, argument: Live) -> Generator<'static, u64> {
    for item in 0..dice(4) {
        if rarely(3) {
            anything();
        }
        co_yield!(item);
        if depth > 0 && rarely(2) {
            co_yield!(..generate(depth - 1, Live::new()));
        } else if let Some(other) = generator() {
            if rarely(2) {
                co_yield!(..other);
            } else {
                co_yield!(other.fold(0, u64::max));
            }
        }
        if rarely(12) {
            fail();
        }
        co_yield!(..lend(&argument, depth));
    }
}

#[coro::coroutine(initial = suspend_never)]
fn lend(lent: &Live, depth: u64) -> Generator<'_, u64> {
    co_yield!(lent.look());
    if rarely(5) {
        anything();
    }
    if depth > 0 {
        co_yield!(..lend(lent, depth - 1));
    }
    assert!(lent.look() < 9);
}

/// So aligned that the promise of who returns it is elsewhere in the frame than others'.
#[repr(align(256))]
struct Aligned(u64);

#[coro::coroutine]
fn talk(first: Live, depth: u64) -> Talk<'static, u64> {
    let mut last = first;
    for _ in 0..dice(4) {
        if rarely(3) {
            anything();
        }
        last = co_yield!(Live::new());
        if depth > 0 && rarely(2) {
            let next = co_yield!(Live::new());
            assert!(co_yield!(..long_talk(next, depth - 1)).0 < 99);
        }
        if rarely(12) {
            fail();
        }
        co_yield!(..lent_talk(&last, depth));
    }
    last.look()
}

#[coro::coroutine(initial = suspend_never)]
fn long_talk(first: Live, depth: u64) -> Talk<'static, Aligned> {
    let mut last = first;
    while !rarely(3) {
        last = co_yield!(Live::new());
        if rarely(12) {
            fail();
        }
    }
    let said = if rarely(2) { co_yield!(..talk(last, depth)) } else { last.look() };
    Aligned(said)
}

#[coro::coroutine]
fn lent_talk(lent: &Live, depth: u64) -> Talk<'_, ()> {
    if rarely(5) {
        anything();
    }
    let last = co_yield!(Live::new());
    if depth > 0 {
        co_yield!(..lent_talk(if rarely(2) { lent } else { &last }, depth - 1));
    }
    assert!(lent.look() < 9);
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn random_programs_use_nothing_after_its_end_and_lose_nothing() {
    let from = setting("FROM", 1);
    for seed in from..from + setting("COUNT", 300) {
        SEED.set(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        FUEL.set(3000);
        for _ in 0..60 {
            quietly(anything);
        }
        FUEL.set(0);
        SPAWNED.with_borrow_mut(Vec::clear);
        while let Some(scope) = SCOPES.with_borrow_mut(Vec::pop) {
            quietly(|| if rarely(2) { scope.cancel_all() } else { drop(scope) });
        }
        while let Some(continuation) = parked() {
            quietly(|| if rarely(2) { continuation.resume() } else { drop(continuation) });
        }
        while let Some(any) = generator() {
            quietly(|| drop(any));
        }
        while let Some(any) = talking() {
            quietly(|| drop(any));
        }
        while let Some(any) = stream() {
            quietly(|| drop(any));
        }
        while let Some(any) = detached_stream() {
            quietly(|| drop(any));
        }
        while let Some(any) = TASKS.with_borrow_mut(Vec::pop) {
            quietly(|| drop(any));
        }
        while let Some(any) = wake_up() {
            quietly(|| drop(any));
        }
        assert_eq!(ALIVE.get(), 0, "seed {seed}");
    }
}
