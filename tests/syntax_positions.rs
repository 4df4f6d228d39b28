//! Suspension in every position of an expression: row 24 of the table of syntax. Each body also runs as an `async fn`, and
//! must do the same in the same order.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use std::ops::{AddAssign, ControlFlow};

use syntax_support::{Loud, Steps, give, log_of, say};

#[derive(Debug, Default, PartialEq)]
struct Point {
    x: i32,
    y: i32,
    z: i32,
}

impl Point {
    fn plus(&self, other: i32) -> i32 {
        self.x + self.y + other
    }
}

impl AddAssign<i32> for Point {
    fn add_assign(&mut self, more: i32) {
        say(format!("+= {more}"));
        self.x += more;
    }
}

#[test]
fn in_conditions() {
    let taken = like_async!(Vec<&'static str>, {
        let mut taken = Vec::new();
        if give("if", true).await {
            taken.push("if");
        }
        if give("not", false).await {
            unreachable!();
        } else if give("else if", true).await && !give("and", false).await || give("or", true).await {
            taken.push("else if");
        }
        let mut left = 2;
        while give("while", left > 0).await {
            left -= 1;
            taken.push("while");
        }
        while let Some(popped) = give("while let", taken.pop()).await {
            if popped != "while" {
                taken.push(popped);
                break;
            }
        }
        taken
    });
    assert_eq!(taken, ["if", "else if"]);
}

#[test]
fn short_circuits_do_not_suspend() {
    let log = log_of(|| {
        #[coro::coroutine]
        fn short() -> Steps<'static, bool> {
            false && give("never", true).await || true || give("never", true).await
        }
        assert_eq!(short().finish_counting(), (true, 1));
    });
    assert!(log.is_empty());
}

#[test]
fn in_match_scrutinees_guards_and_arms() {
    let text = like_async!(String, {
        let mut text = String::new();
        for number in [1, 2, 3] {
            text += match give("scrutinee", number).await {
                1 if give("first guard", false).await => unreachable!(),
                n if n < give("second guard", 3).await && give("third guard", n == 2).await => "guarded",
                2 | 3 => give("arm", "arm").await,
                _ => {
                    give("block", ()).await;
                    "other"
                }
            };
        }
        text
    });
    assert_eq!(text, "otherguardedarm");
}

#[test]
fn in_arguments_receivers_and_nested_in_each_other() {
    let number = like_async!(i32, {
        let add = |a: i32, b: i32, c: i32| a * 100 + b * 10 + c;
        let direct = add(give("a", 1).await, give("b", 2).await, give("c", 3).await);
        let method = give("receiver", Point { x: 1, y: 2, z: 3 }).await.plus(give("argument", 4).await);
        let nested = give("outer", give("middle", give("inner", 5).await + 1).await + 1).await;
        let chained = give("chained", Some(give("first", 6))).await.expect("it is there").await;
        let function = give("function", add).await(1, give("last", 1).await, 1);
        direct + method + nested + chained + function
    });
    assert_eq!(number, 123 + 7 + 7 + 6 + 111);
}

#[test]
fn in_struct_fields_tuples_arrays_indices_and_ranges() {
    let found = like_async!((Point, [i32; 4], Vec<i32>), {
        let base = Point { z: 9, ..Point::default() };
        let point = Point { y: give("y", 2).await, x: give("x", 1).await, ..give("rest", base).await };
        let pair = (give("0", 1).await, give("1", 2).await);
        let mut array = [give("first", 1).await, pair.1, give("third", 3).await, give("field", point.y).await];
        array[give("index", 1).await] = give("value", 7).await;
        array[give("left index", 0).await] += array[give("right index", 1).await];
        let repeated = [give("repeat", 1).await; 3];
        let range = repeated[0]..=give("to", 2).await;
        let slice = array[give("from", 1).await..give("end", 3).await].to_vec();
        (point, array, range.chain(slice).collect())
    });
    assert_eq!(found, (Point { x: 1, y: 2, z: 9 }, [8, 7, 3, 2], vec![1, 2, 7, 3]));
}

