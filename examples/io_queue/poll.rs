//! The backend that waits until sockets are ready, and then does the work itself.
//!
//! Every socket is registered once, for edges. Whether it may be ready is remembered, so an operation that can be done
//! is done without asking the poller first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use polling::{Event, Events, PollMode, Poller};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendFlags};

use super::buffer::Pool;
use super::request::{Job, What};
use super::slot::{Key, Slots};
use super::socket::Socket;

/// A peer that has gone is an error, not a signal.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

pub(super) struct Poll {
    registry: Rc<Registry>,
    events: Events,
    pool: Rc<Pool>,
}

struct Registry {
    poller: Poller,
    /// By the key of their events.
    watched: RefCell<Watched>,
}

#[derive(Default)]
struct Watched {
    sockets: Vec<[Side; 2]>,
    free: Vec<usize>,
}

/// One direction of a socket.
#[derive(Default)]
struct Side {
    /// Whether trying may help. It may, until the kernel says otherwise.
    ready: bool,
    waiting: VecDeque<Key>,
}

impl Side {
    /// The first one in line, if trying may help.
    fn next(&mut self) -> Option<Key> {
        if self.ready { self.waiting.pop_front() } else { None }
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Read,
    Write,
}

/// The registration of a socket. Its drop ends it.
pub(super) struct Watch {
    registry: Rc<Registry>,
    index: usize,
    fd: RawFd,
}

impl Poll {
    pub(super) fn new(pool: Rc<Pool>) -> io::Result<Self> {
        let poller = Poller::new()?;
        if !poller.supports_edge() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self { registry: Rc::new(Registry { poller, watched: RefCell::default() }), events: Events::new(), pool })
    }

    pub(super) fn adopt(&self, fd: OwnedFd) -> io::Result<Rc<Socket>> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Socket::new(fd, &self.pool))
    }

    pub(super) fn cancel(&mut self, slots: &mut Slots, key: Key) {
        if let Some(job) = slots.running(key)
            && let Some(direction) = direction(job.what)
            && let Some(watch) = job.socket().watch().get()
        {
            self.registry.side(watch.index, direction, |side| side.waiting.retain(|waiting| *waiting != key));
        }
        slots.finish(key, Err(Errno::CANCELED));
    }

    pub(super) fn stop_listening(&mut self, slots: &mut Slots, socket: &Socket) {
        let Some(watch) = socket.watch().get() else { return };
        // Their awaiters were leaked: any other borrows the listener, or the socket.
        for waiting in self.registry.side(watch.index, Direction::Read, |side| std::mem::take(&mut side.waiting)) {
            slots.finish(waiting, Err(Errno::CANCELED));
        }
    }

    pub(super) fn wait(&mut self, slots: &mut Slots, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        self.registry.poller.wait(&mut self.events, timeout)?;
        for event in self.events.iter() {
            for (direction, ready) in [(Direction::Read, event.readable), (Direction::Write, event.writable)] {
                if !ready {
                    continue;
                }
                self.registry.side(event.key, direction, |side| side.ready = true);
                // Each of them puts itself back in line if it was in vain, and then the side is not ready any more.
                while let Some(key) = self.registry.side(event.key, direction, Side::next) {
                    self.start(slots, key);
                }
            }
        }
        Ok(())
    }

    /// Does what the slot asks for, or puts it in line until that is possible.
    pub(super) fn start(&self, slots: &mut Slots, key: Key) {
        let Some(mut job) = slots.running(key) else { return };
        let Some(direction) = direction(job.what) else {
            // Closed, that is.
            job.socket = None;
            return job.finish(Ok(0));
        };
        let index = match self.registry.watch(job.socket()) {
            Ok(index) => index,
            Err(error) => return job.finish(Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))),
        };
        if self.registry.side(index, direction, |side| side.ready) {
            match perform(&mut job, &self.pool) {
                Err(Errno::AGAIN | Errno::INPROGRESS | Errno::ALREADY) => {}
                done => return job.finish(done),
            }
        }
        self.registry.side(index, direction, |side| {
            side.ready = false;
            side.waiting.push_back(key);
        });
    }
}

