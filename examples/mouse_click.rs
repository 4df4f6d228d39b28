//! Two left clicks in a row open a file. The state machine is a coroutine, the first function below.
//!
//! Click on a terminal: `cargo run --example mouse_click -- README.md`
//!
//! Or name the clicks: `printf 'left\nright\nleft\nleft\n' | cargo run --example mouse_click -- README.md`

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use coro::{Location, Signal, StateMachine};

/// Each `Signal.await` is a state of the machine: it waits there for the next click.
#[coro::coroutine(initial = suspend_never, final = suspend_always)]
fn open_file(path: &Path) -> StateMachine<'_, Button, io::Result<File>> {
    let mut first = Signal.await;
    loop {
        let second = Signal.await;
        if (first, second) == (Button::Left, Button::Left) {
            return File::open(path);
        }
        first = second;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Button {
    Left,
    Right,
}

/// Sends clicks to the machine until it returns. The clicker is closed when this function ends, however it does.
fn run(path: &Path, mut clicker: impl Clicker) -> Result<io::Result<File>, Failure> {
    let mut machine = open_file(path);
    let mut clicks = Vec::new();
    loop {
        clicker.show(&clicks, machine.location())?;
        if let Some(opened) = machine.result() {
            return Ok(opened);
        }
        let Some(button) = clicker.next_click()? else {
            return Err(Failure::Failed(format!("clicks read: {}; the file was not opened", clicks.len())));
        };
        machine.send_signal(button).expect("the machine has not returned");
        clicks.push(button);
    }
}

/// Where clicks come from: the mouse, or standard input.
trait Clicker {
    /// Shows the clicks so far, and where the machine waits unless it has returned.
    fn show(&mut self, clicks: &[Button], waiting: Option<Location>) -> io::Result<()>;
    /// The next click, or `None` if there will be no more.
    fn next_click(&mut self) -> Result<Option<Button>, Failure>;
}

#[path = "mouse_click/lines.rs"]
mod lines;
#[path = "mouse_click/screen.rs"]
mod screen;

fn main() -> ExitCode {
    let (code, message) = match open_and_print() {
        // Whoever closed our output (`| head -1`) has seen enough.
        Ok(()) | Err(Failure::OutputClosed) => return ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => (1, message),
        Err(Failure::Misused(message)) => (2, message),
    };
    // Not `eprintln!`: it panics if standard error cannot be written.
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(code)
}

fn open_and_print() -> Result<(), Failure> {
    let path = file_argument()?;
    let name = printable(&path.to_string_lossy());
    let opened = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        run(&path, screen::Screen::open(&name)?)?
    } else {
        run(&path, lines::Lines::default())?
    };
    let (size, text) = opened.and_then(read_start).map_err(|error| Failure::Failed(format!("{name}: {error}")))?;

    let mut out = io::stdout().lock();
    writeln!(out, "opened {name} ({size} bytes)")?;
    for line in text.lines().take(10) {
        writeln!(out, "{}", printable(line))?;
    }
    Ok(())
}

fn file_argument() -> Result<PathBuf, Failure> {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(file), None) => Ok(file.into()),
        _ => Err(Failure::Misused("usage: mouse_click FILE".to_owned())),
    }
}

/// The file's size, and enough of its text for the first lines.
fn read_start(file: File) -> io::Result<(u64, String)> {
    let size = file.metadata()?.len();
    let mut start = Vec::new();
    file.take(2000).read_to_end(&mut start)?;
    Ok((size, String::from_utf8_lossy(&start).into_owned()))
}

/// Escapes control characters: a terminal would obey them.
fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() && c != '\t' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

enum Failure {
    Failed(String),
    Misused(String),
    OutputClosed,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Failed(format!("input or output failed: {error}")),
        }
    }
}

impl Button {
    fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

fn state(waiting: Option<Location>) -> String {
    waiting.map_or("returned".to_owned(), |location| format!("waiting in {location}"))
}
