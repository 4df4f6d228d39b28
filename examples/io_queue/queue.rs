//! The queue itself: starts operations, and resumes who waits for them.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::future::Future;
use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::backend::{self, Backend, BackendKind};
use super::buffer::{IoBuf, Pool};
use super::doorbell::Doorbell;
use super::operation::Operation;
use super::parked::Parked;
use super::request::{Accept, Ask, Close, Connect, Recv, RecvFrom, Send, SendTo, Sleep, What};
use super::slot::{Key, Slots};
use super::socket::{Connection, DatagramSocket, Listener, Listening, Socket, stream_socket};
use super::waiter::Waiter;

/// As many coroutines are resumed before the queue looks for new answers.
const TURN: usize = 256;

/// A queue of operations. Its clones are the same queue.
#[derive(Clone)]
pub struct IoQueue(Rc<Inner>);

/// How a queue works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `None` takes `io_uring` if it is to be had.
    pub backend: Option<BackendKind>,
    /// How many bytes one `recv` receives at most.
    pub buffer: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { backend: None, buffer: 4096 }
    }
}

struct Inner {
    /// `None` only when it goes.
    work: RefCell<Option<Work>>,
    kind: BackendKind,
    pool: Rc<Pool>,
    doorbell: OnceCell<Doorbell>,
    driven: Cell<bool>,
    stopped: Cell<bool>,
    closing: Cell<bool>,
}

struct Work {
    slots: Slots,
    backend: Backend,
}

