//! What leaks when coroutines that are awaited together misbehave. Run without leak detection.
#![forbid(unsafe_code)]

mod support;
mod together_support;

use std::panic::panic_any;

use coro::{Detached, Task, when_any};
use support::{attempt, unpark};
use together_support::{clear_places, fail, go, run, waits};

/// Panics with a payload that panics when it is dropped.
struct BadBomb;

struct BadPayload;

impl Drop for BadPayload {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fail("the payload");
        }
    }
}

impl Drop for BadBomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any(BadPayload);
        }
    }
}

// The payload of a payload's panic is leaked: there is nobody left to tell.
#[test]
fn the_payload_of_a_second_panic_may_panic_when_it_is_dropped() {
    #[coro::coroutine]
    fn bad() -> Task<'static, &'static str, Detached> {
        let _bomb = BadBomb;
        support::Park.await;
        "unreachable"
    }
    support::reset(&[]);
    run(when_any([waits("winner"), bad(), bad(), waits("other")]));
    let _ = attempt(|| go("winner"));
    assert!(support::log().contains(&"drop other".to_owned()));
    clear_places();
    while let Some(stale) = unpark() {
        drop(stale);
    }
}
