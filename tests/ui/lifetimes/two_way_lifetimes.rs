//! What a two-way coroutine is given and gives lives as long as it says.

use coro::{TwoWay, two_way};

#[coro::coroutine]
fn keeps<'a>(first: &'a str) -> TwoWay<'a, &'a str, usize> {
    let mut all = vec![first];
    loop {
        all.push(co_yield!(all.len()));
    }
}

#[coro::coroutine]
fn yields_a_local(first: u32) -> TwoWay<'static, u32, &'static u32> {
    let local = first;
    co_yield!(&local);
}

fn main() {
    let mut keeps = two_way(keeps);
    {
        let short = String::from("short");
        let _ = keeps.resume(&short);
    }
    let _ = keeps.resume("another");
}
