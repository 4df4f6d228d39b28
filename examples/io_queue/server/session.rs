//! The coroutine type of the servers.

use std::fmt;
use std::io::{self, Write as _};

/// A coroutine on its own that returns an [`io::Result`]: it starts at once, nobody waits for it, and a failure is logged.
pub struct Session;

pub struct SessionPromise;

#[coro::promise(world = Detached)]
impl SessionPromise {
    fn new() -> Self {
        Self
    }

    fn get_return_object(&mut self) -> Session {
        Session
    }

    fn return_value(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            say(format_args!("a session ended: {error}"));
        }
    }
}

/// Logs a line.
pub fn say(line: fmt::Arguments<'_>) {
    // Not `eprintln!`: it panics if standard error cannot be written.
    let _ = writeln!(io::stderr(), "{line}");
}
