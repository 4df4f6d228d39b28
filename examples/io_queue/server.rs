//! What the servers among the examples share beside the queue: their coroutine type, their command line, their end.

mod arguments;
mod session;
mod signals;
mod trouble;

use std::io::{self, Write as _};
use std::net::SocketAddr;

pub use arguments::{Arguments, Failure, main};
pub use session::{Session, say};
pub use signals::{list_on_signal, stop_on_signal};
pub use trouble::Trouble;

/// Says where the server listens. Whoever started it may wait for this line, so it is written at once.
///
/// # Errors
/// Standard output cannot be written.
pub fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {address}")?;
    out.flush()
}
