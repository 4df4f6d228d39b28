//! Where a coroutine's code is, when its temporaries go, and how large it may be: rows 38 and 40 of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use syntax_support::{Loud, Steps, give, log_of};

// Row 38

#[coro::coroutine]
fn tail_temporary(_parameter: Loud) -> Steps<'static, usize> {
    let _local = Loud("local");
    Loud("temporary").0.len()
}

#[coro::coroutine]
fn awaited_tail(_parameter: Loud) -> Steps<'static, usize> {
    let _local = Loud("local");
    give("tail", Loud("operand")).await.0.len()
}

fn plain_tail(_parameter: Loud) -> usize {
    let _local = Loud("local");
    Loud("temporary").0.len()
}

#[test]
fn temporaries_of_the_tail_are_dropped_before_the_parameters() {
    let plain = log_of(|| _ = plain_tail(Loud("parameter")));
    assert_eq!(log_of(|| _ = tail_temporary(Loud("parameter")).finish()), plain);
    let awaited = log_of(|| _ = awaited_tail(Loud("parameter")).finish());
    assert_eq!(awaited[2..], ["end tail", "drop operand", "drop local", "drop parameter"].map(String::from)[..]);
}

#[coro::coroutine]
fn lines() -> Steps<'static, [u32; 3]> {
    let here = line!();
    assert!(file!().ends_with("syntax_lines.rs"));
    let at = std::panic::Location::caller().line();
    give("", ()).await;
    [here, at, column!()]
}

#[test]
fn line_and_file_are_the_users() {
    let base = line!() - 11;
    let [here, at, column] = lines().finish();
    assert_eq!((here, at, column), (base + 2, base + 4, 16));
}

#[test]
fn a_suspension_is_where_its_await_is() {
    #[coro::coroutine]
    fn waits() -> Steps<'static> {
        give("", 1).await;
        println!("{}", give("", 2).await);
        co_yield!("x");
        vec![co_yield!("y")];
        co_await!(give("", 3));
    }
    let first = line!() - 6;
    let mut steps = waits();
    let mut seen = Vec::new();
    while steps.step() {
        let location = steps.location().expect("it is suspended");
        seen.push((location.line() - first, location.expression().to_owned()));
        assert!(location.file().ends_with("syntax_lines.rs"));
    }
    let expected = [
        (0, r#"give("", 1).await"#),
        (1, r#"co_await!(give("", 2))"#),
        (2, r#"co_yield!("x")"#),
        (3, r#"co_yield!("y")"#),
        (4, r#"co_await!(give("", 3))"#),
    ];
    assert_eq!(seen, expected.map(|(line, text)| (line, text.to_owned())));
}

// Row 40: one that is long, and one that is deep.

#[test]
fn long_and_deep_bodies_expand() {
    macro_rules! five {
        ($($statement:tt)*) => {
            $($statement)* $($statement)* $($statement)* $($statement)* $($statement)*
        };
    }
    #[coro::coroutine]
    fn long() -> Steps<'static, u32> {
        let mut sum = 0;
        five! { five! { five! { sum += co_await!(give("", 1)); sum += give("", 1).await; } } }
        sum
    }
    assert_eq!(long().finish(), 250);

    #[coro::coroutine]
    #[rustfmt::skip]
    #[allow(unused_braces, unused_parens, clippy::double_parens)]
    fn deep() -> Steps<'static, u32> {
        {{{{{{{{{{{{{{{{{{{{{{{{{{{{{{ if true { match 1 { 1 => loop { break
            {{{{{{{{{{{{{{{{{{{{{{{{{{{{{{ give("", ((((((((((((((((((((1)))))))))))))))))))) ).await }}}}}}}}}}}}}}}}}}}}}}}}}}}}}}
        }, _ => 0 } } else { 0 } }}}}}}}}}}}}}}}}}}}}}}}}}}}}}}
    }
    assert_eq!(deep().finish(), 1);
}
