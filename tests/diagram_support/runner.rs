//! Runs random coroutines, and compares each way they take with their diagrams. A program of its own:
//! `diagram_random.rs` writes the coroutines, and compiles it.
#![forbid(unsafe_code)]
#![allow(warnings)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::{AddAssign, Index, IndexMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use coro::{Awaiter, Continuation, CoroutineHandle, Location, State, StateKind};

/// A coroutine that stops at some of its points.
pub struct Walk<'a>(CoroutineHandle<'a, WalkPromise>);

pub struct WalkPromise;

/// A point, by its number.
pub struct Stop(u32);

#[coro::promise]
impl WalkPromise {
    fn new() -> Self {
        Self
    }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Walk<'_> {
        Walk(handle)
    }
    fn return_value(&mut self, _: Option<u32>) {}
    fn await_transform(&mut self, stop: Stop) -> Stop {
        stop
    }
    fn yield_value(&mut self, stop: Stop) -> Stop {
        stop
    }
}

impl Awaiter<WalkPromise> for Stop {
    type Output = u32;
    fn await_ready(&mut self, _: &mut WalkPromise) -> bool {
        burn();
        REACHED.with_borrow_mut(|reached| reached.push(self.0));
        // Where only the location tells which state it is, it must stop.
        self.0 < HIDDEN && random(4) == 0
    }
    fn await_suspend(&mut self, _: &mut WalkPromise, _: Continuation) -> Option<Continuation> {
        None
    }
    fn await_resume(&mut self, _: &mut WalkPromise) -> u32 {
        random(3)
    }
}

/// Numbers from here on are of points that a macro makes.
const HIDDEN: u32 = 1_000_000;

thread_local! {
    static REACHED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static SEED: Cell<u64> = const { Cell::new(1) };
    static FUEL: Cell<u32> = const { Cell::new(0) };
}

fn random(below: u32) -> u32 {
    let state = SEED.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    SEED.set(state);
    (state >> 33) as u32 % below
}

/// Ends a walk that would go on for ever.
fn burn() {
    match FUEL.get().checked_sub(1) {
        Some(left) => FUEL.set(left),
        None => resume_unwind(Box::new("out of fuel")),
    }
}

// What the coroutines use.

fn s(number: u32) -> Stop {
    Stop(number)
}

fn with(number: u32, _: u32) -> Stop {
    Stop(number)
}

fn c() -> bool {
    burn();
    random(2) == 0
}

fn o(number: u32) -> Option<u32> {
    c().then_some(number % 3)
}

fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

#[derive(Clone, Copy, Default)]
struct Pair {
    a: u32,
    b: u32,
}

fn pair(a: u32) -> Pair {
    Pair { a, b: a }
}

/// With operators of its own: `+=` evaluates its left side first.
#[derive(Clone, Copy, Default)]
struct Own([u32; 3]);

impl Index<usize> for Own {
    type Output = Own;
    fn index(&self, _: usize) -> &Own {
        self
    }
}

impl IndexMut<usize> for Own {
    fn index_mut(&mut self, _: usize) -> &mut Own {
        self
    }
}

impl AddAssign<u32> for Own {
    fn add_assign(&mut self, _: u32) {}
}

macro_rules! twice {
    ($e:expr) => {
        add($e, $e)
    };
}

macro_rules! never {
    ($e:expr) => {
        if false { $e } else { 1 }
    };
}

macro_rules! backwards {
    ($a:expr, $b:expr) => {{
        let b = $b;
        add($a, b)
    }};
}

macro_rules! either {
    ($a:expr; $b:expr) => {
        if c() { $a } else { $b }
    };
}

macro_rules! hidden {
    ($number:literal) => {
        co_await!(s($number))
    };
}

macro_rules! tokens {
    ($($tokens:tt)*) => { $($tokens)* };
}

macro_rules! leave {
    () => {
        if c() {
            return None;
        }
    };
    ($label:lifetime) => {
        if c() {
            break $label;
        }
    };
}