impl IoQueue {
    /// A queue on this thread.
    ///
    /// # Errors
    /// The system's, if it has no backend to offer. And if there is nothing to receive into.
    pub fn new(options: Options) -> io::Result<Self> {
        if options.buffer == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a buffer has room for one byte at least"));
        }
        let pool = Pool::new(options.buffer);
        let (backend, kind) = backend::choose(options.backend, &pool)?;
        Ok(Self(Rc::new(Inner {
            work: RefCell::new(Some(Work { slots: Slots::default(), backend })),
            kind,
            pool,
            doorbell: OnceCell::new(),
            driven: Cell::new(false),
            stopped: Cell::new(false),
            closing: Cell::new(false),
        })))
    }

    /// Who does the work.
    #[must_use]
    pub fn backend(&self) -> BackendKind {
        self.0.kind
    }

    /// A socket that accepts TCP connections.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(&self, address: impl ToSocketAddrs) -> io::Result<Listener> {
        let listener = TcpListener::bind(address)?;
        // More than std asks for: who comes while there is much to do need not come again. (The system has its own
        // limit.)
        rustix::net::listen(&listener, 4096)?;
        let socket = self.adopt_socket(listener.into())?;
        Ok(Listener(Listening { socket, io: self.clone() }))
    }

    /// A socket that receives UDP datagrams.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(&self, address: impl ToSocketAddrs) -> io::Result<DatagramSocket> {
        let socket = self.adopt_socket(UdpSocket::bind(address)?.into())?;
        Ok(DatagramSocket(Rc::new(Listening { socket, io: self.clone() })))
    }

    /// A connection out of a stream socket that was connected elsewhere.
    ///
    /// # Errors
    /// The system's.
    pub fn adopt(&self, stream: impl Into<OwnedFd>) -> io::Result<Connection> {
        self.adopt_socket(stream.into()).map(Connection)
    }

    fn adopt_socket(&self, fd: OwnedFd) -> io::Result<Rc<Socket>> {
        self.work().backend.adopt(fd)
    }

    /// Accepts a connection.
    #[inline]
    pub fn accept<'io>(&'io self, listener: &'io Listener) -> Operation<'io, Accept> {
        self.on(&listener.0.socket, Accept)
    }

    /// Connects to a TCP server.
    pub fn connect(&self, address: SocketAddr) -> Operation<'_, Connect> {
        let socket = stream_socket(address).and_then(|fd| self.adopt_socket(fd));
        Operation::new(self, socket.map(|socket| Connect(socket, address)))
    }

    /// Receives some bytes; none at the end of the stream. While it waits, it occupies no buffer.
    #[inline]
    pub fn recv<'io>(&'io self, connection: &Connection) -> Operation<'io, Recv> {
        self.on(&connection.0, Recv)
    }

    /// Sends some of the bytes, and says how many. See also [`send_all`](super::send_all).
    #[inline]
    pub fn send<'io>(&'io self, connection: &Connection, data: IoBuf) -> Operation<'io, Send> {
        self.on(&connection.0, |socket| Send(socket, data))
    }

    /// Receives a datagram. While it waits, it occupies no buffer.
    #[inline]
    pub fn recv_from<'io>(&'io self, socket: &'io DatagramSocket) -> Operation<'io, RecvFrom> {
        self.on(&socket.0.socket, RecvFrom)
    }

    /// Sends a datagram.
    #[inline]
    pub fn send_to<'io>(&'io self, socket: &DatagramSocket, data: IoBuf, to: SocketAddr) -> Operation<'io, SendTo> {
        self.on(&socket.0.socket, |socket| SendTo(socket, data, to))
    }

    /// Waits.
    pub fn sleep(&self, length: Duration) -> Operation<'_, Sleep> {
        Operation::new(self, Ok(Sleep(length)))
    }

    /// Closes the connection, and says if that failed. If it has clones, it stays open until the last of them is gone.
    pub fn close(&self, connection: Connection) -> Operation<'_, Close> {
        let ours = self.check(&connection.0);
        Operation::new(self, ours.map(|()| Close((Rc::strong_count(&connection.0) == 1).then_some(connection.0))))
    }

    /// An operation on a socket, which must be one of this queue's: another backend may have put it into a mode that
    /// does not suit this one.
    #[inline]
    fn on<A: Ask>(&self, socket: &Rc<Socket>, ask: impl FnOnce(Rc<Socket>) -> A) -> Operation<'_, A> {
        Operation::new(self, self.check(socket).map(|()| ask(socket.clone())))
    }

    /// Any operation, which fails with [`io::ErrorKind::TimedOut`] if it takes longer than `limit`.
    pub fn timeout<'io, A: Ask>(
        &'io self,
        limit: impl Into<Option<Duration>>,
        operation: Operation<'io, A>,
    ) -> Operation<'io, A> {
        match limit.into() {
            Some(limit) => operation.within(limit),
            None => operation,
        }
    }

    /// Runs coroutines until none waits for the queue any more, or until [`stop`](Self::stop).
    ///
    /// # Errors
    /// The system's, if the queue itself does not work.
    ///
    /// # Panics
    /// With what a coroutine panics; call it again to go on. And if a coroutine calls it.
    pub fn run(&self) -> io::Result<()> {
        let driving = self.drive();
        while !self.0.stopped.get() && self.work().slots.is_awaited() {
            self.resume_arrived();
            let mut work = self.work();
            if !self.0.stopped.get() && work.slots.is_awaited() {
                work.wait(true)?;
            }
        }
        drop(driving);
        if self.0.stopped.get() {
            // If a destructor panics, there is more to destroy the next time.
            self.shut_down()?;
            self.0.stopped.set(false);
        }
        Ok(())
    }

    /// Runs the future, which may wait for the queue or for anything else, and every other coroutine until it is ready.
    ///
    /// # Errors
    /// The system's, if the queue itself does not work.
    ///
    /// # Panics
    /// With what the future or a coroutine panics, and if one of them calls it.
    pub fn block_on<F: Future>(&self, future: F) -> io::Result<F::Output> {
        let _driving = self.drive();
        let mut future = pin!(future);
        let doorbell = self.doorbell()?;
        let waker = doorbell.waker();
        waker.wake_by_ref();
        loop {
            if doorbell.has_rung()
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Ok(output);
            }
            self.resume_arrived();
            let work = &mut *self.work();
            doorbell.listen(&mut work.slots, &mut work.backend);
            doorbell.sleep(|may_block| work.wait(may_block))?;
        }
    }

    fn doorbell(&self) -> io::Result<&Doorbell> {
        if self.0.doorbell.get().is_none() {
            let made = Doorbell::new(|bell| self.adopt_socket(bell))?;
            assert!(self.0.doorbell.set(made).is_ok(), "looked at just now");
        }
        Ok(self.0.doorbell.get().expect("made above"))
    }

    /// What each coroutine that waits for the queue waits for, and where it is.
    ///
    /// It costs nothing until it is called.
    #[must_use]
    pub fn parked(&self) -> Vec<Parked> {
        self.work().slots.parked()
    }

    /// Makes [`run`](Self::run) return, after it has [shut down](Self::shut_down) the queue.
    pub fn stop(&self) {
        self.0.stopped.set(true);
    }

    /// Destroys every coroutine that waits for the queue, cancels every operation, and waits until the kernel has let
    /// go of all of them. The queue can be used again afterwards.
    ///
    /// # Errors
    /// The system's, if the queue itself does not work.
    ///
    /// # Panics
    /// If a coroutine calls it: it may be one of those that wait.
    pub fn shut_down(&self) -> io::Result<()> {
        let _driving = self.drive();
        self.0.closing.set(true);
        let _open = OnDrop(|| self.0.closing.set(false));
        // Each one is dropped while nothing is borrowed: its destructors come back here.
        let keys = self.work().slots.keys();
        for key in keys {
            self.abandon(key);
        }
        while let Some(waiter) = self.next_arrived() {
            drop(waiter);
        }
        self.work().drain()
    }

    /// To be held while no coroutine and no destructor of a user's can run.
    fn work(&self) -> RefMut<'_, Work> {
        RefMut::map(self.0.work.borrow_mut(), |work| work.as_mut().expect("it is there until the queue goes"))
    }

    fn drive(&self) -> impl Drop {
        assert!(!self.0.driven.replace(true), "an `IoQueue` is driven by one caller at a time, and not by a coroutine");
        OnDrop(|| self.0.driven.set(false))
    }

    fn resume_arrived(&self) {
        for _ in 0..TURN {
            let Some(waiter) = self.next_arrived() else { return };
            waiter.resume();
            if self.0.stopped.get() {
                return;
            }
        }
    }

    /// The one to resume, or to drop, next. It comes back to the queue, which is not borrowed any more.
    #[inline]
    fn next_arrived(&self) -> Option<Waiter> {
        self.work().slots.next_arrived()
    }

    /// Starts an operation, unless the queue is being shut down.
    #[inline]
    pub(super) fn start<A: Ask>(&self, ask: A, waiter: Waiter, limit: Option<Duration>) -> Option<Key> {
        if self.0.closing.get() {
            return None;
        }
        let work = &mut *self.work();
        let key = work.slots.insert(ask, waiter, limit);
        if A::WHAT != What::Sleep {
            work.backend.start(&mut work.slots, key, A::WHAT);
        }
        Some(key)
    }

    /// Refuses a socket of another queue.
    #[inline]
    pub(super) fn check(&self, socket: &Socket) -> io::Result<()> {
        if socket.is_of(&self.0.pool) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket belongs to another queue"))
    }

    #[inline]
    pub(super) fn take_answer<A: Ask>(&self, key: Key) -> Option<io::Result<A::Answer>> {
        self.work().slots.take_answer(key, A::read)
    }

    pub(super) fn abandon(&self, key: Key) {
        // Dropped when the borrow is over.
        let _waiter = self.work().abandon(key);
    }

    pub(super) fn stop_listening(&self, socket: &Rc<Socket>) {
        let work = &mut *self.work();
        work.backend.stop_listening(&mut work.slots, socket);
    }
}

