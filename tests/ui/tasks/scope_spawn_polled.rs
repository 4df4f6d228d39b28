//! A scope runs its coroutines itself: those of the world of futures need an executor.

use coro::{Detached, Polled, Scope, Sendable, Task};

#[coro::coroutine]
fn polled() -> Task<'static, u32, Polled> {
    1
}

#[coro::coroutine]
fn sendable() -> Task<'static, u32, Detached<Sendable>> {
    1
}

fn spawns_polled(scope: &Scope) {
    scope.spawn(polled());
}

fn spawns_sendable(scope: &Scope) {
    scope.spawn(sendable());
}

fn spawns_a_future(scope: &Scope) {
    scope.spawn(async { 1 });
}

fn main() {
    let scope = Scope::new();
    spawns_polled(&scope);
    spawns_sendable(&scope);
    spawns_a_future(&scope);
}
