//! What a body may contain: rows 21 to 23, 27 and 29 to 32 of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use std::fmt::Display;
use std::num::ParseIntError;

use coro::{FireAndForget, Generator, Task};
use syntax_support::{Steps, give, log_of, say};

// Row 21

#[test]
fn return_leaves_from_nested_blocks_loops_and_matches() {
    for (input, expected) in [(0, "zero"), (1, "loop"), (2, "match"), (3, "block"), (4, "tail")] {
        #[coro::coroutine]
        fn leave(input: u32) -> Steps<'static, &'static str> {
            if input == 0 {
                return "zero";
            }
            loop {
                for n in 0.. {
                    if n == 5 && input == 1 {
                        give("", ()).await;
                        return "loop";
                    } else if n > 5 {
                        break;
                    }
                }
                break;
            }
            let _never_assigned: u32 = match input {
                2 => return "match",
                n => n,
            };
            {
                if input == 3 {
                    return give("", "block").await;
                }
            }
            "tail"
        }
        assert_eq!(leave(input).finish(), expected);
    }
}

#[coro::coroutine]
fn return_without_value(early: bool) -> Steps<'static> {
    if early {
        return;
    }
    say("late");
}

#[coro::coroutine]
fn only_return() -> Steps<'static, u32> {
    return 1;
}

#[coro::coroutine]
fn only_panic() -> Steps<'static, u32> {
    panic!("as it must")
}

#[coro::coroutine]
fn only_todo() -> Generator<'static, u32> {
    unimplemented!()
}

#[coro::coroutine]
fn for_ever() -> Generator<'static, u32> {
    let mut n = 0;
    loop {
        co_yield!(n);
        n += 1;
    }
}

#[coro::coroutine]
fn for_ever_silent() -> Steps<'static, std::convert::Infallible> {
    loop {
        give("", ()).await;
    }
}

#[coro::coroutine]
fn diverging_tail(n: u32) -> Steps<'static, u32> {
    give("", ()).await;
    match n {
        0 => return 1,
        _ => panic!("not zero"),
    }
}

#[coro::coroutine]
fn nothing() -> Generator<'static, u32> {}

#[test]
fn bodies_may_diverge_end_early_or_be_empty() {
    assert_eq!(log_of(|| return_without_value(true).finish()), [""; 0]);
    assert_eq!(log_of(|| return_without_value(false).finish()), ["late"]);
    assert_eq!(only_return().finish(), 1);
    assert!(std::panic::catch_unwind(|| only_panic().finish()).is_err());
    assert!(std::panic::catch_unwind(|| only_todo().next()).is_err());
    assert_eq!(for_ever().nth(1000), Some(1000));
    assert!(for_ever_silent().step());
    assert_eq!(diverging_tail(0).finish(), 1);
    assert_eq!(nothing().next(), None);
}

// Row 22

#[coro::coroutine]
fn boxed_closure(by: u32) -> Steps<'static, Box<dyn Fn(u32) -> u32>> {
    if by == 0 {
        return Box::new(|n| n);
    }
    give("", ()).await;
    Box::new(move |n| n * by)
}

#[coro::coroutine]
fn reborrowed(text: &mut String) -> Steps<'_, &str> {
    text.push('!');
    text
}

#[coro::coroutine]
fn mut_to_shared(text: &mut String) -> Steps<'_, &String> {
    text
}

#[coro::coroutine]
fn array_to_slice() -> Steps<'static, &'static [u32]> {
    &[1, 2, 3]
}

#[coro::coroutine]
fn to_fn_pointer(up: bool) -> Steps<'static, fn(u32) -> u32> {
    if up { |n| n + 1 } else { |n| n - 1 }
}

#[coro::coroutine]
fn error_object() -> Steps<'static, Result<(), Box<dyn std::error::Error>>> {
    Err("text".into())
}

#[coro::coroutine]
fn from_match(n: u32) -> Steps<'static, Box<dyn Display>> {
    match n {
        0 => Box::new(0),
        1 => return Box::new("one"),
        _ => Box::new('n'),
    }
}

