//! A coroutine type that never starts by itself: `initial` parks it in a run queue that the caller passes in.
//!
//! `initial` takes an expression with the function's parameters in scope. Here it is an awaiter that keeps the
//! continuation, so the queue owns every coroutine that waits in it, from the first moment on.
//!
//! Run: `cargo run --example run_queue`

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use coro::{Awaiter, Continuation, Detached, Promise};

#[derive(Clone, Default)]
struct RunQueue(Rc<RefCell<VecDeque<Continuation<Detached>>>>);

impl RunQueue {
    /// Awaited, it puts the coroutine at the end of the queue.
    fn turn(&self) -> Turn {
        Turn(self.clone())
    }

    /// Runs every coroutine that waits, in order, until none is left.
    fn run(&self) {
        loop {
            // A statement of its own: the coroutine may come back to the queue, which must not be borrowed then.
            let next = self.0.borrow_mut().pop_front();
            match next {
                Some(coroutine) => coroutine.resume(),
                None => return,
            }
        }
    }
}

struct Turn(RunQueue);

impl<P: Promise<World = Detached>> Awaiter<P> for Turn {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, coroutine: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0.0.borrow_mut().push_back(coroutine);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

/// The return object: a job is in its queue, and nowhere else.
struct Job;

struct JobPromise;

#[coro::promise(world = Detached)]
impl JobPromise {
    fn new() -> Self {
        Self
    }

    fn get_return_object(&mut self) -> Job {
        Job
    }

    fn return_void(&mut self) {}
}

#[coro::coroutine(initial = queue.turn(), final = suspend_never)]
fn count(name: &'static str, to: u32, queue: RunQueue) -> Job {
    for i in 1..=to {
        println!("{name}: {i} of {to}");
        queue.turn().await;
    }
}

fn main() {
    let queue = RunQueue::default();
    count("ann", 3, queue.clone());
    count("bob", 2, queue.clone());
    println!("{} coroutines wait", queue.0.borrow().len());
    queue.run();
}
