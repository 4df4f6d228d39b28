//! The command line of the servers, and how they fail.

use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use super::super::{BackendKind, IoQueue, Options};
use super::session::say;

/// Runs a program whose arguments are those that its usage names, each with a value. If it is misused, its exit code is 2,
/// if it fails, 1.
pub fn main(usage: &str, program: impl FnOnce(&Arguments) -> Result<(), Failure>) -> ExitCode {
    match Arguments::parse(usage, std::env::args_os().skip(1)).and_then(|arguments| program(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => {
            say(format_args!("{message}"));
            ExitCode::from(1)
        }
        Err(Failure::Misused(message)) => {
            say(format_args!("{message}\n{usage}"));
            ExitCode::from(2)
        }
    }
}

/// Why a program ends early.
pub enum Failure {
    Failed(String),
    Misused(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Failure {
    /// An error about something that has a name.
    pub fn of(name: impl Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Failed(format!("{name}: {error}"))
    }
}

/// What a program was told: names and values.
pub struct Arguments(Vec<(String, String)>);

impl Arguments {
    fn parse(usage: &str, words: impl Iterator<Item = std::ffi::OsString>) -> Result<Self, Failure> {
        let known: Vec<&str> = usage.split([' ', '[']).filter(|word| word.starts_with("--")).collect();
        let mut words = words.map(|word| word.to_string_lossy().into_owned());
        let mut arguments = Vec::new();
        while let Some(name) = words.next() {
            if !known.contains(&&*name) {
                return Err(Failure::Misused(format!("there is no argument `{name}`")));
            }
            let value = words.next().ok_or_else(|| Failure::Misused(format!("`{name}` needs a value")))?;
            arguments.push((name, value));
        }
        Ok(Self(arguments))
    }

    /// A value as `read` understands it, if the argument was given; the last one counts.
    fn get<T, E: Display>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Failure> {
        let given = self.0.iter().rfind(|(given, _)| given == name);
        let wrong = |value: &str, error: E| Failure::Misused(format!("`{name} {value}`: {error}"));
        given.map(|(_, value)| read(value).map_err(|error| wrong(value, error))).transpose()
    }

    /// A host and a port.
    ///
    /// # Errors
    /// It is something else.
    pub fn address(&self, name: &str) -> Result<Option<SocketAddr>, Failure> {
        self.get(name, |value| value.to_socket_addrs()?.next().ok_or(io::Error::other("there is no such host")))
    }

    /// The path of a file.
    ///
    /// # Errors
    /// None.
    pub fn path(&self, name: &str) -> Result<Option<PathBuf>, Failure> {
        self.get(name, PathBuf::from_str)
    }

    /// A time in seconds, of which there is some.
    ///
    /// # Errors
    /// It is something else.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>, Failure> {
        self.get(name, |value| match f64::from_str(value).map(Duration::try_from_secs_f64) {
            Ok(Ok(time)) if !time.is_zero() => Ok(time),
            _ => Err("seconds are a number above 0, such as 0.5"),
        })
    }

    /// The queue that `--buffer` and `--backend` describe.
    ///
    /// # Errors
    /// They do not, or there is no such queue.
    pub fn queue(&self, default_buffer: usize) -> Result<IoQueue, Failure> {
        let buffer = self.get("--buffer", |value| match value.parse() {
            Ok(bytes @ 1..=0x4000_0000) => Ok(bytes),
            _ => Err("a buffer has from 1 to 1073741824 bytes"),
        })?;
        let backend = self.get("--backend", |value| match value {
            "uring" => Ok(BackendKind::Uring),
            "poll" => Ok(BackendKind::Poll),
            _ => Err("there are `uring` and `poll`"),
        })?;
        Ok(IoQueue::new(Options { buffer: buffer.unwrap_or(default_buffer), backend })?)
    }
}
