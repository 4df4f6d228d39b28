//! A coroutine is called as any function.

use coro::Generator;

#[coro::coroutine]
fn count(from: u32, to: u32) -> Generator<'static, u32> {
    for n in from..to {
        co_yield!(n);
    }
}

fn main() {
    for n in count(1) {
        println!("{n}");
    }
    for n in count("1", 2) {
        println!("{n}");
    }
    for n in count {
        println!("{n}");
    }
}
