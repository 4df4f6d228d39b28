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
    SendTo(Rc<Socket>, IoBuf, SocketAddr),
    /// `None` once it is closed.
    Close(Option<Socket>),
    Sleep(Duration),
}

impl Request {
    fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Accept(socket)
            | Self::AcceptMany(socket)
            | Self::Connect(socket, _)
            | Self::Recv(socket)
            | Self::Send(socket, _)
            | Self::RecvFrom(socket)
            | Self::SendTo(socket, ..) => Some(socket),
            Self::Close(socket) => socket.as_ref(),
            Self::Sleep(_) => None,
        }
    }
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
    stage: Stage,
    limit: Option<Duration>,
    value: fn(Answer) -> T,
}

enum Stage {
    Failed(io::Error),
    New(Request),
    Started(Key),
    Over,
}

impl<'io, T> Operation<'io, T> {
    pub(super) fn new(io: &'io IoQueue, request: io::Result<Request>, value: fn(Answer) -> T) -> Self {
        // Another backend may have put the socket into a mode that does not suit this one.
        let request = request.and_then(|request| match request.socket() {
            Some(socket) if !io.owns(socket) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket belongs to another queue"))
            }
            _ => Ok(request),
        });
        let limit = match &request {
            Ok(Request::Recv(socket) | Request::Send(socket, _)) => socket.limit(),
            _ => None,
        };
        Self { io, stage: request.map_or_else(Stage::Failed, Stage::New), limit, value }
    }

    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(self.limit.map_or(limit, |earlier| earlier.min(limit)));
        self
    }
}

impl<T, P: Promise<World: LocalWorld>> Awaiter<P> for Operation<'_, T> {
    type Output = io::Result<T>;

    fn await_ready(&mut self, _: &mut P) -> bool {
        matches!(self.stage, Stage::Failed(_))
    }

    fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        // If it is started already, that was by another coroutine; this one is not suspended for it.
        if let Stage::New(_) = self.stage
            && let Stage::New(request) = std::mem::replace(&mut self.stage, Stage::Over)
        {
            // If the queue is being shut down, this drops the continuation, which destroys a detached coroutine.
            if let Some(key) = self.io.start(request, Waiter::new(me), self.limit) {
                self.stage = Stage::Started(key);
            }
        }
        None
    }

    fn await_resume(&mut self, _: &mut P) -> io::Result<T> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Failed(error) => Err(error),
            Stage::Started(key) => match self.io.take_answer(key) {
                Some(answer) => answer.map(self.value),
                // A polled coroutine is woken without an answer when the queue is shut down.
                None => {
                    self.io.abandon(key);
                    Err(cancelled())
                }
            },
            Stage::New(_) | Stage::Over => Err(cancelled()),
        }
    }
}

impl<T> Drop for Operation<'_, T> {
    fn drop(&mut self) {
        if let Stage::Started(key) = self.stage {
            self.io.abandon(key);
        }
    }
}
