//! Parameters that the attribute takes, and when they are dropped: rows 15 to 20 of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use std::pin::Pin;
use std::rc::Rc;

use coro::Generator;
use syntax_support::{Loud, Steps, StepsPromise, give, log_of, say};

struct Pair<A, B> {
    a: A,
    b: B,
}

struct Wrap<T>(T);

#[derive(Clone, Copy)]
struct Unit;

/// A unit struct in a pattern looks like a binding.
struct LoudUnit;

impl Drop for LoudUnit {
    fn drop(&mut self) {
        say("drop unit");
    }
}

/// Checks that a coroutine drops its parameters when a `fn` does: at its end, destroyed where its body is suspended, and
/// before its body has begun.
macro_rules! like_fn {
    (($($parameters:tt)*), ($($arguments:expr),*) $(, $body:block)?) => {{
        #[allow(unused)]
        fn plain($($parameters)*) {
            say("body");
            $($body)?
        }
        #[allow(unused)]
        fn empty($($parameters)*) {}
        #[coro::coroutine]
        #[allow(unused)]
        fn coroutine($($parameters)*) -> Steps<'static> {
            say("body");
            $($body)?
            give("pause", ()).await;
        }
        let expected = log_of(|| plain($($arguments),*));
        let ended = log_of(|| coroutine($($arguments),*).finish());
        assert_eq!(without_pause(ended), expected, "to the end");
        let destroyed = log_of(|| assert!(coroutine($($arguments),*).step()));
        assert_eq!(without_pause(destroyed), expected, "destroyed half-way");
        let unstarted = log_of(|| drop(coroutine($($arguments),*)));
        assert_eq!(unstarted, log_of(|| empty($($arguments),*)), "destroyed before it has begun");
    }};
}

fn without_pause(mut log: Vec<String>) -> Vec<String> {
    log.retain(|event| !event.ends_with(" pause"));
    log
}

// Row 15

#[test]
fn plain_parameters_are_dropped_from_last_to_first() {
    like_fn!((a: Loud, b: Loud, c: Loud), (Loud("a"), Loud("b"), Loud("c")));
    like_fn!((a: Loud, mut b: Loud, c: Loud), (Loud("a"), Loud("b"), Loud("c")), {
        b = Loud("new b");
    });
}

#[test]
fn patterns_are_dropped_as_in_a_fn() {
    like_fn!((a: Loud, (b, mut c): (Loud, Loud), d: Loud), (Loud("a"), (Loud("b"), Loud("c")), Loud("d")), {
        say(format!("saw {a:?} {b:?} {c:?} {d:?}"));
    });
    like_fn!((Pair { a, b: Wrap(b) }: Pair<Loud, Wrap<Loud>>, c: Loud),
             (Pair { a: Loud("a"), b: Wrap(Loud("b")) }, Loud("c")));
    like_fn!(([a, b]: [Loud; 2], [c, rest @ ..]: [Loud; 3]),
             ([Loud("a"), Loud("b")], [Loud("c"), Loud("d"), Loud("e")]));
    like_fn!(((Ok(a) | Err(a)): Result<Loud, Loud>, b: Loud), (Err(Loud("a")), Loud("b")));
    like_fn!(((): (), a: Loud, Unit: Unit, b: Loud), ((), Loud("a"), Unit, Loud("b")));
}

// The reference's own example of drop scopes is among these.
#[test]
fn what_a_pattern_leaves_behind_is_dropped_when_a_fn_drops_it() {
    like_fn!(((x, _): (Loud, Loud), (_, y): (Loud, Loud)),
             ((Loud("x"), Loud("first")), (Loud("second"), Loud("y"))));
    like_fn!((a: Loud, (b, _): (Loud, Loud), c: Loud, (.., d): (Loud, Loud, Loud), e: Loud),
             (Loud("a"), (Loud("b"), Loud("rest b")), Loud("c"), (Loud("1"), Loud("2"), Loud("d")), Loud("e")));
    like_fn!((Pair { a, .. }: Pair<Loud, Loud>, Pair { b: _, a: _ }: Pair<Loud, Loud>, c: Loud),
             (Pair { a: Loud("a"), b: Loud("b") }, Pair { a: Loud("2a"), b: Loud("2b") }, Loud("c")));
    like_fn!((a: Loud, [.., b]: [Loud; 3]), (Loud("a"), [Loud("1"), Loud("2"), Loud("b")]));
    like_fn!((a: Loud, LoudUnit: LoudUnit, LoudUnit {}: LoudUnit, b: Loud),
             (Loud("a"), LoudUnit, LoudUnit, Loud("b")));
    like_fn!((a: Loud, (LoudUnit {}, b): (LoudUnit, Loud)), (Loud("a"), (LoudUnit, Loud("b"))));
}

