//! A server that cannot do its work for a while.

use std::cell::Cell;
use std::fmt::Display;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::super::{IoQueue, Operation, Sleep};
use super::session::say;

/// What a server says about failures that are not one connection's. Its clones share the memory of what was said.
#[derive(Clone, Default)]
pub struct Trouble {
    logged: Rc<Cell<Option<Instant>>>,
}

impl Trouble {
    /// Logs what is wrong, but not all the time.
    pub fn log(&self, what: &dyn Display) {
        if self.logged.get().is_none_or(|logged| logged.elapsed() > Duration::from_secs(10)) {
            say(format_args!("{what}"));
            self.logged.set(Some(Instant::now()));
        }
    }

    /// Logs the error. Awaited, it keeps the server from trying again all the time.
    pub fn pause<'io>(&self, io: &'io IoQueue, error: &io::Error) -> Operation<'io, Sleep> {
        self.log(error);
        io.sleep(Duration::from_millis(100))
    }
}
