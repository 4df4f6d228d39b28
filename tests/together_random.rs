//! Random trees of coroutines that are awaited together, resumed in random order until nobody waits any more. Then
//! nobody may be left: in peace all have come to their end with the right results, and in a war of panics, drops and
//! cancels each has ended or was destroyed. `FROM` and `COUNT` choose the seeds.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::env;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::panicking;

use coro::{
    Any2, Awaiter, Continuation, ContinuationOf, Detached, FinalSuspend, FireAndForget, LocalWorld, Polled, Promise,
    Scope, Spawned, Task, when_all, when_any,
};

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(1) };
    static WAR: Cell<bool> = const { Cell::new(false) };
    static DETACHED: RefCell<Vec<Continuation<Detached>>> = RefCell::default();
    static POLLED: RefCell<Vec<Continuation<Polled>>> = RefCell::default();
    static SPAWNED: RefCell<Vec<Spawned>> = RefCell::default();
    static SCOPES: RefCell<Vec<Scope>> = RefCell::default();
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    static ENDED: Cell<u64> = const { Cell::new(0) };
    static FUEL: Cell<u64> = const { Cell::new(0) };
    /// Who is to go on before nobody is on the stack any more.
    static DUE: Cell<usize> = const { Cell::new(0) };
    /// Who was cancelled, and is to be gone then.
    static CANCELLED: RefCell<Vec<Spawned>> = RefCell::default();
    static WRONG: RefCell<Vec<String>> = RefCell::default();
}

/// One of `0..sides`.
fn dice(sides: usize) -> usize {
    let mut seed = SEED.get();
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    SEED.set(seed);
    usize::try_from((seed >> 11) % sides.max(1) as u64).expect("it is small")
}

fn wrong(what: impl Into<String>) {
    WRONG.with_borrow_mut(|wrong| wrong.push(what.into()));
}

fn check(holds: bool, what: &str) {
    if !holds {
        wrong(what);
    }
}

fn quietly(action: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(action));
}

/// The worlds, each with the place where its continuations wait.
trait Waits: LocalWorld {
    fn waiting<T>(look: impl FnOnce(&mut Vec<Continuation<Self>>) -> T) -> T;

    fn park(continuation: Continuation<Self>) {
        Self::waiting(|waiting| waiting.push(continuation));
    }

    fn any() -> Option<Continuation<Self>> {
        Self::waiting(|waiting| {
            let any = dice(waiting.len());
            (any < waiting.len()).then(|| waiting.swap_remove(any))
        })
    }
}

impl Waits for Detached {
    fn waiting<T>(look: impl FnOnce(&mut Vec<Continuation<Self>>) -> T) -> T {
        DETACHED.with_borrow_mut(look)
    }
}

impl Waits for Polled {
    fn waiting<T>(look: impl FnOnce(&mut Vec<Continuation<Self>>) -> T) -> T {
        POLLED.with_borrow_mut(look)
    }
}

/// Does something to others, from wherever it is called.
fn meddle<W: Waits>() {
    if FUEL.get() == 0 {
        return;
    }
    FUEL.set(FUEL.get() - 1);
    match dice(if WAR.get() { 10 } else { 5 }) {
        0..=3 => W::any().into_iter().for_each(Continuation::resume),
        4 => {}
        5 => drop(W::any()),
        6 => {
            let spawned = SPAWNED.with_borrow(|all| all.get(dice(all.len())).cloned());
            if let Some(spawned) = spawned {
                CANCELLED.with_borrow_mut(|all| all.push(spawned.clone()));
                spawned.cancel();
            }
        }
        7 if dice(4) == 0 => {
            let scope = SCOPES.with_borrow(|all| all.get(dice(all.len())).cloned());
            scope.iter().for_each(Scope::cancel_all);
        }
        8 if dice(2) == 0 && !panicking() => resume_unwind(Box::new("at random")),
        _ => {}
    }
}

/// A local, counted, whose destructor meddles.
struct Local<W: Waits>(Tick, std::marker::PhantomData<W>);

impl<W: Waits> Local<W> {
    fn new() -> Self {
        Self(Tick::new(), std::marker::PhantomData)
    }
}

impl<W: Waits> Drop for Local<W> {
    fn drop(&mut self) {
        if dice(3) == 0 {
            if panicking() { quietly(meddle::<W>) } else { meddle::<W>() }
        }
    }
}

/// Counted.
struct Tick;

impl Tick {
    fn new() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self
    }
}

impl Drop for Tick {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

/// Who is awaited, alone or together.
struct Watch {
    inside: Cell<usize>,
    /// How many ends are to come before the one who awaits them goes on.
    needed: Cell<usize>,
    due: Cell<bool>,
}

impl Watch {
    fn new(needed: usize) -> Self {
        Self { inside: Cell::new(0), needed: Cell::new(needed), due: Cell::new(false) }
    }

