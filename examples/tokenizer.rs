//! A tokenizer: it pulls characters from one iterator and is an iterator of tokens itself.
//!
//! Written by hand, such an iterator keeps its state in an enum and comes in at the top each time. Here the state is the place
//! in the code: inside a number, inside a name, between two tokens.
//!
//! Run: `cargo run --example tokenizer -- 'area = 3.14 * (r1 + 2)'`, or let it read its input

use std::fmt;
use std::io::{self, Read as _};

use coro::Generator;

#[derive(Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Name(String),
    Symbol(char),
}

/// Why there are no more tokens, and where: at which character, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    pub at: usize,
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at, self.reason)
    }
}

/// The tokens of a text, each with the place of its first character. An error is the last item.
#[coro::coroutine]
pub fn tokens<'a>(text: impl Iterator<Item = char> + 'a) -> Generator<'a, Result<(usize, Token), Malformed>> {
    let mut text = (1..).zip(text).peekable();
    while let Some((at, first)) = text.next() {
        let token = match first {
            _ if first.is_whitespace() => continue,
            '0'..='9' => {
                let mut digits = String::from(first);
                while let Some((_, digit)) = text.next_if(|(_, next)| next.is_ascii_digit() || *next == '.') {
                    digits.push(digit);
                }
                match digits.parse() {
                    Ok(number) => Token::Number(number),
                    Err(_) => {
                        co_yield!(Err(Malformed { at, reason: format!("{digits:?} is not a number") }));
                        return;
                    }
                }
            }
            _ if first.is_alphabetic() => {
                let mut name = String::from(first);
                while let Some((_, letter)) = text.next_if(|(_, next)| next.is_alphanumeric() || *next == '_') {
                    name.push(letter);
                }
                Token::Name(name)
            }
            '+' | '-' | '*' | '/' | '=' | '(' | ')' => Token::Symbol(first),
            _ => {
                co_yield!(Err(Malformed { at, reason: format!("{first:?} begins no token") }));
                return;
            }
        };
        co_yield!(Ok((at, token)));
    }
}

fn main() -> io::Result<()> {
    let mut text = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        io::stdin().read_to_string(&mut text)?;
    }
    for token in tokens(text.chars()) {
        match token {
            Ok((at, token)) => println!("{at:>4}  {token:?}"),
            Err(malformed) => {
                eprintln!("{malformed}");
                std::process::exit(1);
            }
        }
    }
    Ok(())
}
