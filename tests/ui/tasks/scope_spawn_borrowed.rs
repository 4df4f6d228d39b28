//! A scope's coroutines may outlive the place where they are spawned, so they borrow nothing.

use coro::{Detached, Scope, Task};

#[coro::coroutine]
fn length(text: &str) -> Task<'_, usize, Detached> {
    text.len()
}

fn spawns(scope: &Scope) {
    let text = String::from("borrowed");
    scope.spawn(length(&text));
}

fn main() {
    spawns(&Scope::new());
}
