//! As `attacks_in_place.rs`, but what places lend, and who was given it, is leaked. Run with
//! `ASAN_OPTIONS=detect_leaks=0`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::mem::{forget, swap};
use std::pin::{Pin, pin};
use std::rc::Rc;

use bumpalo::Bump;
use coro::{Generator, InPlace, Shared};

/// Pseudo-random numbers: a xorshift.
struct Random(Cell<u64>);

impl Random {
    fn below(&self, bound: u64) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x % bound
    }
}

/// What the innermost coroutine has yielded, and whether it is there.
#[derive(Default)]
struct Innermost {
    yielded: Cell<u32>,
    ended: Cell<bool>,
}

struct Ends<'a>(&'a Innermost);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        assert!(!self.0.ended.replace(true));
    }
}

#[coro::coroutine]
fn innermost<'a>(known: &'a Innermost, to: u32) -> impl InPlace<Generator<'a, u32>> {
    let _ends = Ends(known);
    while known.yielded.get() < to {
        known.yielded.set(known.yielded.get() + 1);
        co_yield!(known.yielded.get());
    }
}

/// What callers yield of their own.
const OWN: u32 = 1000;

#[coro::coroutine]
fn boxed<'a>(other: Generator<'a, u32>, text: &'a str) -> Generator<'a, u32> {
    co_yield!(..other);
    co_yield!(OWN + u32::from(text == "a caller's"));
}

#[coro::coroutine(allocator = Shared::new(Bump::new()))]
fn in_arena<'a>(other: Generator<'a, u32>, text: &'a str) -> Generator<'a, u32> {
    co_yield!(..other);
    co_yield!(OWN + u32::from(text == "a caller's"));
}

#[coro::coroutine]
fn in_place<'a>(other: Generator<'a, u32>, text: &'a str) -> impl InPlace<Generator<'a, u32>> {
    co_yield!(..other);
    co_yield!(OWN + u32::from(text == "a caller's"));
}

/// A place whose type does not matter, of a coroutine that borrows for `'a`.
trait Lends<'a> {
    fn lend<'f>(self: Pin<&'f mut Self>) -> Generator<'f, u32>
    where
        'a: 'f;
}

impl<'a, G: InPlace<Generator<'a, u32>>> Lends<'a> for G {
    fn lend<'f>(self: Pin<&'f mut Self>) -> Generator<'f, u32>
    where
        'a: 'f,
    {
        self.coroutine()
    }
}

/// Uses a generator at random, and drops or leaks it.
fn use_up(random: &Random, mut lent: Generator<'_, u32>, known: &Innermost) {
    for _ in 0..random.below(4) {
        let (before, had_ended) = (known.yielded.get(), known.ended.get());
        match lent.next() {
            Some(item) if item < OWN => {
                assert!(!had_ended);
                assert_eq!((item, known.yielded.get()), (before + 1, before + 1));
            }
            Some(item) => assert_eq!((item, known.ended.get()), (OWN + 1, true)),
            None => assert!(known.ended.get()),
        }
        assert!(lent.backtrace().count() <= 20 && format!("{lent:?}").len() > 10);
    }
    match random.below(3) {
        0 => forget(lent),
        1 => drop(Rc::new(lent)),
        _ => {
            // A leak that is not at once: a cycle.
            struct Cycle<'a>(#[allow(dead_code)] Generator<'a, u32>, Cell<Option<Rc<Self>>>);
            let cycle = Rc::new(Cycle(lent, Cell::default()));
            cycle.1.set(Some(cycle.clone()));
        }
    }
}

/// Lends a place again and again: alone, to callers that are dropped or leaked, and these to callers of their own.
fn attack<'a>(random: &Random, mut place: Pin<&mut (dyn Lends<'a> + 'a)>, known: &'a Innermost, depth: u64) {
    for _ in 0..=random.below(4) {
        let text = String::from("a caller's");
        let lent = place.as_mut().lend();
        match random.below(if depth == 0 { 1 } else { 8 }) {
            0 => use_up(random, lent, known),
            1 => use_up(random, boxed(lent, &text), known),
            2 => use_up(random, in_arena(lent, &text), known),
            3 => {
                let mut other = Box::pin(in_place(lent, &text));
                attack(random, other.as_mut(), known, depth - 1);
                if random.below(2) == 0 {
                    forget(other)
                }
            }
            4 => attack(random, pin!(in_place(lent, &text)), known, depth - 1),
            5 => {
                let caller = boxed(lent, &text);
                let mut other = pin!(in_place(caller, &text));
                attack(random, other.as_mut(), known, depth - 1);
            }
            6 => {
                let mut other = Box::pin(in_place(in_arena(lent, &text), &text));
                attack(random, other.as_mut(), known, depth - 1);
                forget(other);
            }
            _ => {
                // Exchanged with another one, which ends in its place.
                let else_known = Innermost::default();
                let mut elsewhere = pin!(innermost(&else_known, 3));
                let mut one = boxed(lent, &text);
                one.next();
                let mut other = boxed(elsewhere.as_mut().coroutine(), &text);
                swap(&mut one, &mut other);
                use_up(random, one, &else_known);
                use_up(random, other, known);
            }
        }
    }
}

#[test]
fn however_places_are_lent_and_leaked_they_are_as_they_were_left() {
    for seed in 1..=3000 {
        let random = Random(Cell::new(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed)));
        let known = Innermost::default();
        {
            let mut place = pin!(innermost(&known, 12));
            let begun = place.as_mut().coroutine().next() == Some(1);
            attack(&random, place.as_mut(), &known, 5);
            let last = known.ended.get() || known.yielded.get() == 12;
            assert_eq!((place.coroutine().next().is_none(), begun), (last, true));
        }
        assert!(known.ended.get(), "{seed}");
    }
}
