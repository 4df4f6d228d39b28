//! A wake-up is used once, and there is no second one.

use coro::{Continuation, Polled};

fn twice(wake_up: Continuation<Polled>) {
    wake_up.resume();
    wake_up.resume();
}

fn cloned(wake_up: &Continuation<Polled>) -> Continuation<Polled> {
    Continuation::clone(wake_up)
}

fn main() {
    let _ = (twice, cloned);
}