#[test]
fn in_assignments_operators_and_casts() {
    let (number, point) = like_async!((i64, Point), {
        let mut number;
        number = give("assigned", 1_i32).await;
        number += give("compound", 2).await;
        number = give("left", number).await - give("right", 1).await * -give("unary", 3).await;
        let mut point = Point::default();
        point += give("overloaded", 4).await;
        point.y = give("field", 5).await;
        (point.x, _) = (point.x + 1, point.z);
        *give("place", &mut point.z).await = give("through", 6).await;
        let wide = (give("cast", number).await as i64) << give("shift", 1_u8).await;
        (wide, point)
    });
    assert_eq!((number, point), (12, Point { x: 5, y: 5, z: 6 }));
}

#[test]
fn in_let_else_if_let_chains_and_blocks() {
    let found = like_async!(Vec<u32>, {
        let mut found = Vec::new();
        for input in [None, Some("x"), Some("7"), Some("10")] {
            let Some(text) = give("let else", input).await else {
                found.push(give("else", 0).await);
                continue;
            };
            if let Ok(number) = give("parse", text.parse::<u32>()).await
                && give("chained", number < 10).await
                && let Some(half) = give("second let", number.checked_div(2)).await
            {
                found.push(half);
            } else {
                found.push({
                    let in_block = give("in block", 1).await;
                    in_block + 1
                });
            }
        }
        found
    });
    assert_eq!(found, [0, 2, 3, 2]);
}

#[test]
fn in_breaks_and_returns_and_loops() {
    let sum = like_async!(u32, {
        let first = loop {
            break give("break", 1).await;
        };
        let second = 'outer: {
            for item in give("iterator", [1, 2, 3]).await {
                if give("body", item == 2).await {
                    break 'outer give("labelled", item * 10).await;
                }
            }
            0
        };
        let third = 'inner: loop {
            loop {
                if give("continue", false).await {
                    continue 'inner;
                }
                break 'inner give("out", 100).await;
            }
        };
        return give("return", first + second + third).await;
    });
    assert_eq!(sum, 121);
}

#[test]
fn behind_question_marks_and_in_their_operands() {
    let flow = like_async!(ControlFlow<u8, u8>, {
        let one = give("continues", ControlFlow::<u8, u8>::Continue(1)).await?;
        let two = give("operand", Some(ControlFlow::Continue(one + 1))).await.expect("it is there")?;
        give("breaks", ControlFlow::Break(two)).await?;
        unreachable!()
    });
    assert_eq!(flow, ControlFlow::Break(2));
}

#[test]
fn temporaries_of_the_operand_live_until_the_end_of_the_await() {
    let length = like_async!(usize, {
        let length = give(Loud("operand").0, Loud("inside")).await.0.len() + {
            let _until_end_of_block = Loud("local");
            give("other", &Loud("borrowed temporary")).await.0.len()
        };
        match give("matched", &Loud("scrutinee")).await {
            Loud(name) => {
                say(format!("arm sees {name}"));
                length + name.len()
            }
        }
    });
    assert_eq!(length, 6 + 18 + 9);
}

#[test]
fn in_attributed_statements_and_expressions() {
    let number = like_async!(i32, {
        #[cfg(any())]
        give("missing", missing).await;
        #[cfg(all())]
        give("there", ()).await;
        #[allow(unused_variables)]
        let unused = give("let", 1).await;
        #[rustfmt::skip]
        let spaced = give( "spaced" , 2 ) . await;
        let built = Point {
            #[cfg(any())]
            x: missing.await,
            #[cfg(all())]
            x: give("field", 3).await,
            ..Point::default()
        };
        match give("match", spaced).await {
            #[cfg(any())]
            missing => missing.await,
            #[cfg(all())]
            number => give("arm", number + built.x).await,
        }
    });
    assert_eq!(number, 5);
}
