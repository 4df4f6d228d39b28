//! Requests: what the kernel can be asked to do, and what it answers.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::buffer::IoBuf;
use super::socket::{Connection, Socket};

/// What the kernel does.
#[derive(Clone, Copy, PartialEq)]
pub enum What {
    Accept,
    /// Accepts until it is cancelled: the `io_uring` backend's own, for the benefit of `Accept`.
    AcceptMany,
    Connect,
    Recv,
    Send,
    RecvFrom,
    /// Receives datagrams until it is cancelled, for the benefit of `RecvFrom`.
    ReceiveMany,
    SendTo,
    Close,
    Sleep,
    /// It would go on when its limit is over.
    SleepTooLong,
}

/// What an operation owns while the kernel works on it, and then what it comes to, beside a number.
///
/// It is no enum: so nothing is moved but what there is.
pub struct Job {
    pub(super) what: What,
    /// The one it is about. If the kernel has made one, that.
    pub(super) socket: Option<Rc<Socket>>,
    /// What is sent, or was received.
    pub(super) data: Option<IoBuf>,
    /// Where to, or where from. If it is about neither, this means nothing.
    pub(super) address: Option<SocketAddr>,
}

impl Job {
    #[inline]
    pub(super) fn new(what: What) -> Self {
        Self { what, socket: None, data: None, address: None }
    }

    #[inline]
    pub(super) fn on(what: What, socket: Rc<Socket>) -> Self {
        Self { socket: Some(socket), ..Self::new(what) }
    }

    /// The one that almost all are about.
    #[inline]
    pub(super) fn socket(&self) -> &Rc<Socket> {
        self.socket.as_ref().expect("it is about a socket")
    }

    /// Drops what is no part of the answer: whoever awaits it may never take it.
    #[inline(always)]
    pub(super) fn let_go(&mut self, failed: bool) {
        if failed || !matches!(self.what, What::Accept | What::Connect) {
            self.socket = None;
        }
        if failed || matches!(self.what, What::Send | What::SendTo) {
            self.data = None;
        }
    }

    pub(super) fn sleeps(&self) -> bool {
        matches!(self.what, What::Sleep | What::SleepTooLong)
    }
}

/// What one kind of operation asks for, and what it gives.
pub trait Ask {
    /// What awaiting it gives.
    type Answer;

    /// What is to be done. The kernel has nothing to do with a sleep.
    #[doc(hidden)]
    const WHAT: What;

    /// Writes down what that needs, in a job that is empty, and its own limit if that comes first.
    #[doc(hidden)]
    fn fill(self, job: &mut Job, limit: &mut Option<Duration>);

    /// The answer: a number, and what is in the job.
    #[doc(hidden)]
    fn read(number: usize, job: &mut Job) -> Self::Answer;
}

/// Of two limits the one that comes first, if there is any.
#[inline]
pub(super) fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn connection(job: &mut Job) -> Connection {
    Connection(job.socket.take().expect("the kernel has made one"))
}

#[inline]
fn received(job: &mut Job) -> IoBuf {
    job.data.take().expect("something was received")
}

/// What [`accept`](super::IoQueue::accept) asks for.
pub struct Accept(pub(super) Rc<Socket>);

impl Ask for Accept {
    type Answer = Connection;
    const WHAT: What = What::Accept;

    fn fill(self, job: &mut Job, _: &mut Option<Duration>) {
        job.socket = Some(self.0);
    }

    fn read(_: usize, job: &mut Job) -> Connection {
        connection(job)
    }
}

/// What [`connect`](super::IoQueue::connect) asks for.
pub struct Connect(pub(super) Rc<Socket>, pub(super) SocketAddr);

impl Ask for Connect {
    type Answer = Connection;
    const WHAT: What = What::Connect;

    fn fill(self, job: &mut Job, _: &mut Option<Duration>) {
        job.socket = Some(self.0);
        job.address = Some(self.1);
    }

    fn read(_: usize, job: &mut Job) -> Connection {
        connection(job)
    }
}

/// What [`recv`](super::IoQueue::recv) asks for.
pub struct Recv(pub(super) Rc<Socket>);

impl Ask for Recv {
    type Answer = IoBuf;
    const WHAT: What = What::Recv;

    #[inline]
    fn fill(self, job: &mut Job, limit: &mut Option<Duration>) {
        *limit = earlier(*limit, self.0.limit());
        job.socket = Some(self.0);
    }

    #[inline]
    fn read(_: usize, job: &mut Job) -> IoBuf {
        received(job)
    }
}

/// What [`send`](super::IoQueue::send) asks for.
pub struct Send(pub(super) Rc<Socket>, pub(super) IoBuf);

impl Ask for Send {
    type Answer = usize;
    const WHAT: What = What::Send;

    #[inline]
    fn fill(self, job: &mut Job, limit: &mut Option<Duration>) {
        *limit = earlier(*limit, self.0.limit());
        job.socket = Some(self.0);
        job.data = Some(self.1);
    }

    #[inline]
    fn read(sent: usize, _: &mut Job) -> usize {
        sent
    }
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

/// What [`recv_from`](super::IoQueue::recv_from) asks for.
pub struct RecvFrom(pub(super) Rc<Socket>);

impl Ask for RecvFrom {
    type Answer = Datagram;
    const WHAT: What = What::RecvFrom;

    #[inline]
    fn fill(self, job: &mut Job, _: &mut Option<Duration>) {
        job.socket = Some(self.0);
    }

    #[inline]
    fn read(truncated: usize, job: &mut Job) -> Datagram {
        let from = job.address.expect("it comes from somewhere");
        Datagram { data: received(job), from, truncated: truncated != 0 }
    }
}

/// What [`send_to`](super::IoQueue::send_to) asks for.
pub struct SendTo(pub(super) Rc<Socket>, pub(super) IoBuf, pub(super) SocketAddr);

impl Ask for SendTo {
    type Answer = usize;
    const WHAT: What = What::SendTo;

    #[inline]
    fn fill(self, job: &mut Job, _: &mut Option<Duration>) {
        job.socket = Some(self.0);
        (job.data, job.address) = (Some(self.1), Some(self.2));
    }

    #[inline]
    fn read(sent: usize, _: &mut Job) -> usize {
        sent
    }
}

/// What [`close`](super::IoQueue::close) asks for: the only owner of a socket, if it has only one.
pub struct Close(pub(super) Option<Rc<Socket>>);

impl Ask for Close {
    type Answer = ();
    const WHAT: What = What::Close;

    fn fill(self, job: &mut Job, _: &mut Option<Duration>) {
        job.socket = self.0;
    }

    fn read(_: usize, _: &mut Job) {}
}

/// What [`sleep`](super::IoQueue::sleep) asks for.
pub struct Sleep(pub(super) Duration);

impl Ask for Sleep {
    type Answer = ();
    const WHAT: What = What::Sleep;

    fn fill(self, job: &mut Job, limit: &mut Option<Duration>) {
        if limit.is_some_and(|limit| limit < self.0) {
            job.what = What::SleepTooLong;
        } else {
            *limit = Some(self.0);
        }
    }

    fn read(_: usize, _: &mut Job) {}
}
