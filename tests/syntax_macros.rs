//! Macros in bodies, and functions made by macros: rows 25, 28 and 34 of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use coro::Generator;
use syntax_support::{Steps, give, log_of};

/// Evaluates to its argument, which it takes as an expression.
macro_rules! same {
    ($e:expr) => {
        $e
    };
    ($($e:expr),+; $last:expr) => {
        ($($e),+, $last)
    };
}

/// Takes its input as tokens.
macro_rules! tokens {
    ($($tokens:tt)*) => {
        $($tokens)*
    };
}

macro_rules! statements {
    ($($statement:stmt;)*) => {
        $($statement)*
    };
}

/// Has a syntax of its own, of which only parts are expressions.
macro_rules! sum_of {
    ($($name:ident => $e:expr),* $(,)?) => {{
        $(let $name = $e;)*
        0 $(+ $name)*
    }};
}

// Row 25

#[test]
fn await_works_in_the_macros_of_std() {
    let text = like_async!(String, {
        use std::fmt::Write as _;
        let mut text = format!("{} {:?} {named}", give("a", 1).await, give("b", 2).await, named = "named");
        write!(text, " {}", give("c", 3).await).expect("a string takes all");
        let repeated = vec![give("d", 4).await; 2];
        let listed = vec![give("e", 5).await, repeated[0], give("f", 6).await];
        assert_eq!(listed[0], give("g", 5).await, "with a message: {}", give("never", 0).await);
        assert!(give("h", true).await);
        debug_assert_ne!(give("i", 1).await, 2);
        let matched = matches!(give("j", Some(3)).await, Some(n) if n > 2);
        println!("{}", format!("{}", give("k", matched).await));
        text
    });
    assert_eq!(text, "1 2 named 3");
}

#[test]
fn a_comma_between_type_arguments_ends_no_expression_in_a_macro() {
    trait Both<A, B> {
        fn both(a: A, b: B) -> Self;
    }
    impl<A: Into<u32>, B: Into<u32>> Both<A, B> for u32 {
        fn both(a: A, b: B) -> Self {
            a.into() + b.into()
        }
    }
    fn sum<A: Into<u32>, B: Into<u32>>(a: A, b: B) -> u32 {
        a.into() + b.into()
    }
    let text = like_async!(String, {
        let listed = vec![give("a", sum::<u8, u16>(1, 2)).await, <u32 as Both<u8, u8>>::both(give("b", 3).await, 4)];
        let closure = |a: u32, b: u32| a + b;
        assert_eq!(sum::<u32, u16>(give("c", 1).await, 2), 3, "{}", sum::<u8, u8>(give("never", 0).await, 1));
        format!("{} {listed:?}", closure(sum::<u8, u16>(give("d", 5).await, 6), give("e", 7).await))
    });
    assert_eq!(text, "18 [3, 7]");
}

#[test]
fn co_await_and_co_yield_work_in_the_macros_of_std() {
    #[coro::coroutine]
    fn both() -> Steps<'static, Vec<u32>> {
        let text = format!("{:?}", co_yield!(format!("first {}", co_await!(give("", 1)))));
        co_yield!(text);
        let mut numbers = vec![co_await!(give("", 2)); 2];
        assert!(matches!(co_await!(give("", Some(3))), Some(n) if { co_yield!("guard"); n == 3 }));
        numbers.extend(vec![co_await!(give("", 4)), give("", 5).await]);
        assert_eq!(co_yield!("equal"), (), "not {:?}", co_yield!("never"));
        numbers
    }
    let mut steps = both();
    let mut yielded = Vec::new();
    while steps.step() {
        yielded.extend(steps.yielded());
    }
    assert_eq!(yielded, ["first 1", "()", "guard", "equal"]);
}

