//! What a server does when it is sent a signal: it ends, or it says what it is doing.
//!
//! All that a signal handler does is to write a byte; a coroutine waits for the other end of that stream, as for any
//! other.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;

use super::super::IoQueue;
use super::{Session, say};

/// Stops the queue when the process is asked to end, by SIGINT or SIGTERM.
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

/// Logs what every coroutine waits for whenever the process gets SIGUSR1.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
pub fn list_on_signal(io: IoQueue) -> Session {
    let (stream, handler) = UnixStream::pair()?;
    pipe::register(SIGUSR1, handler)?;
    let signals = io.adopt(stream)?;
    while !io.recv(&signals).await?.is_empty() {
        let parked = io.parked();
        say(format_args!("coroutines that wait: {}", parked.len()));
        for coroutine in parked {
            say(format_args!("{coroutine}"));
        }
    }
    Ok(())
}