    fn enter(&self) -> Inside<'_> {
        self.inside.set(self.inside.get() + 1);
        Inside(self)
    }

    /// The one who awaits goes on.
    fn over(&self) {
        check(self.inside.get() == 0, "one is left of a group");
        self.forget();
    }

    fn forget(&self) {
        self.needed.set(0);
        if self.due.replace(false) {
            DUE.set(DUE.get() - 1);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.forget();
    }
}

struct Inside<'a>(&'a Watch);

impl Inside<'_> {
    /// One has ended. Once it is enough, the one who awaits has to go on before nobody is on the stack any more.
    fn ends(&self) {
        let needed = &self.0.needed;
        if needed.get() > 0 {
            needed.set(needed.get() - 1);
            if needed.get() == 0 {
                self.0.due.set(true);
                DUE.set(DUE.get() + 1);
            }
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.set(self.0.inside.get() - 1);
    }
}

struct Step;

impl<P: Promise<World: Waits>> Awaiter<P> for Step {
    type Output = ();

    fn await_ready(&mut self, _: &mut P) -> bool {
        if dice(6) == 0 {
            meddle::<P::World>();
        }
        dice(8) == 0
    }

    fn await_suspend(&mut self, _: &mut P, own: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        if dice(4) == 0 {
            meddle::<P::World>();
        }
        match dice(if WAR.get() { 11 } else { 9 }) {
            0 => return Some(own),
            1 => own.resume(),
            2 => {
                own.resume();
                return P::World::any();
            }
            3 | 4 => {
                let other = P::World::any();
                P::World::park(own);
                return other;
            }
            5 => {
                P::World::park(own);
                meddle::<P::World>();
            }
            9 => drop(own),
            _ => P::World::park(own),
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) {
        if dice(8) == 0 {
            meddle::<P::World>();
        }
    }
}

/// Hands control to any other now and then.
struct HandOver(Tick);

impl<P: Promise<World: Waits>> FinalSuspend<P> for HandOver {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> {
        drop(self.0);
        if dice(3) == 0 { P::World::any() } else { None }
    }
}

/// What a coroutine of a tree does.
enum Does {
    Steps(usize),
    Calls(Vec<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Mixed(Box<[Tree; 2]>, bool),
}

struct Tree {
    id: usize,
    does: Does,
}

fn grow(depth: usize, next: &mut usize) -> Tree {
    *next += 1;
    let id = *next;
    let mut children = |least| (0..least + dice(4)).map(|_| grow(depth - 1, next)).collect();
    let does = match dice(if depth == 0 { 2 } else { 9 }) {
        0 | 1 => Does::Steps(dice(4)),
        2 | 3 => Does::Calls(children(0)),
        4 | 5 => Does::All(children(0)),
        6 | 7 => Does::Any(children(1)),
        _ => Does::Mixed(Box::new([grow(depth - 1, next), grow(depth - 1, next)]), dice(2) == 0),
    };
    Tree { id, does }
}

#[coro::coroutine(final = HandOver(Tick::new()))]
fn node<'a, W: Waits>(tree: &'a Tree, inside: Option<Inside<'a>>) -> Task<'a, usize, W> {
    let _local = Local::<W>::new();
    match &tree.does {
        Does::Steps(steps) => {
            for _ in 0..*steps {
                Step.await;
            }
        }
        Does::Calls(trees) => {
            for tree in trees {
                let watch = Watch::new(1);
                check(node::<W>(tree, Some(watch.enter())).await == tree.id, "a call");
                watch.over();
            }
        }
        Does::All(trees) => {
            let watch = Watch::new(trees.len());
            let all: Vec<_> = trees.iter().map(|tree| node::<W>(tree, Some(watch.enter()))).collect();
            let ids = when_all(all).await;
            watch.over();
            check(ids.iter().eq(trees.iter().map(|tree| &tree.id)), "the results of `when_all`");
        }
        Does::Any(trees) => {
            let watch = Watch::new(1);
            let all: Vec<_> = trees.iter().map(|tree| node::<W>(tree, Some(watch.enter()))).collect();
            let (first, id) = when_any(all).await;
            watch.over();
            check(trees[first].id == id, "the result of `when_any`");
        }
        Does::Mixed(trees, any) => {
            let watch = Watch::new(if *any { 1 } else { 2 });
            let [one, other] = trees.each_ref().map(|tree| node::<W>(tree, Some(watch.enter())));
            if *any {
                match when_any((one, other)).await {
                    Any2::First(id) => check(id == trees[0].id, "the first of two"),
                    Any2::Second(id) => check(id == trees[1].id, "the second of two"),
                }
            } else {
                check(when_all((one, other)).await == (trees[0].id, trees[1].id), "both results");
            }
            watch.over();
        }
    }
    if dice(4) == 0 {
        Step.await;
    }
    inside.iter().for_each(Inside::ends);
    tree.id
}

#[coro::coroutine(final = HandOver(Tick::new()))]
fn root<W: Waits>(tree: Tree) -> Task<'static, (), W> {
    check(node::<W>(&tree, None).await == tree.id, "the root");
    ENDED.set(ENDED.get() + 1);
}

#[coro::coroutine(initial = suspend_never, final = HandOver(Tick::new()))]
fn alone(tree: Tree) -> FireAndForget {
    root::<Detached>(tree).await;
}

#[coro::coroutine(initial = suspend_never, final = HandOver(Tick::new()))]
fn joins(scope: Scope) -> FireAndForget {
    let joining = scope.join();
    drop(scope);
    joining.await;
    ENDED.set(ENDED.get() + 1);
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Runs `program` with each seed; after it nothing is alive.
fn with_seeds(war: bool, count: u64, program: impl Fn()) {
    let from = setting("FROM", 1);
    for seed in from..from + setting("COUNT", count) {
        DUE.set(0);
        CANCELLED.take();
        SEED.set(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        WAR.set(war);
        FUEL.set(300);
        ENDED.set(0);
        program();
        assert_eq!(ALIVE.get(), 0, "seed {seed}: some wait forever");
        assert_eq!(WRONG.take(), [""; 0], "seed {seed}");
    }
}

/// Nobody is on the stack.
fn check_quiet() {
    check(DUE.get() == 0, "one did not go on that was to");
    let cancelled = CANCELLED.take();
    check(cancelled.iter().all(Spawned::is_done), "one was cancelled and is not gone");
}

/// Some on their own, some in scopes that others join, resumed until nobody waits.
fn detached(war: bool) -> u64 {
    let mut started = 0;
    let mut id = 0;
    for _ in 0..1 + dice(2) {
        let scope = Scope::new();
        SCOPES.with_borrow_mut(|scopes| scopes.push(scope.clone()));
        for _ in 0..dice(3) {
            let tree = grow(4, &mut id);
            quietly(|| {
                let spawned = scope.spawn(root(tree));
                SPAWNED.with_borrow_mut(|all| all.push(spawned));
            });
            started += 1;
        }
        for _ in 0..dice(2) {
            quietly(|| {
                joins(scope.clone());
            });
            started += 1;
        }
        let tree = grow(4, &mut id);
        quietly(|| {
            alone(tree);
        });
        started += 1;
    }
    while let Some(any) = Detached::any() {
        quietly(|| if war && dice(8) == 0 { drop(any) } else { any.resume() });
        check_quiet();
    }
    check(SCOPES.with_borrow(|scopes| scopes.iter().all(Scope::is_empty)), "a scope is not empty");
    check(SPAWNED.with_borrow(|all| all.iter().all(Spawned::is_done)), "a spawned one is not done");
    SCOPES.take();
    SPAWNED.take();
    started
}

#[test]
fn in_peace_all_of_any_tree_come_to_their_end() {
    with_seeds(false, 3000, || assert_eq!(detached(false), ENDED.get()));
}

#[test]
fn in_war_none_of_any_tree_waits_forever() {
    with_seeds(true, 3000, || {
        detached(true);
    });
}

#[test]
fn in_peace_all_of_any_polled_tree_come_to_their_end() {
    with_seeds(false, 2000, || {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut task = root::<Polled>(grow(4, &mut 0));
        loop {
            woken.0.store(false, Ordering::Relaxed);
            if Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_ready() {
                break;
            }
            check_quiet();
            // As an executor: it is polled only when it was woken.
            while !woken.0.load(Ordering::Relaxed) {
                let Some(any) = Polled::any() else { panic!("it waits forever") };
                any.resume();
            }
        }
        while let Some(any) = Polled::any() {
            drop(any);
        }
        assert_eq!(ENDED.get(), 1);
    });
}

#[test]
fn in_war_a_polled_tree_ends_or_goes_with_its_owner() {
    with_seeds(true, 2000, || {
        let mut task = root::<Polled>(grow(4, &mut 0));
        for _ in 0..dice(40) {
            let poll = || Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
            match catch_unwind(AssertUnwindSafe(poll)) {
                Ok(Poll::Pending) => {
                    check_quiet();
                    Polled::any().into_iter().for_each(Continuation::resume);
                }
                _ => break,
            }
        }
        quietly(|| drop(task));
        while let Some(any) = Polled::any() {
            drop(any);
        }
    });
}
