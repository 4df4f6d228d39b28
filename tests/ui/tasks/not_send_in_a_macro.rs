//! A value that is not `Send`, across a suspension in the input of a macro.

use std::rc::Rc;

use coro::Task;

macro_rules! unknown {
    ($e:expr) => {
        $e
    };
}

#[coro::coroutine]
fn in_a_macro_of_theirs() -> Task<'static, u32> {
    let one = Rc::new(1);
    let two = unknown!(std::future::ready(2).await);
    *one + two
}

#[coro::coroutine]
fn in_a_macro_of_std() -> Task<'static, ()> {
    let one = Rc::new(1);
    println!("{}", std::future::ready(2).await);
    drop(one);
}

fn main() {}
