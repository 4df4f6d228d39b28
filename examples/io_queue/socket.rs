//! Sockets, and who owns them.

use std::cell::{Cell, OnceCell};
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};

use super::buffer::Pool;
use super::poll::Watch;
use super::queue::IoQueue;

/// A socket, shared by whoever uses it and by the operations on it: a descriptor that the kernel has been told of is not
/// closed, so its number does not become another socket's.
pub struct Socket {
    // Before the descriptor: it is dropped first.
    watch: OnceCell<Watch>,
    limit: Cell<Option<Duration>>,
    /// Tells its queue apart.
    home: Rc<Pool>,
    pub(super) more_to_read: Cell<bool>,
    fd: OwnedFd,
}

impl Socket {
    /// A socket of the queue that has this pool.
    pub(super) fn new(fd: OwnedFd, home: &Rc<Pool>) -> Rc<Self> {
        let (limit, more_to_read) = (Cell::new(None), Cell::new(false));
        Rc::new(Self { watch: OnceCell::new(), limit, home: home.clone(), more_to_read, fd })
    }

    pub(super) fn is_of(&self, home: &Rc<Pool>) -> bool {
        Rc::ptr_eq(&self.home, home)
    }

    /// Its registration with the backend that polls.
    pub(super) fn watch(&self) -> &OnceCell<Watch> {
        &self.watch
    }

    pub(super) fn limit(&self) -> Option<Duration> {
        self.limit.get()
    }

    pub(super) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    pub(super) fn into_fd(self) -> OwnedFd {
        let Self { watch, fd, .. } = self;
        drop(watch);
        fd
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A connected stream socket. Its clones are the same connection, which is closed with the last of them.
#[derive(Clone)]
pub struct Connection(pub(super) Rc<Socket>);

impl Connection {
    /// From now on, a `recv` or `send` that takes longer fails with [`io::ErrorKind::TimedOut`].
    pub fn set_timeout(&self, limit: Option<Duration>) {
        self.0.limit.set(limit);
    }

    /// Whether small pieces are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Ok(rustix::net::sockopt::set_tcp_nodelay(&*self.0, nodelay)?)
    }

    /// Ends one direction, or both; the other end reads the end of the stream.
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let how = match how {
            Shutdown::Read => rustix::net::Shutdown::Read,
            Shutdown::Write => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        Ok(rustix::net::shutdown(&*self.0, how)?)
    }
}

/// A socket that something comes to, whether somebody awaits it or not. Dropping it stops that.
pub(super) struct Listening {
    pub(super) socket: Rc<Socket>,
    pub(super) io: IoQueue,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.io.stop_listening(&self.socket);
    }
}

/// A socket that accepts connections, until it is dropped.
pub struct Listener(pub(super) Listening);

impl Listener {
    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(&self.0.socket)
    }
}

/// A socket for datagrams. Its clones are the same socket, which is closed with the last of them.
#[derive(Clone)]
pub struct DatagramSocket(pub(super) Rc<Listening>);

impl DatagramSocket {
    /// Where it receives.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(&self.0.socket)
    }
}

/// A socket that can be connected to an address of this kind.
pub(super) fn stream_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    #[cfg(not(target_vendor = "apple"))]
    let fd = rustix::net::socket_with(family, SocketType::STREAM, rustix::net::SocketFlags::CLOEXEC, None)?;
    #[cfg(target_vendor = "apple")]
    let fd = {
        let fd = rustix::net::socket(family, SocketType::STREAM, None)?;
        rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
        fd
    };
    Ok(fd)
}

pub(super) fn local_addr(socket: &Socket) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(rustix::net::getsockname(socket)?)?)
}

pub(super) fn peer_addr(socket: &Socket) -> io::Result<SocketAddr> {
    let peer = rustix::net::getpeername(socket)?.ok_or(io::ErrorKind::NotConnected)?;
    Ok(SocketAddr::try_from(peer)?)
}
