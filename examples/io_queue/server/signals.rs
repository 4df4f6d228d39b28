//! The end of a server.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use super::super::IoQueue;
use super::Session;

/// Stops the queue when the process is asked to end, by SIGINT or SIGTERM.
///
/// All that a signal handler does is to write a byte; the queue waits for the other end of that stream, as for any other.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
pub fn stop_on_signal(io: IoQueue) -> Session {
    let (stream, handler) = UnixStream::pair()?;
    pipe::register(SIGINT, handler.try_clone()?)?;
    pipe::register(SIGTERM, handler)?;
    io.recv(&io.adopt(stream)?).await?;
    let _ = writeln!(io::stdout(), "goodbye");
    io.stop();
    Ok(())
}
