//! Instructions per operation, counted under callgrind: exact, and the same on each run. `cargo bench --bench
//! instructions`
//!
//! Each case runs twice, in processes of its own, for `N` and for `2 * N` operations; the difference is what `N`
//! operations cost, without what comes before and after them. Without valgrind there is nothing to count, and it says
//! so.

use std::cell::Cell;
use std::env;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::rc::Rc;

use coro::{Awaiter, Continuation, ContinuationOf, Detached, FireAndForget, LocalWorld, Parks, Polled, Promise, Task};
use futures::task::noop_waker_ref;
use std::future::Future;
use std::task::Context;

/// Runs something so many times.
type Case = fn(operations: usize);

const N: usize = 1000;

const CASES: &[(&str, Case)] = &[
    ("detached: await a task that completes at once", |n| {
        awaiting(n, at_once);
    }),
    ("polled: await a task that completes at once", |n| {
        let mut task = Box::pin(polling(n, at_once));
        assert!(task.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_ready());
    }),
    ("detached: resume the leaf at depth 1", |n| detached(1, n)),
    ("detached: resume the leaf at depth 10", |n| detached(10, n)),
    ("detached: resume the leaf at depth 1,000", |n| detached(1_000, n)),
    ("detached: resume the leaf at depth 100,000", |n| detached(100_000, n)),
    ("polled: resume the leaf at depth 1", |n| polled(1, n)),
    ("polled: resume the leaf at depth 10", |n| polled(10, n)),
    ("polled: resume the leaf at depth 1,000", |n| polled(1_000, n)),
    ("polled: resume the leaf at depth 100,000", |n| polled(100_000, n)),
];

/// The second costs what the first costs, within ten per cent: going on at the leaf does not depend on the depth.
const EQUAL: &[(&str, &str)] = &[
    ("detached: resume the leaf at depth 1", "detached: resume the leaf at depth 100,000"),
    ("polled: resume the leaf at depth 1", "polled: resume the leaf at depth 100,000"),
];

/// Where one coroutine waits.
struct Bench<W: Parks>(Rc<Cell<Option<Continuation<W>>>>);

impl<W: Parks> Clone for Bench<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Promise<World: Parks>> Awaiter<P> for &Bench<P::World> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.set(Some(me));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// The innermost of `depth` coroutines waits for ever.
#[coro::coroutine]
fn nested<W: LocalWorld>(depth: usize, bench: &Bench<W>) -> Task<'_, (), W> {
    if depth > 1 {
        return nested(depth - 1, bench).await;
    }
    loop {
        bench.await;
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn root(depth: usize, bench: Bench<Detached>) -> FireAndForget {
    nested(depth, &bench).await;
}

#[coro::coroutine]
fn at_once<W: LocalWorld>(value: u64) -> Task<'static, u64, W> {
    value
}

type Factory<W> = fn(u64) -> Task<'static, u64, W>;

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn awaiting(times: usize, factory: Factory<Detached>) -> FireAndForget {
    for n in 0..times as u64 {
        assert_eq!(black_box(factory)(n).await, n);
    }
}

#[coro::coroutine]
fn polling(times: usize, factory: Factory<Polled>) -> Task<'static, (), Polled> {
    for n in 0..times as u64 {
        assert_eq!(black_box(factory)(n).await, n);
    }
}

fn detached(depth: usize, resumes: usize) {
    let bench = Bench(Rc::default());
    root(depth, bench.clone());
    for _ in 0..resumes {
        let waiting = bench.0.take();
        waiting.expect("it waits").resume();
    }
    drop(bench.0.take());
}

fn polled(depth: usize, resumes: usize) {
    let bench = Bench(Rc::default());
    let mut task = Box::pin(nested::<Polled>(depth, &bench));
    let context = &mut Context::from_waker(noop_waker_ref());
    for _ in 0..resumes {
        drop(bench.0.take());
        assert!(black_box(task.as_mut()).poll(context).is_pending());
    }
    drop(task);
}

/// How many instructions a program executes.
fn count(program: &Path, case: &str, operations: usize) -> u64 {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([case, &operations.to_string()])
        .output()
        .expect("valgrind runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{case}: {said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, collected) = collected.unwrap_or_else(|| panic!("no count in: {said}"));
    collected.trim().parse().expect("a number")
}

fn each(program: &Path, case: &str) -> f64 {
    (count(program, case, 2 * N) - count(program, case, N)) as f64 / N as f64
}

/// The same in C++, if there is a compiler.
fn peer() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("task");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/task.cpp");
    let compiled = Command::new("g++").args(["-std=c++20", "-O3", "-o"]).arg(&program).arg(source).status();
    compiled.is_ok_and(|status| status.success()).then_some(program)
}

/// What a case is called in `peers/task.cpp`.
const PEERS: &[(&str, &str)] = &[
    ("await", "detached: await a task that completes at once"),
    ("1", "detached: resume the leaf at depth 1"),
    ("1000", "detached: resume the leaf at depth 1,000"),
];

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if let (Some(case), Some(operations)) = (arguments.next(), arguments.next()) {
        let (_, case) = CASES.iter().find(|(name, _)| *name == case).expect("a case");
        case(operations.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: instructions are counted by valgrind, which is not there");
        return ExitCode::SUCCESS;
    }
    let (own, peer) = (env::current_exe().expect("a program"), peer());
    if peer.is_none() {
        println!("(without C++: there is no g++ that knows coroutines)");
    }
    let counts: Vec<_> = CASES
        .iter()
        .map(|&(name, _)| {
            let ours = each(&own, name);
            let theirs = PEERS.iter().find(|(_, of)| *of == name).zip(peer.as_ref());
            let theirs = theirs.map(|((case, _), peer)| format!(" (C++: {:.1})", each(peer, case)));
            println!("{ours:9.1}  {name}{}", theirs.unwrap_or_default());
            (name, ours)
        })
        .collect();
    let of = |wanted: &&str| counts.iter().find(|(name, _)| name == wanted).expect("it was counted").1;
    let differing: Vec<_> = EQUAL.iter().filter(|(one, other)| (of(one) - of(other)).abs() > of(one) / 10.0).collect();
    for (one, other) in &differing {
        println!("FAILED: more than ten per cent between `{one}` and `{other}`");
    }
    if differing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
