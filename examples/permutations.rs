//! All orders of some things: backtracking, where each result is yielded from the depth of the search.
//!
//! Every level of the recursion borrows the same buffer from the one above it, changes it, lets the levels below yield, and
//! changes it back. The borrows are held across the yields.
//!
//! Run: `cargo run --example permutations -- to be or not`

use coro::Generator;

/// The orders of `items`, of which the first `fixed` stay where they are. Afterwards they are as before.
#[coro::coroutine]
pub fn permutations<T: Clone>(items: &mut [T], fixed: usize) -> Generator<'_, Vec<T>> {
    if fixed == items.len() {
        co_yield!(items.to_vec());
    }
    for chosen in fixed..items.len() {
        items[fixed..=chosen].rotate_right(1);
        co_yield!(..permutations(items, fixed + 1));
        items[fixed..=chosen].rotate_left(1);
    }
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() {
        words = ["a", "b", "c"].map(str::to_owned).into();
    }
    for (number, order) in (1..).zip(permutations(&mut words, 0)) {
        println!("{number:>4}  {}", order.join(" "));
    }
}
