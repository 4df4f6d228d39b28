//! A hundred coroutines hand numbers to each other through channels without a buffer.
//!
//! A rendezvous channel holds at most one side that waits. Whoever comes second finds the other one there, and returns
//! its continuation from `await_suspend` or resumes it: so the pipeline runs without any scheduler.
//!
//! Run: `cargo run --example pipeline -- 5`

use std::cell::RefCell;
use std::rc::Rc;

use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};

type Parked = Continuation<Detached>;

/// One sender, one receiver, no buffer.
struct Rendezvous<T>(Rc<RefCell<Side<T>>>);

#[derive(Default)]
enum Side<T> {
    #[default]
    Nobody,
    Sender(T, Parked),
    Receiver(Parked),
    /// The receiver is about to run, and finds this.
    Delivered(T),
}

impl<T> Clone for Rendezvous<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Rendezvous<T> {
    fn new() -> Self {
        Self(Rc::new(RefCell::new(Side::Nobody)))
    }

    fn send(&self, value: T) -> Send<T> {
        Send { channel: self.clone(), value: Some(value) }
    }

    fn receive(&self) -> Receive<T> {
        Receive { channel: self.clone(), sender: None }
    }
}

struct Send<T> {
    channel: Rendezvous<T>,
    value: Option<T>,
}

struct Receive<T> {
    channel: Rendezvous<T>,
    sender: Option<Parked>,
}

impl<T, P: Promise<World = Detached>> Awaiter<P> for Send<T> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: Parked) -> Option<Parked> {
        let value = self.value.take().expect("sent once");
        let mut side = self.channel.0.borrow_mut();
        match std::mem::take(&mut *side) {
            Side::Receiver(receiver) => {
                *side = Side::Delivered(value);
                drop(side);
                // The value is delivered: the receiver runs next, and then the sender goes on.
                me.resume();
                Some(receiver)
            }
            _ => {
                *side = Side::Sender(value, me);
                None
            }
        }
    }

    fn await_resume(&mut self, _: &mut P) {}
}

impl<T, P: Promise<World = Detached>> Awaiter<P> for Receive<T> {
    type Output = T;

    fn await_ready(&mut self, _: &mut P) -> bool {
        let mut side = self.channel.0.borrow_mut();
        let Side::Sender(..) = *side else { return false };
        if let Side::Sender(value, sender) = std::mem::take(&mut *side) {
            *side = Side::Delivered(value);
            self.sender = Some(sender);
        }
        true
    }

    fn await_suspend(&mut self, _: &mut P, me: Parked) -> Option<Parked> {
        *self.channel.0.borrow_mut() = Side::Receiver(me);
        None
    }

    fn await_resume(&mut self, _: &mut P) -> T {
        let delivered = self.channel.0.take();
        if let Some(sender) = self.sender.take() {
            sender.resume();
        }
        match delivered {
            Side::Delivered(value) => value,
            _ => unreachable!("a receiver is resumed with a value"),
        }
    }
}

/// Adds one to whatever comes by.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn stage(from: Rendezvous<u64>, to: Rendezvous<u64>) -> FireAndForget {
    loop {
        let number = from.receive().await;
        to.send(number + 1).await;
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn print(from: Rendezvous<u64>) -> FireAndForget {
    loop {
        println!("{}", from.receive().await);
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn feed(numbers: u64, to: Rendezvous<u64>) -> FireAndForget {
    for number in 0..numbers {
        to.send(number).await;
    }
}

fn main() {
    let numbers = std::env::args().nth(1).map_or(Ok(3), |numbers| numbers.parse());
    let Ok(numbers) = numbers else {
        eprintln!("usage: pipeline [NUMBERS]");
        std::process::exit(2);
    };
    let channels: Vec<Rendezvous<u64>> = (0..=100).map(|_| Rendezvous::new()).collect();
    for pair in channels.windows(2) {
        stage(pair[0].clone(), pair[1].clone());
    }
    print(channels[100].clone());
    feed(numbers, channels[0].clone());

    // The stages still wait, each in a channel that its own frame holds: take them out, which destroys them.
    for channel in channels {
        drop(channel.0.take());
    }
}
