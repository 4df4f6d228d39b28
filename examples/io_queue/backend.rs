//! What does the work: the one interface of the backends, and which of them to take.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Once;
use std::time::Duration;

use super::buffer::Pool;
use super::poll::Poll;
use super::slot::{Key, Slots};
use super::socket::Socket;

/// Carries out the requests in the slots. It runs no coroutine: it only says [`Slots::finish`].
pub(super) trait Backend {
    /// Makes a socket out of a descriptor, in the mode that the backend needs.
    fn adopt(&self, fd: OwnedFd) -> io::Result<Rc<Socket>>;

    /// Starts the operation in a slot. It may be finished at once.
    fn start(&mut self, slots: &mut Slots, key: Key);

    /// Asks for an operation to end. It is finished, now or later, as cancelled or with what it has done by then.
    fn cancel(&mut self, slots: &mut Slots, key: Key);

    /// Nobody accepts connections or receives datagrams from this socket any more.
    fn stop_listening(&mut self, slots: &mut Slots, socket: &Rc<Socket>);

    /// Tells the kernel what has been started, and waits until something is finished or the time is over.
    fn wait(&mut self, slots: &mut Slots, timeout: Option<Duration>) -> io::Result<()>;
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
pub(super) fn choose(wish: Option<BackendKind>, pool: &Rc<Pool>) -> io::Result<(Box<dyn Backend>, BackendKind)> {
    let poll = || Ok((Box::new(Poll::new(pool.clone())?) as Box<dyn Backend>, BackendKind::Poll));
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
fn uring(pool: &Rc<Pool>) -> io::Result<(Box<dyn Backend>, BackendKind)> {
    Ok((Box::new(super::uring::Uring::new(pool.clone())?), BackendKind::Uring))
}

#[cfg(not(target_os = "linux"))]
fn uring(_: &Rc<Pool>) -> io::Result<(Box<dyn Backend>, BackendKind)> {
    Err(io::ErrorKind::Unsupported.into())
}
