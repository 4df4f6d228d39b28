//! Operations: what a coroutine awaits.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coro::{Awaiter, ContinuationOf, LocalWorld, Promise};

use super::buffer::IoBuf;
use super::queue::IoQueue;
use super::slot::{Key, cancelled};
use super::socket::Socket;
use super::waiter::Waiter;

/// What the kernel is asked to do, and owns until it has answered.
pub(super) enum Request {
    Accept(Rc<Socket>),
    /// Accepts until it is cancelled: the `io_uring` backend's own, for the benefit of `Accept`.
    AcceptMany(Rc<Socket>),
    Connect(Rc<Socket>, SocketAddr),
    Recv(Rc<Socket>),
    Send(Rc<Socket>, IoBuf),
    RecvFrom(Rc<Socket>),
    /// Receives datagrams until it is cancelled, for the benefit of `RecvFrom`.
    ReceiveMany(Rc<Socket>),
    SendTo(Rc<Socket>, IoBuf, SocketAddr),
    /// `None` once it is closed.
    Close(Option<Socket>),
    Sleep(Duration),
}

/// What the kernel has answered.
pub(super) enum Answer {
    Done,
    Sent(usize),
    Received(IoBuf),
    Datagram(Datagram),
    Socket(Rc<Socket>),
}

/// A datagram that was received.
pub struct Datagram {
    /// What it says.
    pub data: IoBuf,
    /// Who sent it.
    pub from: SocketAddr,
    /// Whether it was larger than the queue's buffers: `data` is then only its beginning.
    pub truncated: bool,
}

/// Awaited, it does what it was made for, and gives an [`io::Result<T>`].
///
/// It starts when it is awaited. Dropping it cancels it. If the queue is shut down meanwhile, a detached coroutine is
/// destroyed; in one that is polled the operation fails.
#[must_use = "an operation does nothing unless it is awaited"]
pub struct Operation<'io, T> {
    io: &'io IoQueue,
    /// `None` once it is started.
    request: Option<io::Result<Request>>,
    /// `None` before it is started, and once it is over.
    started: Option<Key>,
    limit: Option<Duration>,
    value: fn(Answer) -> T,
}

impl<'io, T> Operation<'io, T> {
    #[inline]
    pub(super) fn new(io: &'io IoQueue, request: io::Result<Request>, value: fn(Answer) -> T) -> Self {
        Self { io, request: Some(request), started: None, limit: None, value }
    }

    /// An operation on a socket, which must be one of the queue's: another backend may have put it into a mode that
    /// does not suit this one.
    #[inline]
    pub(super) fn on(
        io: &'io IoQueue,
        socket: &Rc<Socket>,
        request: impl FnOnce(Rc<Socket>) -> Request,
        value: fn(Answer) -> T,
    ) -> Self {
        Self::new(io, io.check(socket).map(|()| request(socket.clone())), value)
    }

    #[inline]
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(self.limit.map_or(limit, |earlier| earlier.min(limit)));
        self
    }
}

impl<T, P: Promise<World: LocalWorld>> Awaiter<P> for Operation<'_, T> {
    type Output = io::Result<T>;

    fn await_ready(&mut self, _: &mut P) -> bool {
        matches!(self.request, Some(Err(_)))
    }

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        // If it is started already, that was by another coroutine; this one is not suspended for it.
        if let Some(Ok(request)) = self.request.take_if(|request| request.is_ok()) {
            // If the queue is being shut down, this drops the continuation, which destroys a detached coroutine.
            self.started = self.io.start(request, Waiter::new(me), self.limit);
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) -> io::Result<T> {
        let Some(key) = self.started.take() else {
            return Err(self.request.take().and_then(Result::err).unwrap_or_else(cancelled));
        };
        match self.io.take_answer(key) {
            Some(answer) => answer.map(self.value),
            // A polled coroutine is woken without an answer when the queue is shut down.
            None => {
                self.io.abandon(key);
                Err(cancelled())
            }
        }
    }
}

impl<T> Drop for Operation<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.started {
            self.io.abandon(key);
        }
    }
}
