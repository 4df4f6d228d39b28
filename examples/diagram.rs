//! A coroutine is a state machine, and knows which. This one opens a file after two left clicks in a row.
//!
//! `cargo run --example diagram -- mermaid`, for Markdown
//!
//! `cargo run --example diagram -- dot | dot -Tsvg > open_file.svg`, with Graphviz

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use coro::{Info, Signal, StateMachine};

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

/// The machine of the function. It is the same wherever one of its coroutines is.
pub fn machine() -> Info {
    open_file(Path::new("")).info()
}

/// Tells what happens on a way through the diagram.
fn story(clicks: &[Button]) -> String {
    let mut machine = open_file(Path::new("Cargo.toml"));
    let mut story = String::new();
    for &click in clicks {
        let state = machine.location().and_then(|location| machine.info().state_at(location));
        let name = if click == Button::Left { "left" } else { "right" };
        let state = state.map_or("end".to_owned(), |state| format!("s{}", state.index()));
        story += &format!("in {state}: a {name} click\n");
        if machine.send_signal(click).is_err() {
            story += "    too late\n";
        }
    }
    story
}

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let text = match argument.as_deref() {
        Some("mermaid") => machine().to_mermaid().to_string(),
        Some("dot") => machine().to_dot().to_string(),
        Some("story") => story(&[Button::Left, Button::Right, Button::Left, Button::Left, Button::Left]),
        _ => {
            eprintln!("usage: diagram mermaid|dot|story");
            return ExitCode::from(2);
        }
    };
    // Whoever closed our output (`| head -1`) has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