#[test]
fn a_generator_may_delegate_inside_a_macro() {
    #[coro::coroutine]
    fn numbers(from: u32) -> Generator<'static, u32> {
        if from < 3 {
            println!("{:?} {:?}", co_yield!(from), co_yield!(..numbers(from + 1)));
        }
    }
    assert_eq!(numbers(0).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn dbg_prints_what_the_user_wrote() {
    // The text goes to standard error: a child prints it.
    if std::env::var_os("CORO_TEST_DBG").is_some() {
        #[coro::coroutine]
        fn debug() -> Steps<'static, (u32, u32)> {
            dbg!(give("a", 1).await);
            let sum = dbg!(give("b", 2).await + 1);
            dbg!(sum, std::dbg!(give("c", 4).await))
        }
        assert_eq!(debug().finish(), (3, 4));
        return;
    }
    let first = line!() - 7;
    let output = std::process::Command::new(std::env::current_exe().expect("it is this test"))
        .args(["--exact", "dbg_prints_what_the_user_wrote", "--nocapture"])
        .env("CORO_TEST_DBG", "")
        .output()
        .expect("it runs");
    let printed = String::from_utf8(output.stderr).expect("it is text");
    for (line, text) in [
        (first, r#"give("a", 1).await = 1"#),
        (first + 1, r#"give("b", 2).await + 1 = 3"#),
        (first + 2, "sum = 3"),
        (first + 2, r#"give("c", 4).await = 4"#),
        (first + 2, r#"std::dbg!(give("c", 4).await) = 4"#),
    ] {
        let found = printed.lines().any(|printed| {
            printed.starts_with(&format!("[{}:{line}:", file!())) && printed.ends_with(&format!("] {text}"))
        });
        assert!(found, "no `{text}` at line {line} in\n{printed}");
    }
}

#[test]
fn await_works_in_macros_of_the_user() {
    let number = like_async!(u32, {
        let one = same!(give("a", 1).await);
        let (two, three) = same!(give("b", 2).await; give("c", 3).await);
        let sum = sum_of!(x => 4, y => 5);
        let nested = same!(same!(vec![give("d", 6).await])[0]);
        one + two + three + sum + nested
    });
    assert_eq!(number, 21);
}

#[test]
fn suspensions_work_where_only_the_macro_knows_that_they_are_expressions() {
    #[coro::coroutine]
    fn hidden() -> Steps<'static, u32> {
        tokens! {
            let one = co_await!(give("", 1));
            co_yield!(one.to_string());
        }
        statements! {
            let two = co_await!(give("", 2));
            co_yield!(two.to_string());
        }
        sum_of! { x => co_await!(give("", 3)), y => one + two }
    }
    assert_eq!(hidden().finish(), 6);
}

#[test]
fn a_macro_of_the_body_may_suspend() {
    #[coro::coroutine]
    fn inside() -> Steps<'static, u32> {
        macro_rules! twice {
            ($e:expr) => {{
                co_yield!("twice");
                co_await!($e) + co_await!($e)
            }};
        }
        twice!(give("", 1)) + twice!(give("", give("", 2).await))
    }
    assert_eq!(inside().finish(), 6);
}

#[test]
fn a_macro_may_evaluate_its_input_never_or_twice() {
    macro_rules! count {
        (0 $e:expr) => {
            ()
        };
        (2 $e:expr) => {
            $e + $e
        };
    }
    #[coro::coroutine]
    fn counted() -> Steps<'static, u32> {
        count!(0 co_await!(give("never", 1)));
        count!(2 co_await!(give("twice", 1)))
    }
    let log = log_of(|| assert_eq!(counted().finish(), 2));
    assert_eq!(log.iter().filter(|event| *event == "suspend twice").count(), 2);
    assert!(!log.iter().any(|event| event.contains("never")));
}

#[test]
fn await_stays_rusts_own_in_an_async_block_in_a_macro() {
    #[coro::coroutine]
    fn rusts_own() -> Steps<'static, Vec<u32>> {
        vec![syntax_support::block_on(async { std::future::ready(1).await }), give("", 2).await]
    }
    assert_eq!(rusts_own().finish(), [1, 2]);
}

#[test]
fn a_macro_may_make_async_what_looks_like_a_closure() {
    macro_rules! make_async {
        (|$argument:ident| $body:expr) => {
            async |$argument: u32| $body
        };
    }
    #[coro::coroutine]
    fn rusts_own() -> Steps<'static, u32> {
        syntax_support::block_on(make_async!(|n| std::future::ready(n).await)(give("", 1).await))
    }
    assert_eq!(rusts_own().finish(), 1);
}

// Row 28

mod names_of_ours {
    #![allow(non_upper_case_globals, non_camel_case_types, dead_code, unused_macros)]

    pub mod core {}
    pub mod coro {}
    pub mod std {}
    pub struct Option;
    pub struct Some;
    pub struct None;
    pub struct Result;
    pub struct Box;
    pub struct str;
    pub struct bool;
    pub struct Begin;
    pub struct Point;
    pub struct GeneratedFrame;
    pub fn __co() {}
    pub mod __it {}
    pub const it: u8 = 1;
    pub static start: u8 = 2;
    pub static body: u8 = 2;
    pub fn begin() {}
    pub trait Function {}
    pub trait Future {}
    pub trait Via {}
    pub trait Iterator {}