impl Registry {
    /// The place of a socket, which is registered the first time.
    fn watch(self: &Rc<Self>, socket: &Rc<Socket>) -> io::Result<usize> {
        if let Some(watch) = socket.watch().get() {
            return Ok(watch.index);
        }
        let mut watched = self.watched.borrow_mut();
        let index = watched.free.last().copied().unwrap_or(watched.sockets.len());
        // SAFETY: `Poller::add_with_mode`: the source is deleted from the poller before it is closed, for a socket
        // drops its `Watch` before its descriptor. Test: none could tell on Linux, where a closed descriptor is deleted
        // by itself.
        unsafe { self.poller.add_with_mode(socket.raw(), Event::all(index), PollMode::Edge)? };
        if watched.free.pop().is_none() {
            watched.sockets.push(Default::default());
        }
        // A socket that is ready already has an event, too; but most can be written to from the start.
        watched.sockets[index][Direction::Write as usize].ready = true;
        let watch = Watch { registry: self.clone(), index, fd: socket.raw() };
        assert!(socket.watch().set(watch).is_ok(), "looked at above");
        Ok(index)
    }

    fn side<T>(&self, index: usize, direction: Direction, look: impl FnOnce(&mut Side) -> T) -> T {
        look(&mut self.watched.borrow_mut().sockets[index][direction as usize])
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: I/O safety: the descriptor is open, for a socket drops its `Watch` before it. Test: as above.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        // It was registered, and if it is not any more, that is as well.
        let _ = self.registry.poller.delete(fd);
        let mut watched = self.registry.watched.borrow_mut();
        watched.sockets[self.index] = Default::default();
        watched.free.push(self.index);
    }
}

/// Which side of its socket it waits for, if any.
fn direction(what: What) -> Option<Direction> {
    match what {
        What::Accept | What::Recv | What::RecvFrom => Some(Direction::Read),
        What::Connect | What::Send | What::SendTo => Some(Direction::Write),
        What::Close | What::Sleep | What::SleepTooLong | What::AcceptMany | What::ReceiveMany => None,
    }
}

/// Does it, if that is possible without waiting.
fn perform(job: &mut Job, pool: &Rc<Pool>) -> Result<usize, Errno> {
    let socket = &**job.socket();
    match job.what {
        What::Accept => {
            let fd = retry_on_intr(|| accept(socket.as_fd()))?;
            job.socket = Some(Socket::new(fd, pool));
            Ok(0)
        }
        What::Connect => match retry_on_intr(|| rustix::net::connect(socket, &to(job))) {
            // The second attempt says how the first one went.
            Ok(()) | Err(Errno::ISCONN) => Ok(0),
            Err(error) => Err(error),
        },
        What::Recv => {
            let mut blank = pool.take();
            let received = retry_on_intr(|| rustix::net::recv(socket, blank.bytes(), RecvFlags::empty()));
            let data = blank.filled(0..received.map_or(0, |(count, _)| count));
            let (_, count) = received?;
            job.data = Some(data);
            Ok(count)
        }
        What::Send => retry_on_intr(|| rustix::net::send(socket, data(job), NO_SIGNAL)),
        What::RecvFrom => {
            let mut blank = pool.take();
            // Not `recvfrom`, which on some systems does not tell whether the datagram was larger.
            let received = retry_on_intr(|| {
                let (mut into, mut control) = ([IoSliceMut::new(blank.bytes())], RecvAncillaryBuffer::default());
                rustix::net::recvmsg(socket, &mut into, &mut control, RecvFlags::empty())
            });
            let data = blank.filled(0..received.as_ref().map_or(0, |received| received.bytes));
            let received = received?;
            let from = received.address.and_then(|from| SocketAddr::try_from(from).ok()).ok_or(Errno::AFNOSUPPORT)?;
            (job.data, job.address) = (Some(data), Some(from));
            Ok(usize::from(received.flags.contains(ReturnFlags::TRUNC)))
        }
        What::SendTo => retry_on_intr(|| rustix::net::sendto(socket, data(job), NO_SIGNAL, &to(job))),
        What::Close | What::Sleep | What::SleepTooLong | What::AcceptMany | What::ReceiveMany => {
            unreachable!("they wait for no socket")
        }
    }
}

fn data(job: &Job) -> &[u8] {
    job.data.as_ref().expect("there is something to send")
}

fn to(job: &Job) -> SocketAddr {
    job.address.expect("it goes somewhere")
}

/// A connection that does not block.
#[cfg(not(target_vendor = "apple"))]
fn accept(listener: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    rustix::net::accept_with(listener, rustix::net::SocketFlags::CLOEXEC | rustix::net::SocketFlags::NONBLOCK)
}

#[cfg(target_vendor = "apple")]
fn accept(listener: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let fd = rustix::net::accept(listener)?;
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&fd, true)?;
    Ok(fd)
}