include!("bodies.rs");

struct Seen {
    /// Of those without boxes, from which there are many more than are taken.
    edges: usize,
    taken: usize,
    steps: usize,
    returns: usize,
}

/// Walks through a coroutine, and gives the states on its way.
fn walk(function: fn() -> Walk<'static>) -> Result<Vec<State>, String> {
    REACHED.take();
    FUEL.set(60);
    let mut coroutine = function();
    let info = coroutine.0.info();
    let states: Vec<State> = info.states().collect();
    let mut way = vec![info.state_at(coroutine.0.location().expect("it is suspended")).expect("its start")];
    let state_of = |number: u32| {
        let call = |name: &str| [format!("{name}({number})"), format!("{name}({number},")];
        let names: Vec<String> = ["s", "with"].iter().flat_map(|name| call(name)).collect();
        let is_it = |state: &&State| names.iter().any(|name| state.text().contains(name));
        // An operand is part of the text of what it is an operand of.
        let found = states.iter().filter(is_it).min_by_key(|state| state.text().len());
        found.copied().ok_or_else(|| format!("no state for {number}: {states:#?}"))
    };
    loop {
        let ended = catch_unwind(AssertUnwindSafe(|| coroutine.0.resume())).is_err();
        let reached = REACHED.take();
        let Some(location) = coroutine.0.location() else {
            for number in reached {
                way.push(state_of(number)?);
            }
            if !ended {
                way.push(*states.last().expect("the end"));
            }
            return Ok(way);
        };
        let (last, passed) = reached.split_last().ok_or("stopped, and reached nothing")?;
        for number in passed {
            way.push(state_of(*number)?);
        }
        let state = info.state_at(location).ok_or_else(|| format!("no state at {location}: {states:#?}"))?;
        let expected = if *last >= HIDDEN { state } else { state_of(*last)? };
        if state != expected || (*last >= HIDDEN) != (state.kind() == StateKind::Macro) {
            return Err(format!("at {location}, point {last}, is {state}, and not {expected}"));
        }
        way.push(state);
    }
}

fn check(function: fn() -> Walk<'static>, walks: u32, seed: u64) -> Result<Seen, String> {
    let mut taken = BTreeSet::new();
    let (mut steps, mut returns) = (0, 0);
    let info = function().0.info();
    for walk_number in 0..walks {
        SEED.set(seed.wrapping_mul(1_000_003).wrapping_add(walk_number.into()));
        let way = walk(function)?;
        for step in way.windows(2) {
            if !info.has_edge(step[0], step[1]) {
                let way: Vec<usize> = way.iter().map(State::index).collect();
                return Err(format!("there is no edge from {} to {}, on the way {way:?}", step[0], step[1]));
            }
            taken.insert((step[0].index(), step[1].index()));
            steps += 1;
            returns += usize::from(step[1].kind() == StateKind::End);
        }
    }
    Ok(Seen { edges: info.edges().len(), taken: taken.len(), steps, returns })
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let walks = std::env::args().nth(1).and_then(|walks| walks.parse().ok()).expect("how many walks");
    let (mut total, mut failed) = (Seen { edges: 0, taken: 0, steps: 0, returns: 0 }, 0);
    for (index, (function, source)) in COROUTINES.iter().enumerate() {
        match check(*function, walks, index as u64 + 1) {
            Ok(seen) => {
                if function().0.info().states().all(|state| state.kind() != StateKind::Macro) {
                    total.edges += seen.edges;
                    total.taken += seen.taken;
                }
                total.steps += seen.steps;
                total.returns += seen.returns;
            }
            Err(error) => {
                failed += 1;
                if failed <= 3 {
                    println!("{source}\n{error}\nof {}\n", function().0.info().to_dot());
                }
            }
        }
    }
    let Seen { edges, taken, steps, returns } = total;
    println!("functions {} failed {failed} edges {edges} taken {taken} steps {steps} returns {returns}", COROUTINES.len());
    std::process::exit(i32::from(failed > 0));
}