    macro_rules! stringify {
        () => {};
    }
    macro_rules! concat {
        () => {};
    }
    #[allow(unused_imports)]
    pub(crate) use {concat, stringify};

    use crate::syntax_support::{Steps, give};

    #[::coro::coroutine]
    pub fn generated(
        __co: u8,
        promise: u8,
        __final: u8,
        finish: u8,
        __body: u8,
        out: u8,
        __arg0: u8,
    ) -> Steps<'static, u8> {
        let __co = __co + promise + finish + __body + out + __final + __arg0;
        let __it = give("", __co).await;
        let kind = '__co: {
            if __it > 100 {
                break '__co 0;
            }
            'co: loop {
                co_yield!("x");
                if give("", true).await {
                    break 'co __it;
                }
            }
        };
        match give("", kind).await {
            __it => {
                println!("{}", give("", __it).await);
                __it
            }
        }
    }
}

#[test]
fn names_of_ours_are_the_users_to_use() {
    assert_eq!(names_of_ours::generated(1, 2, 3, 4, 5, 6, 7).finish(), 28);
}

/// Nothing needs to be imported, but what is, with everything else, is no other word.
mod imported {
    use coro::*;

    #[coro::coroutine]
    pub fn words() -> Generator<'static, u32> {
        co_yield!(1);
        assert_eq!(co_yield!(2), ());
        coro::co_yield!(3);
        ::coro::co_yield!(..rest());
    }

    #[coro::coroutine]
    fn rest() -> Generator<'static, u32> {
        co_yield!(4);
    }

    #[coro::coroutine]
    pub fn awaits() -> Task<'static, usize> {
        coro::co_await!(std::future::ready(1)) + vec![co_await!(std::future::ready(2))].len()
    }
}

#[test]
fn words_may_be_imported_and_qualified() {
    let words = imported::words();
    let texts: Vec<_> = words.info().states().map(|state| state.text()).collect();
    assert!(texts.contains(&"coro::co_yield!(3)"), "{texts:?}");
    assert_eq!(words.collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(futures::executor::block_on(imported::awaits()), 2);
}

#[test]
fn a_local_macro_named_co_yield_wins() {
    #[coro::coroutine]
    fn shadowed() -> Steps<'static, u32> {
        co_yield!("ours");
        let sum = {
            macro_rules! co_yield {
                ($e:expr) => {
                    $e + 1
                };
            }
            macro_rules! dbg {
                ($e:expr) => {
                    $e * 2
                };
            }
            co_yield!(1) + dbg!(co_await!(give("", 2)))
        };
        co_yield!("ours again");
        sum
    }
    let mut steps = shadowed();
    steps.step();
    assert_eq!(steps.yielded(), ["ours"]);
    steps.step();
    steps.step();
    assert_eq!(steps.yielded(), ["ours again"]);
    assert_eq!(steps.finish(), 6);
}

// Row 34

macro_rules! make {
    ($name:ident, $returns:ty, $value:expr) => {
        #[coro::coroutine]
        fn $name() -> $returns {
            let hidden = 100;
            let value = give("", $value).await;
            println!("{}", give("", $value).await);
            co_yield!(format!("{}", hidden));
            value
        }
    };
    ($name:ident($parameter:ident: $ty:ty) -> $returns:ty, $body:block) => {
        #[coro::coroutine]
        fn $name($parameter: $ty, hidden: u32) -> $returns {
            let outer = hidden;
            co_yield!("before");
            let value = $body;
            value + outer
        }
    };
    (whole $body:block as $name:ident of $($parameter:ident),*) => {
        #[coro::coroutine]
        fn $name($($parameter: u32),*) -> Steps<'static, u32> $body
    };
    ($name:ident, $pattern:pat, $text:ident, $item:item, $($statement:stmt;)*) => {
        #[coro::coroutine]
        fn $name($pattern: (u32, u32), $text: &str) -> Steps<'_, u32> {
            $item
            $($statement;)*
            helper($text)
        }
    };
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident $($rest:tt)*) => {
        $(#[$attribute])*
        $visibility fn $name $($rest)*
    };
}