#[test]
fn references_in_patterns_borrow_from_the_parameter() {
    like_fn!((a: Loud, ref b: Loud, c: Loud), (Loud("a"), Loud("b"), Loud("c")), {
        say(format!("saw {}", b.0));
    });
    like_fn!((ref mut a: Loud, (ref b, mut c): (Loud, Loud)), (Loud("a"), (Loud("b"), Loud("c"))), {
        a.0 = "new a";
        c.0 = "new c";
        say(format!("saw {}", b.0));
    });
    like_fn!((a: Loud, (ref mut b, _): (Loud, Loud), ref mut c: Loud),
             (Loud("a"), (Loud("b"), Loud("rest")), Loud("c")), {
        b.0 = "new b";
        c.0 = "new c";
    });
    like_fn!((whole @ Wrap(part): Wrap<u32>), (Wrap(1)), { say(format!("saw {part}")) });
}

impl Clone for Wrap<u32> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Wrap<u32> {}

#[coro::coroutine]
fn through_references<'a>(
    &(a, ref b): &'a (u32, String),
    (c, d): &'a mut (u32, String),
    [first, middle @ .., _]: &'a [u32; 4],
) -> Steps<'a, String> {
    give("", ()).await;
    *c += a;
    d.push_str(b);
    format!("{first} {middle:?}")
}

#[test]
fn patterns_see_through_references() {
    let (mut pair, numbers) = ((1, String::from("x")), [1, 2, 3, 4]);
    assert_eq!(through_references(&(2, String::from("y")), &mut pair, &numbers).finish(), "1 [2, 3]");
    assert_eq!(pair, (3, String::from("xy")));
}

// Row 16

#[test]
fn unused_parameters_live_as_long_as_in_a_fn() {
    like_fn!((_: Loud, a: Loud, _: Loud, _b: Loud), (Loud("1"), Loud("a"), Loud("3"), Loud("b")));
    like_fn!((_: Loud, (a, _): (Loud, Loud), _: Loud, b: Loud),
             (Loud("1"), (Loud("a"), Loud("2")), Loud("3"), Loud("b")));
}

// Row 17

#[coro::coroutine]
fn under_cfg(
    #[cfg(any())] missing: Missing,
    #[cfg(all())] a: Loud,
    #[cfg_attr(all(), allow(unused_variables))] b: Loud,
    #[allow(unused_variables)] c: Loud,
    #[expect(unused_variables)] d: Loud,
    #[cfg(any())] (x, _): (Missing, Missing),
    #[cfg(all())] (_, e): (Loud, Loud),
    #[cfg(any())] behind: Missing,
    #[cfg(all())]
    #[allow(unused_mut)]
    mut f: Loud,
) -> Steps<'static> {
    say(format!("saw {} {} {}", a.0, e.0, f.0));
}

#[test]
fn parameters_may_be_under_a_cfg_and_carry_lint_attributes() {
    let log = log_of(|| {
        under_cfg(Loud("a"), Loud("b"), Loud("c"), Loud("d"), (Loud("rest"), Loud("e")), Loud("f")).finish();
    });
    assert_eq!(log, ["saw a e f", "drop f", "drop e", "drop rest", "drop d", "drop c", "drop b", "drop a"]);
}

// Row 18

struct Number(u32);

impl Number {
    #[coro::coroutine]
    fn by_value(self) -> Steps<'static, u32> {
        give("", ()).await;
        self.0
    }

    #[coro::coroutine]
    fn by_mut_value(mut self) -> Steps<'static, u32> {
        self.0 += 1;
        give("", ()).await;
        self.0
    }

    #[coro::coroutine]
    fn by_ref(&self) -> Generator<'_, u32> {
        co_yield!(self.0);
    }

    #[coro::coroutine]
    fn by_mut_ref(&mut self) -> Steps<'_, u32> {
        give("", ()).await;
        self.0 += 1;
        self.0
    }

    #[coro::coroutine]
    fn by_named_ref<'a>(&'a self, more: &'a [u32]) -> Generator<'a, u32> {
        co_yield!(self.0);
        for number in more {
            co_yield!(self.0 + number);
        }
    }

    #[coro::coroutine]
    fn by_box(self: Box<Self>) -> Steps<'static, u32> {
        self.0
    }

    #[coro::coroutine]
    fn by_rc(self: Rc<Self>, other: Rc<Self>) -> Steps<'static, bool> {
        Rc::ptr_eq(&self, &other)
    }

    #[coro::coroutine]
    fn by_pin(self: Pin<&mut Self>, (a, _): (u32, u32)) -> Steps<'_, u32> {
        give("", ()).await;
        self.0 + a
    }

    #[coro::coroutine]
    fn by_mut_box(mut self: Box<Self>) -> Steps<'static, u32> {
        self.0 += 5;
        self.0
    }
}

