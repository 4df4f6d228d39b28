//! A completion queue: sockets for coroutines.
//!
//! [`IoQueue`] starts an operation when a coroutine awaits it, and resumes the coroutine when the kernel has answered:
//!
//! ```text
//! let data = io.recv(&connection).await?;
//! ```
//!
//! What the kernel works on belongs to the operation's *slot*, never to the coroutine: its buffer, its socket, and the
//! coroutine itself while it waits. So a coroutine can be destroyed at any time. Its operation is then cancelled, and
//! the slot stays until the kernel has let go.
//!
//! Two backends do the work, `io_uring` on Linux and readiness (`epoll`, `kqueue`) elsewhere; nothing outside of
//! [`backend`] can tell them apart. Everything happens on the thread that made the queue.

// Each program uses a part of it.
#![allow(dead_code, unused_imports)]

mod backend;
mod buffer;
mod doorbell;
mod operation;
mod parked;
mod poll;
mod queue;
mod request;
mod send_all;
pub mod server;
mod slot;
mod socket;
#[cfg(target_os = "linux")]
mod uring;
mod waiter;

pub use backend::BackendKind;
pub use buffer::IoBuf;
pub use operation::Operation;
pub use parked::Parked;
pub use queue::{IoQueue, Options};
pub use request::{Accept, Ask, Close, Connect, Datagram, Recv, RecvFrom, Send, SendTo, Sleep};
pub use send_all::send_all;
pub use socket::{Connection, DatagramSocket, Listener};
