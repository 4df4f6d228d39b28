//! The Fibonacci numbers: a generator is an iterator, written as the loop that it is.
//!
//! The body runs only as far as items are asked for, and goes on where it was, with its locals as it left them.
//!
//! Run: `cargo run --example fibonacci -- 1000`

use coro::Generator;

/// All that fit into a `u64`.
#[coro::coroutine]
pub fn fibonacci() -> Generator<'static, u64> {
    let (mut this, mut next) = (0_u64, 1);
    while let Some(sum) = this.checked_add(next) {
        co_yield!(this);
        (this, next) = (next, sum);
    }
    co_yield!(this);
    co_yield!(next);
}

fn main() {
    let limit = std::env::args().nth(1).map_or(Ok(100), |limit| limit.parse());
    let Ok(limit) = limit else {
        eprintln!("usage: fibonacci [LIMIT]");
        std::process::exit(2);
    };
    let (mut count, mut even) = (0, 0);
    for number in fibonacci().take_while(|number| *number < limit) {
        println!("{number}");
        count += 1;
        even += u64::from(number % 2 == 0);
    }
    println!("{count} numbers below {limit}, {even} of them even");
}