#[test]
fn every_kind_of_self_works() {
    assert_eq!(Number(1).by_value().finish(), 1);
    assert_eq!(Number(1).by_mut_value().finish(), 2);
    assert_eq!(Number(1).by_ref().next(), Some(1));
    let mut number = Number(1);
    assert_eq!((number.by_mut_ref().finish(), number.0), (2, 2));
    assert_eq!(number.by_named_ref(&[1, 2]).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(Box::new(Number(1)).by_box().finish(), 1);
    let shared = Rc::new(Number(1));
    assert!(Rc::clone(&shared).by_rc(shared).finish());
    assert_eq!(Pin::new(&mut Number(1)).by_pin((2, 0)).finish(), 3);
    assert_eq!(Box::new(Number(1)).by_mut_box().finish(), 6);
}

struct LoudSelf(Loud);

impl LoudSelf {
    fn plain(self, a: Loud, (b, _): (Loud, Loud), _: Loud) {
        say(format!("saw {} {} {}", self.0.0, a.0, b.0));
    }

    #[coro::coroutine]
    fn coroutine(self, a: Loud, (b, _): (Loud, Loud), _: Loud) -> Steps<'static> {
        say(format!("saw {} {} {}", self.0.0, a.0, b.0));
    }
}

#[test]
fn self_is_dropped_last() {
    let this = || LoudSelf(Loud("self"));
    let rest = || (Loud("b"), Loud("rest"));
    let plain = log_of(|| this().plain(Loud("a"), rest(), Loud("last")));
    assert_eq!(log_of(|| this().coroutine(Loud("a"), rest(), Loud("last")).finish()), plain);
    assert_eq!(log_of(|| drop(this().coroutine(Loud("a"), rest(), Loud("last")))).last(), plain.last());
}

// Row 19

struct Shape<T> {
    side: T,
}

struct Meters(u32);

impl Meters {
    const ONE: Self = Self(1);

    #[coro::coroutine]
    fn doubled(self) -> Steps<'static, Self> {
        let Self(meters) = self;
        give("", Self::ONE).await;
        let constructor = Self;
        constructor(meters * 2)
    }
}

impl<T: Copy + Into<u32>> Shape<T> {
    const SIDES: u32 = 4;

    fn perimeter(&self) -> u32 {
        self.side.into() * Self::SIDES
    }

    #[coro::coroutine]
    fn grown<'a>(&'a self, by: impl Fn(T) -> T + 'a) -> Generator<'a, Self> {
        let mut shape: Self = Self { side: self.side };
        while Self::perimeter(&shape) < 100 {
            shape = Self { side: by(shape.side) };
            co_yield!(Self { ..shape });
        }
    }
}

#[test]
fn self_means_the_type_everywhere() {
    assert_eq!(Meters(2).doubled().finish().0, 4);
    let shapes = Shape { side: 5_u8 }.grown(|side| side * 3).map(|shape| shape.side).collect::<Vec<_>>();
    assert_eq!(shapes, [15, 45]);
}

// Row 20

trait Walk {
    fn steps(&self) -> Generator<'_, u32>;

    #[coro::coroutine]
    fn twice(&self) -> Generator<'_, u32> {
        for step in self.steps() {
            co_yield!(step);
        }
        co_yield!(..self.steps());
    }

    #[coro::coroutine]
    fn consume(self: Box<Self>) -> Generator<'static, usize>
    where
        Self: 'static,
    {
        co_yield!(self.twice().count());
    }
}

impl Walk for Number {
    #[coro::coroutine]
    fn steps(&self) -> Generator<'_, u32> {
        for step in 0..self.0 {
            co_yield!(step);
        }
    }
}

struct Every<W>(Vec<W>);

impl<W: Walk> Walk for Every<W> {
    #[coro::coroutine]
    fn steps(&self) -> Generator<'_, u32> {
        for walk in &self.0 {
            co_yield!(..walk.steps());
        }
    }
}

#[test]
fn methods_of_traits_and_generic_impls_work_through_dyn() {
    let walk: Box<dyn Walk> = Box::new(Every(vec![Number(1), Number(2)]));
    assert_eq!(walk.twice().collect::<Vec<_>>(), [0, 0, 1, 0, 0, 1]);
    assert_eq!(walk.consume().next(), Some(6));
}

// The attribute's own expressions see the parameters, which have not moved yet.

#[coro::coroutine(
    promise = StepsPromise::noted(format!("{} {a} {} {c}", self_.0, b.len())),
    final = {
        say(format!("final sees {a} {b} {c}"));
        coro::SuspendAlways
    },
    initial = {
        say(format!("initial sees {a} {b} {c}"));
        coro::SuspendNever
    }
)]
fn noted(self_: Rc<Meters>, a: u32, (mut b, Wrap(c)): (String, Wrap<u32>)) -> Steps<'static> {
    b.push('!');
    say(format!("body sees {} {a} {b} {c}", self_.0));
}

#[test]
fn promise_final_and_initial_see_the_parameters_and_the_names_in_their_patterns() {
    let mut steps = None;
    let log = log_of(|| steps = Some(noted(Rc::new(Meters(1)), 2, (String::from("b"), Wrap(3)))));
    assert_eq!(log, ["final sees 2 b 3", "initial sees 2 b 3", "body sees 1 2 b! 3"]);
    assert_eq!(steps.expect("it was made").note(), "1 2 1 3");
}
