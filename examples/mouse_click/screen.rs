//! Clicks with the mouse. What is said here is about terminals, not about coroutines.

use std::io::{self, Write as _};
use std::panic;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event, MouseButton, MouseEventKind};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use crossterm::style::Stylize as _;
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};

use super::{Button, Clicker, Failure, Location, state};

/// The terminal while it reports clicks. Dropping this restores it.
pub(super) struct Screen {
    file: String,
    picture: String,
}

impl Screen {
    /// `file` is the name of what two left clicks open.
    pub(super) fn open(file: &str) -> io::Result<Self> {
        // A panic prints its message before anything is dropped: it would be lost with the alternate screen.
        let print_message = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore_terminal();
            print_message(panic);
        }));
        terminal::enable_raw_mode()?;
        let screen = Self { file: file.to_owned(), picture: String::new() };
        execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, Hide)?;
        Ok(screen)
    }

    fn draw(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        queue!(out, Clear(ClearType::All), MoveTo(0, 0))?;
        out.write_all(self.picture.as_bytes())?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Does nothing the second time: a panic comes here twice, with its message printed in between.
fn restore_terminal() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        // Nothing better can be done about an error here than to go on.
        let _ = execute!(io::stdout(), Show, DisableMouseCapture, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

impl Clicker for Screen {
    fn show(&mut self, clicks: &[Button], waiting: Option<Location>) -> io::Result<()> {
        self.picture = picture(&self.file, clicks, waiting);
        self.draw()
    }

    fn next_click(&mut self) -> Result<Option<Button>, Failure> {
        loop {
            match event::read()? {
                Event::Mouse(mouse) => match mouse.kind {
                    MouseEventKind::Down(MouseButton::Left) => return Ok(Some(Button::Left)),
                    MouseEventKind::Down(MouseButton::Right) => return Ok(Some(Button::Right)),
                    _ => {}
                },
                Event::Key(key) if leaves(key) => return Ok(None),
                Event::Resize(..) => self.draw()?,
                _ => {}
            }
        }
    }
}

fn leaves(key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('q') => true,
        // In raw mode Ctrl-C is a key like any other.
        KeyCode::Char('c') => key.modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// The source of the coroutine with a mark where it waits, and the clicks that brought it there.
fn picture(file: &str, clicks: &[Button], waiting: Option<Location>) -> String {
    let source = include_str!("../mouse_click.rs").lines().zip(1..);
    let coroutine = source.skip_while(|(line, _)| !line.starts_with("#[coro")).take_while(|(line, _)| !line.is_empty());
    let marked = coroutine.map(|(line, number)| match waiting {
        Some(location) if location.line() == number => format!("  {} {}", "▶".green(), line.bold()),
        _ => format!("    {line}"),
    });
    let clicks: Vec<_> = clicks.iter().map(|button| button.name()).collect();

    let mut lines = vec![String::new(), format!("  Click left twice in a row to open {}.", file.bold()), String::new()];
    lines.extend(marked);
    lines.extend([String::new(), format!("  {}", state(waiting)), format!("  clicks so far: {}", clicks.join(" "))]);
    lines.extend([String::new(), "  Press q to leave.".to_owned()]);
    // In raw mode a line feed does not return to the first column.
    lines.join("\r\n")
}
