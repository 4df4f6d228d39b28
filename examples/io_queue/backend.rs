//! What does the work: the two backends, and which of them to take.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Once;
use std::time::Duration;

use super::buffer::Pool;
use super::poll::Poll;
use super::request::What;
use super::slot::{Key, Slots};
use super::socket::Socket;
#[cfg(target_os = "linux")]
use super::uring::Uring;

/// Carries out the requests in the slots. It runs no coroutine: it only says [`Running::finish`](super::slot::Running).
pub(super) enum Backend {
    #[cfg(target_os = "linux")]
    Uring(Box<Uring>),
    Poll(Box<Poll>),
}

impl Backend {
    /// Makes a socket out of a descriptor, in the mode that the backend needs.
    pub(super) fn adopt(&self, fd: OwnedFd) -> io::Result<Rc<Socket>> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Uring(uring) => uring.adopt(fd),
            Self::Poll(poll) => poll.adopt(fd),
        }
    }

    /// Starts the operation in a slot, which asks for `what`. It may be finished at once.
    #[inline(always)]
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "only one backend wants to know"))]
    pub(super) fn start(&mut self, slots: &mut Slots, key: Key, what: What) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Uring(uring) => uring.start(slots, key, what),
            Self::Poll(poll) => poll.start(slots, key),
        }
    }

    /// Asks for an operation to end. It is finished, now or later, as cancelled or with what it has done by then.
    pub(super) fn cancel(&mut self, slots: &mut Slots, key: Key) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Uring(uring) => uring.cancel(slots, key),
            Self::Poll(poll) => poll.cancel(slots, key),
        }
    }

    /// Nobody accepts connections or receives datagrams from this socket any more.
    pub(super) fn stop_listening(&mut self, slots: &mut Slots, socket: &Socket) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Uring(uring) => uring.stop_listening(slots, socket),
            Self::Poll(poll) => poll.stop_listening(slots, socket),
        }
    }

    /// Tells the kernel what has been started, and waits until something is finished or the time is over.
    pub(super) fn wait(&mut self, slots: &mut Slots, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Uring(uring) => uring.wait(slots, timeout),
            Self::Poll(poll) => poll.wait(slots, timeout),
        }
    }
}

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// Linux's completion queue, from version 6.1.
    Uring,
    /// Readiness: `epoll`, `kqueue`.
    Poll,
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uring => "io_uring",
            Self::Poll => "polling",
        })
    }
}

/// The backend asked for, or the best one there is.
pub(super) fn choose(wish: Option<BackendKind>, pool: &Rc<Pool>) -> io::Result<(Backend, BackendKind)> {
    let poll = || Ok((Backend::Poll(Box::new(Poll::new(pool.clone())?)), BackendKind::Poll));
    match wish {
        Some(BackendKind::Poll) => poll(),
        Some(BackendKind::Uring) => {
            uring(pool).map_err(|error| io::Error::new(error.kind(), format!("io_uring: {error}")))
        }
        None => uring(pool).or_else(|error| {
            static ONCE: Once = Once::new();
            ONCE.call_once(|| eprintln!("io_uring is not to be had ({error}): polling instead"));
            poll()
        }),
    }
}

#[cfg(target_os = "linux")]
fn uring(pool: &Rc<Pool>) -> io::Result<(Backend, BackendKind)> {
    Ok((Backend::Uring(Box::new(Uring::new(pool.clone())?)), BackendKind::Uring))
}

#[cfg(not(target_os = "linux"))]
fn uring(_: &Rc<Pool>) -> io::Result<(Backend, BackendKind)> {
    Err(io::ErrorKind::Unsupported.into())
}
