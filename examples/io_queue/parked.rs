//! What the coroutines of a queue wait for, to be shown to people.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use coro::Backtrace;

use super::request::{Job, What};
use super::socket::{Socket, local_addr, peer_addr};
use super::waiter::Waiter;

/// A coroutine that waits for the queue.
///
/// It displays as what the queue does for it, and then one line for each coroutine from the one that waits to its root:
///
/// ```text
/// receives from 127.0.0.1:39254
///     echo at examples/tcp_echo.rs:39:41: io.recv(&connection).await
/// ```
#[derive(Debug)]
pub struct Parked {
    /// What the queue does for it.
    pub operation: String,
    /// How long that may take from now on, if there is a limit.
    pub limit: Option<Duration>,
    /// Where the coroutine is, and who waits for it there. `None` if it is polled: whoever owns its task can tell.
    pub backtrace: Option<Backtrace>,
}

impl Parked {
    /// `None` in place of the job: it is done.
    pub(super) fn new(job: Option<&Job>, limit: Option<Duration>, waiter: &Waiter) -> Self {
        let operation = job.map_or_else(|| "is about to go on".to_owned(), describe);
        Self { operation, limit, backtrace: waiter.backtrace() }
    }
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        if let Some(limit) = self.limit {
            write!(f, ", for {limit:.1?} at most")?;
        }
        match &self.backtrace {
            Some(backtrace) => backtrace.clone().try_for_each(|location| write!(f, "\n    {location}")),
            None => f.write_str("\n    a task"),
        }
    }
}

fn describe(job: &Job) -> String {
    let length = job.data.as_ref().map_or(0, |data| data.len());
    match job.what {
        What::Accept | What::AcceptMany => format!("accepts at {}", local(job.socket())),
        What::Connect => format!("connects to {}", named(job.address)),
        What::Recv => format!("receives from {}", peer(job.socket())),
        What::Send => format!("sends {length} bytes to {}", peer(job.socket())),
        What::RecvFrom | What::ReceiveMany => format!("receives at {}", local(job.socket())),
        What::SendTo => format!("sends {length} bytes to {}", named(job.address)),
        What::Close => "closes a connection".to_owned(),
        What::Sleep | What::SleepTooLong => "sleeps".to_owned(),
    }
}

fn local(socket: &Socket) -> String {
    named(local_addr(socket).ok())
}

fn peer(socket: &Socket) -> String {
    named(peer_addr(socket).ok())
}

/// One within the machine has no such address, nor has one that is gone.
fn named(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "a socket without address".to_owned(), |address| address.to_string())
}