#[test]
fn tails_and_returns_are_coerced() {
    assert_eq!(boxed_closure(0).finish()(5), 5);
    assert_eq!(boxed_closure(2).finish()(5), 10);
    let mut text = String::from("x");
    assert_eq!(reborrowed(&mut text).finish(), "x!");
    assert_eq!(mut_to_shared(&mut text).finish(), "x!");
    assert_eq!(array_to_slice().finish(), [1, 2, 3]);
    assert_eq!((to_fn_pointer(true).finish()(1), to_fn_pointer(false).finish()(1)), (2, 0));
    assert!(error_object().finish().is_err());
    assert_eq!([0, 1, 2].map(|n| from_match(n).finish().to_string()), ["0", "one", "n"]);
}

// Row 23

#[derive(Debug, PartialEq)]
enum Failure {
    Parse(ParseIntError),
    Text(String),
}

impl From<ParseIntError> for Failure {
    fn from(error: ParseIntError) -> Self {
        Self::Parse(error)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[coro::coroutine]
fn question_marks(a: &'static str, b: Result<u32, &'static str>) -> Steps<'static, Result<u32, Failure>> {
    let number: u32 = "12".parse()?;
    let sum = number + a.parse::<u32>()? + b?;
    give("", Ok::<_, &str>(())).await?;
    println!("{}", a.parse::<u32>()? + give("", a.parse::<u32>()).await?);
    Ok(sum)
}

#[coro::coroutine]
fn on_option(text: &'static str) -> Steps<'static, Option<char>> {
    let first = text.chars().next()?;
    let second = give("", text.chars().nth(1)).await?;
    Some(first.max(second))
}

#[coro::coroutine]
fn unit_last() -> Steps<'static, Result<(), Failure>> {
    give("", "1".parse::<u32>()).await?;
    Ok(())
}

#[coro::coroutine]
fn parsed_without_annotation() -> Steps<'static, Result<u8, ParseIntError>> {
    Ok("12".parse()?)
}

#[test]
fn question_marks_need_no_annotation() {
    assert_eq!(question_marks("3", Ok(5)).finish(), Ok(20));
    assert_eq!(question_marks("3", Err("no")).finish(), Err(Failure::Text("no".to_owned())));
    assert!(matches!(question_marks("x", Ok(5)).finish(), Err(Failure::Parse(_))));
    assert_eq!(on_option("ab").finish(), Some('b'));
    assert_eq!(on_option("a").finish(), None);
    assert_eq!(unit_last().finish(), Ok(()));
    assert_eq!(parsed_without_annotation().finish(), Ok(12));
}

// Row 27

#[test]
fn a_coroutine_may_be_defined_inside_a_coroutine() {
    #[coro::coroutine]
    fn outer() -> Generator<'static, String> {
        #[coro::coroutine]
        fn inner(n: u32) -> Generator<'static, u32> {
            co_yield!(n);
            println!("{:?}", co_yield!(n + 1));
        }
        struct Local;
        impl Local {
            #[coro::coroutine]
            fn steps(&self) -> Steps<'_, u32> {
                give("", 5).await
            }
        }
        for n in inner(1) {
            co_yield!(n.to_string());
        }
        co_yield!(Local.steps().finish().to_string());
    }
    assert_eq!(outer().collect::<Vec<_>>(), ["1", "2", "5"]);
}

// Row 29

#[coro::coroutine]
fn with_items() -> Steps<'static, Result<u32, String>> {
    use std::collections::BTreeMap as Map;
    const TEN: u32 = 10;
    static NAME: &str = "name";
    struct Local {
        n: u32,
    }
    enum Kind {
        A(Local),
    }
    trait Double {
        fn double(&self) -> Option<u32>;
    }
    impl Double for Kind {
        fn double(&self) -> Option<u32> {
            let Self::A(local) = self;
            if local.n == 0 {
                return None;
            }
            Some(local.n.checked_mul(2)?)
        }
    }
    fn early(n: u32) -> Result<u32, String> {
        if n > TEN {
            return Err(NAME.to_owned());
        }
        Ok(n)
    }
    async fn rusts_own(n: u32) -> u32 {
        std::future::ready(n).await
    }
    macro_rules! add {
        ($a:expr, $b:expr) => {
            $a + $b
        };
    }
    type Numbers = Map<&'static str, u32>;

    let numbers = Numbers::from([("one", 1)]);
    let doubled = Kind::A(Local { n: give("", numbers["one"]).await }).double().ok_or("zero")?;
    let ready = syntax_support::block_on(rusts_own(1));
    early(add!(doubled, give("", TEN).await - ready - 1))
}