impl Work {
    /// What it returns is to be dropped when the borrow is over: it may run destructors that come back here.
    fn abandon(&mut self, key: Key) -> Option<Waiter> {
        let (waiter, must_cancel) = self.slots.abandon(key);
        if must_cancel {
            self.cancel(key);
        }
        waiter
    }

    fn cancel(&mut self, key: Key) {
        match self.slots.running(key) {
            Some(job) if job.sleeps() => self.slots.finish(key, Err(Errno::CANCELED)),
            _ => self.backend.cancel(&mut self.slots, key),
        }
    }

    /// Waits until something is finished, if `may_block`, and not if somebody can go on already.
    fn wait(&mut self, may_block: bool) -> io::Result<()> {
        let timeout = if may_block && !self.slots.has_arrived() {
            self.slots.next_deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
        } else {
            Some(Duration::ZERO)
        };
        self.backend.wait(&mut self.slots, timeout)?;
        if self.slots.next_deadline().is_some() {
            self.end_overdue(Instant::now());
        }
        Ok(())
    }

    fn end_overdue(&mut self, now: Instant) {
        while let Some(key) = self.slots.next_overdue(now) {
            match self.slots.running(key) {
                Some(job) if job.what == What::Sleep => self.slots.finish(key, Ok(0)),
                _ => self.cancel(key),
            }
        }
    }

    /// Waits until no slot is in use.
    fn drain(&mut self) -> io::Result<()> {
        while self.slots.live() > 0 {
            self.backend.wait(&mut self.slots, None)?;
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody holds the queue any more, but the kernel may still be at work. If it does not let go, what it may use
        // stays.
        let mut work = ManuallyDrop::new(self.work.get_mut().take().expect("it goes only once"));
        // Awaiters that were leaked have left coroutines. Their destructors may panic, so they come last.
        let mut waiters: Vec<_> = work.slots.keys().into_iter().filter_map(|key| work.abandon(key)).collect();
        waiters.extend(std::iter::from_fn(|| work.slots.next_arrived()));
        if work.drain().is_ok() {
            drop(ManuallyDrop::into_inner(work));
        }
        drop(waiters);
    }
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}
