//! What the coroutines of a queue wait for, to be shown to people.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use coro::Backtrace;

use super::operation::Request;
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
    /// `None` in place of the request: it has been answered.
    pub(super) fn new(request: Option<&Request>, limit: Option<Duration>, waiter: &Waiter) -> Self {
        let operation = request.map_or_else(|| "is about to go on".to_owned(), describe);
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

fn describe(request: &Request) -> String {
    match request {
        Request::Accept(socket) | Request::AcceptMany(socket) => format!("accepts at {}", local(socket)),
        Request::Connect(_, address) => format!("connects to {address}"),
        Request::Recv(socket) => format!("receives from {}", peer(socket)),
        Request::Send(socket, data) => format!("sends {} bytes to {}", data.len(), peer(socket)),
        Request::RecvFrom(socket) | Request::ReceiveMany(socket) => format!("receives at {}", local(socket)),
        Request::SendTo(_, data, to) => format!("sends {} bytes to {to}", data.len()),
        Request::Close(_) => "closes a connection".to_owned(),
        Request::Sleep(_) => "sleeps".to_owned(),
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