#[test]
fn items_in_the_body_keep_their_own_return_and_question_mark() {
    assert_eq!(with_items().finish(), Ok(10));
}

// Row 30

#[coro::coroutine]
fn labels() -> Steps<'static, u32> {
    let mut sum = 0;
    'outer: for a in 0..3 {
        'inner: for b in 0..3 {
            if b == a {
                continue 'outer;
            }
            if b == 2 {
                break 'inner;
            }
            give("", ()).await;
            sum += 1;
        }
    }
    sum += 'block: {
        if give("", sum == 3).await {
            break 'block 100;
        }
        0
    };
    'while_: while give("", true).await {
        break 'while_;
    }
    sum
}

#[test]
fn labels_work_as_ever() {
    assert_eq!(labels().finish(), 103);
}

// Row 31

#[coro::coroutine]
fn odd_expressions() -> Steps<'static, String> {
    let constant = const { 1 + 2 };
    let mut number = 4;
    let raw = &raw const number;
    let raw_mut = &raw mut number;
    let c_string = c"text";
    let from_async = syntax_support::block_on(async { std::future::ready(5).await });
    let closure = async |n: i32| n + std::future::ready(1).await;
    let called = syntax_support::block_on(closure(6));
    #[allow(clippy::let_and_return)]
    let text = {
        #[rustfmt::skip]
        let text = format!("{constant} {} {c_string:?} {from_async} {called}", std::ptr::eq(raw, raw_mut.cast_const()));
        give("", ()).await;
        text
    };
    text
}

#[test]
fn rare_expressions_work_as_ever() {
    assert_eq!(odd_expressions().finish(), "3 true \"text\" 5 7");
}

// Row 32

#[coro::coroutine]
fn borrows() -> Steps<'static, Vec<u32>> {
    let mut numbers = vec![1, 2, 3];
    let first = &numbers[0];
    give("", ()).await;
    let copied = *first;
    let last = numbers.last_mut().expect("it is there");
    give("", ()).await;
    *last += copied;
    let mut iterator = numbers.iter_mut();
    while let Some(number) = iterator.next() {
        give("", &mut *number).await;
        *number *= 10;
    }
    numbers
}

#[test]
fn locals_stay_borrowed_across_a_suspension() {
    assert_eq!(borrows().finish(), [10, 20, 40]);
}

#[test]
fn a_callee_borrows_from_its_caller() {
    #[coro::coroutine]
    fn push(numbers: &mut Vec<u32>) -> Task<'_, &u32, coro::Detached> {
        numbers.push(1);
        &numbers[0]
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn run() -> FireAndForget {
        let mut numbers = vec![];
        let first = *push(&mut numbers).await;
        say(format!("{first} {}", numbers.len()));
    }
    assert_eq!(log_of(|| _ = run()), ["1 1"]);
}

#[test]
fn detached_coroutines_take_the_same_bodies() {
    #[coro::coroutine]
    fn half(number: &u32) -> Task<'_, Result<u32, String>, coro::Detached> {
        if number % 2 == 1 {
            return Err(format!("{number} is odd"));
        }
        Ok(number / 2)
    }
    #[coro::coroutine]
    fn quarter(number: u32) -> Task<'static, Result<u32, String>, coro::Detached> {
        let half_of_it = half(&number).await?;
        Ok(half(&half_of_it).await?)
    }
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn run() -> FireAndForget {
        say(format!("{:?} {:?}", quarter(8).await, quarter(6).await));
    }
    assert_eq!(log_of(|| _ = run()), [r#"Ok(2) Err("3 is odd")"#]);
}
