//! Operations: what a coroutine awaits.

use std::io;
use std::mem;
use std::time::Duration;

use coro::{Awaiter, ContinuationOf, LocalWorld, Promise};

use super::queue::IoQueue;
use super::request::{Ask, earlier};
use super::slot::{Key, cancelled};
use super::waiter::Waiter;

/// Awaited, it does what it was made for, and gives an [`io::Result`] of the [answer](Ask::Answer).
///
/// It starts when it is awaited. Dropping it cancels it. If the queue is shut down meanwhile, a detached coroutine is
/// destroyed; in one that is polled the operation fails.
#[must_use = "an operation does nothing unless it is awaited"]
pub struct Operation<'io, A> {
    io: &'io IoQueue,
    limit: Option<Duration>,
    state: State<A>,
}

enum State<A> {
    New(A),
    Refused(io::Error),
    Started(Key),
    Over,
}

impl<'io, A: Ask> Operation<'io, A> {
    #[inline]
    pub(super) fn new(io: &'io IoQueue, ask: io::Result<A>) -> Self {
        let state = match ask {
            Ok(ask) => State::New(ask),
            Err(error) => State::Refused(error),
        };
        Self { io, limit: None, state }
    }

    #[inline]
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = earlier(self.limit, Some(limit));
        self
    }
}

impl<A: Ask, P: Promise<World: LocalWorld>> Awaiter<P> for Operation<'_, A> {
    type Output = io::Result<A::Answer>;

    #[inline]
    fn await_ready(&mut self, _: &mut P) -> bool {
        matches!(self.state, State::Refused(_))
    }

    #[inline]
    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        match mem::replace(&mut self.state, State::Over) {
            State::New(ask) => {
                // If the queue is being shut down, this drops the continuation, which destroys a detached coroutine.
                if let Some(key) = self.io.start(ask, Waiter::new(me), self.limit) {
                    self.state = State::Started(key);
                }
            }
            // If it is started already, that was by another coroutine; this one is not suspended for it.
            state => self.state = state,
        }
        None
    }

    #[inline]
    fn await_resume(&mut self, _: &mut P) -> io::Result<A::Answer> {
        if let State::Started(key) = self.state {
            self.state = State::Over;
            // A polled coroutine is woken without an answer when the queue is shut down.
            return self.io.take_answer::<A>(key).unwrap_or_else(|| {
                self.io.abandon(key);
                Err(cancelled())
            });
        }
        match mem::replace(&mut self.state, State::Over) {
            State::Refused(error) => Err(error),
            _ => Err(cancelled()),
        }
    }
}

impl<A> Drop for Operation<'_, A> {
    #[inline]
    fn drop(&mut self) {
        if let State::Started(key) = self.state {
            self.io.abandon(key);
        }
    }
}
