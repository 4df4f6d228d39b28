//! Clicks by name, for when there is no terminal: one on each line of standard input.

use std::io::{self, BufRead as _, Write as _};

use super::{Button, Clicker, Failure, Location, state};

#[derive(Default)]
pub(super) struct Lines {
    read: usize,
}

impl Clicker for Lines {
    fn show(&mut self, clicks: &[Button], waiting: Option<Location>) -> io::Result<()> {
        let click = clicks.last().map_or("start", |button| button.name());
        writeln!(io::stdout(), "{click:<5}  → {}", state(waiting))
    }

    fn next_click(&mut self) -> Result<Option<Button>, Failure> {
        let mut line = Vec::new();
        while io::stdin().lock().read_until(b'\n', &mut line)? > 0 {
            self.read += 1;
            match line.trim_ascii().to_ascii_lowercase().as_slice() {
                b"left" => return Ok(Some(Button::Left)),
                b"right" => return Ok(Some(Button::Right)),
                b"" => line.clear(),
                _ => return Err(Failure::Misused(format!("line {}: expected `left` or `right`", self.read))),
            }
        }
        Ok(None)
    }
}