make!(by_type_and_expression, Steps<'static, u32>, 7);
make!(by_awaiting_expression, Steps<'static, u32>, {
    let hidden = 8;
    hidden
});
make!(by_block(number: u32) -> Steps<'static, u32>, {
    let hidden = give("", number).await;
    co_yield!("in the block");
    println!("{} {:?}", give("", number).await, co_yield!("in a macro in the block"));
    hidden
});
make!(whole { let outer = a + give("", b).await; println!("{}", give("", a).await); outer } as by_whole_body of a, b);
make! {
    by_statements, (_, _), text,
    fn helper(text: &str) -> u32 { u32::try_from(text.len()).unwrap_or(0) },
    let sum = 1 + give("", 1).await;
    if give("", sum == 3).await { co_yield!("unlikely"); };
    assert_eq!(give("", sum).await, 2);
}
make! {
    #[coro::coroutine]
    #[must_use]
    pub(crate) fn by_tokens(items: &[u32]) -> Generator<'_, u32> {
        for item in items {
            co_yield!(*item);
        }
    }
}

#[test]
fn functions_made_by_macros_suspend() {
    assert_eq!(by_type_and_expression().finish(), 7);
    assert_eq!(by_awaiting_expression().finish(), 8);
    assert_eq!(by_whole_body(1, 2).finish(), 3);
    assert_eq!(by_statements((1, 2), "four").finish(), 4);
    assert_eq!(by_tokens(&[1, 2]).collect::<Vec<_>>(), [1, 2]);
    let mut steps = by_block(3, 40);
    let mut yielded = Vec::new();
    while steps.step() {
        yielded.extend(steps.yielded());
    }
    assert_eq!(yielded, ["before", "in the block", "in a macro in the block"]);
    assert_eq!(by_block(3, 40).finish(), 43);
}

macro_rules! same_name_of_other_hygiene {
    ($x:ident) => {
        #[coro::coroutine]
        fn two_of_one_name($x: u32, x: u32, (y, $y): (u32, u32)) -> Steps<'static, [u32; 2]> {
            give("", ()).await;
            [$x, x]
        }
    };
    ($x:ident, $y:ident) => {
        #[coro::coroutine]
        fn two_of_one_name($x: u32, x: u32, (y, $y): (u32, u32)) -> Steps<'static, [u32; 4]> {
            give("", ()).await;
            println!("{}", give("", $x).await);
            [$x, x, y, $y]
        }
    };
}

same_name_of_other_hygiene!(x, y);

#[test]
fn identifiers_of_different_hygiene_stay_apart() {
    assert_eq!(two_of_one_name(1, 2, (3, 4)).finish(), [1, 2, 3, 4]);
}

/// In a pattern, a constant's name is the constant, whatever its hygiene: so what the attribute binds has names that nobody
/// gives to one.
mod constants {
    #![allow(non_upper_case_globals, non_camel_case_types)]

    use coro::{Generator, Task};

    pub const __co: u8 = 1;
    pub const __it: u8 = 2;
    pub const co: u8 = 3;
    pub const coroutine: u8 = 4;
    pub const it: u8 = 5;
    pub static __promise: u8 = 6;
    pub static __final: u8 = 7;
    pub const __body: u8 = 8;
    pub struct __out;
    pub struct __initial;
    pub struct __arg0;
    pub struct awaited;

    #[coro::coroutine(initial = suspend_never, final = suspend_always)]
    pub fn all((first, _): (u8, u8)) -> Generator<'static, u8> {
        for constant in [first, __co, __it, co, coroutine, it, __promise, __final, __body] {
            co_yield!(constant);
        }
        let _ = (__out, __initial, __arg0, awaited);
    }

    #[coro::coroutine]
    pub fn task() -> Task<'static, u8> {
        std::future::ready(__co).await + __it
    }
}

#[test]
fn a_users_constants_may_have_names_of_any_kind() {
    assert_eq!(constants::all((0, 0)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(futures::executor::block_on(constants::task()), 3);
}

/// As the macros of async-stream, one with a body of its own, in which `yield` is a word.
macro_rules! items {
    ($(yield $item:expr;)*) => {
        async { vec![$($item),*] }
    };
}

#[test]
fn a_macro_in_whose_input_yield_is_a_word_keeps_its_awaits() {
    #[coro::coroutine]
    fn gather() -> coro::Task<'static, Vec<u32>> {
        let mut gathered = items!(yield std::future::ready(1).await; yield 2;).await;
        gathered.extend(items! { yield { let n = std::future::ready(3).await; n }; }.await);
        gathered
    }
    assert_eq!(futures::executor::block_on(gather()), [1, 2, 3]);
}
