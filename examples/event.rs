//! A single-consumer event: one coroutine waits for it, `set()` resumes it.
//!
//! The event owns the waiting coroutine through its continuation. Setting it resumes the coroutine there and then;
//! dropping the event unset destroys the coroutine: nobody could ever resume it.
//!
//! Run: `cargo run --example event`

use std::cell::RefCell;
use std::rc::Rc;

use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};

#[derive(Clone, Default)]
struct Event(Rc<RefCell<State>>);

#[derive(Default)]
enum State {
    #[default]
    Unset,
    Awaited(Continuation<Detached>),
    Set,
}

impl Event {
    /// Sets the event, and runs who waits for it.
    fn set(&self) {
        // The borrow ends before the coroutine runs: it may use the event again.
        let before = self.0.replace(State::Set);
        if let State::Awaited(waiter) = before {
            waiter.resume();
        }
    }
}

/// For every promise of the detached world.
impl<P: Promise<World = Detached>> Awaiter<P> for Event {
    type Output = ();

    fn await_ready(&mut self, _: &mut P) -> bool {
        matches!(*self.0.borrow(), State::Set)
    }

    fn await_suspend(&mut self, _: &mut P, waiter: Continuation<Detached>) -> Option<Continuation<Detached>> {
        let before = self.0.replace(State::Awaited(waiter));
        assert!(matches!(before, State::Unset), "the event has one consumer");
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn wait_for(name: &'static str, event: Event) -> FireAndForget {
    let goodbye = SayOnDrop(name);
    println!("{name}: waiting");
    event.await;
    println!("{name}: the event is set");
    drop(goodbye);
}

struct SayOnDrop(&'static str);

impl Drop for SayOnDrop {
    fn drop(&mut self) {
        println!("{}: its locals are dropped", self.0);
    }
}

fn main() {
    let event = Event::default();
    wait_for("first", event.clone());
    event.set();

    println!("-- an event that is set already");
    wait_for("second", event);

    println!("-- an event that is never set");
    // Event and coroutine own each other now, a cycle like any of `Rc`s: break it by taking the waiter out.
    let forgotten = Event::default();
    wait_for("third", forgotten.clone());
    forgotten.0.replace(State::Unset);
}
