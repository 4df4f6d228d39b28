//! A push parser: the head of an HTTP request, fed in whatever chunks it arrives in.
//!
//! The parser never waits for a chunk to be complete and never reads a byte twice: it is suspended wherever the chunk ends, be it
//! in the middle of a name, and goes on there. What remains of the last chunk belongs to the body. Malformed input gives the
//! line, the column and the reason (RFC 9112).
//!
//! Run: `printf 'GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\nbody' | cargo run --example http_head`, or name a file

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use coro::{Signal, StateMachine};

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub method: String,
    pub target: String,
    pub version: String,
    /// Names and values. Of a value, what is not UTF-8 is replaced.
    pub fields: Vec<(String, String)>,
}

/// Where the input is wrong, counted from 1, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub line: usize,
    pub column: usize,
    pub reason: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

const LONGEST_LINE: usize = 8000;
const MOST_FIELDS: usize = 100;

/// Receives bytes, and `None` at the end of the input.
pub type Parser = StateMachine<'static, Option<u8>, Result<Head, Malformed>>;

#[coro::coroutine(initial = suspend_never)]
pub fn parser() -> Parser {
    let mut head = Head::default();
    for line in 1.. {
        let mut text = Vec::new();
        let malformed = |column, reason| Malformed { line, column, reason };
        loop {
            match Signal.await {
                Some(b'\n') => break,
                Some(byte) if text.len() < LONGEST_LINE => text.push(byte),
                Some(_) => return Err(malformed(text.len() + 1, "the line is too long")),
                None => return Err(malformed(text.len() + 1, "the input ends here")),
            }
        }
        text.pop_if(|last| *last == b'\r');

        if line == 1 {
            (head.method, head.target, head.version) =
                request_line(&text).map_err(|(at, reason)| malformed(at + 1, reason))?;
        } else if text.is_empty() {
            break;
        } else if head.fields.len() == MOST_FIELDS {
            return Err(malformed(1, "there are too many fields"));
        } else {
            head.fields.push(field(&text).map_err(|(at, reason)| malformed(at + 1, reason))?);
        }
    }
    Ok(head)
}

/// An index into the line, and what is wrong there.
type Wrong = (usize, &'static str);

/// The text from `start` to the first byte that is not `allowed`, of which there must be one before.
fn take(line: &[u8], start: usize, allowed: fn(&u8) -> bool, missing: &'static str) -> Result<(String, usize), Wrong> {
    let length = line[start..].iter().take_while(|byte| allowed(byte)).count();
    if length == 0 {
        return Err((start, missing));
    }
    Ok((String::from_utf8_lossy(&line[start..start + length]).into_owned(), start + length))
}

fn expect(line: &[u8], at: usize, byte: u8, missing: &'static str) -> Result<usize, Wrong> {
    if line.get(at) == Some(&byte) { Ok(at + 1) } else { Err((at, missing)) }
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

fn request_line(line: &[u8]) -> Result<(String, String, String), Wrong> {
    let (method, at) = take(line, 0, is_token, "there is no method")?;
    let at = expect(line, at, b' ', "a method is followed by one space")?;
    let (target, at) = take(line, at, u8::is_ascii_graphic, "there is no target")?;
    let at = expect(line, at, b' ', "a target is followed by one space")?;
    match &line[at..] {
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Ok((method, target, String::from_utf8_lossy(&line[at..]).into_owned()))
        }
        _ => Err((at, "this is no version of HTTP")),
    }
}

fn field(line: &[u8]) -> Result<(String, String), Wrong> {
    let (name, at) = take(line, 0, is_token, "a line begins with the name of a field")?;
    let at = expect(line, at, b':', "a name is followed by a colon")?;
    match line.iter().skip(at).position(|byte| byte.is_ascii_control() && *byte != b'\t') {
        Some(control) => Err((at + control, "a value has no control characters")),
        None => Ok((name, String::from_utf8_lossy(line[at..].trim_ascii()).into_owned())),
    }
}

/// Feeds the parser a chunk, and says how much of it belonged to the head.
pub fn feed(parser: &mut Parser, chunk: &[u8]) -> usize {
    // A machine that has ended gives the byte back.
    chunk.iter().take_while(|byte| parser.send_signal(Some(**byte)).is_ok()).count()
}

fn main() -> io::Result<()> {
    let mut input: Box<dyn Read> = match std::env::args_os().nth(1) {
        Some(path) => Box::new(File::open(path)?),
        None => Box::new(io::stdin()),
    };
    let (mut parser, mut chunk, mut body) = (parser(), [0; 16], 0);
    while let length @ 1.. = input.read(&mut chunk)? {
        body += length - feed(&mut parser, &chunk[..length]);
    }
    // If it still waits, it must say where; otherwise there is nobody to tell.
    let _ = parser.send_signal(None);
    match parser.result().expect("it has ended") {
        Ok(head) => {
            println!("{} {} {}", head.method, head.target, head.version);
            for (name, value) in &head.fields {
                println!("{name}: {value}");
            }
            println!("-- and {body} bytes of a body");
        }
        Err(malformed) => {
            eprintln!("{malformed}");
            std::process::exit(1);
        }
    }
    Ok(())
}
