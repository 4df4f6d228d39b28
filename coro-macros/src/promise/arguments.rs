//! The arguments: `#[coro::promise(world = Detached, send, await = none, crate = ::path)]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token};

use crate::diagnostics::{Diagnostics, error_at, nearest};

const KEYS: [&str; 4] = ["world", "send", "await", "crate"];
const WORLDS: [&str; 3] = ["ByOwner", "Detached", "Polled"];

pub(super) struct Arguments {
    /// Whether the promise awaits anything at all.
    pub(super) awaits: bool,
    pub(super) world: Ident,
    pub(super) is_send: bool,
    /// Where the runtime is.
    pub(super) krate: TokenStream,
}

impl Arguments {
    /// Parses all arguments, past errors too: one in error is as if it were not there.
    pub(super) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Self {
        let span = Span::mixed_site();
        let mut arguments = Self {
            awaits: true,
            world: Ident::new("ByOwner", span),
            is_send: false,
            krate: quote_spanned!(span=> ::coro),
        };
        let mut seen = Vec::new();
        let mut argument = TokenStream::new();
        for token in tokens {
            match token {
                TokenTree::Punct(comma) if comma.as_char() == ',' => {
                    if argument.is_empty() {
                        errors.error(comma, "an argument is missing before this comma", "remove the comma");
                    }
                    arguments.parse_one(std::mem::take(&mut argument), &mut seen, errors);
                }
                token => argument.extend([token]),
            }
        }
        arguments.parse_one(argument, &mut seen, errors);
        arguments
    }

    fn parse_one(&mut self, argument: TokenStream, seen: &mut Vec<String>, errors: &mut Diagnostics) {
        if argument.is_empty() {
            return;
        }
        let parsed = (|input: ParseStream<'_>| {
            let key = Ident::parse_any(input).map_err(|error| {
                error_at(
                    error.span(),
                    "expected an argument",
                    "the arguments are `world = …`, `send`, `await = none`, `crate = …`",
                )
            })?;
            let name = key.to_string();
            let result = if seen.contains(&name) {
                Err(error_at(key.span(), &format!("`{name}` is given twice"), "remove one of them"))
            } else {
                seen.push(name);
                self.parse_value(&key, input)
            };
            // The tokens after an error belong to it; without one there are none.
            let rest = input.parse::<TokenStream>()?;
            match rest.into_iter().next() {
                Some(extra) if result.is_ok() => {
                    Err(error_at(extra.span(), "expected `,` between arguments", "put a comma before this"))
                }
                _ => result,
            }
        })
        .parse2(argument);
        if let Err(error) = parsed {
            errors.push(error);
        }
    }

    fn parse_value(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let name = key.to_string();
        let example = match name.as_str() {
            "send" => {
                return if input.peek(Token![=]) {
                    Err(error_at(input.span(), "`send` takes no value", "write `send` alone, or leave it out"))
                } else {
                    self.is_send = true;
                    Ok(())
                };
            }
            "world" => "world = Detached",
            "await" => "await = none",
            "crate" => "crate = ::path::to::coro",
            _ => {
                let fix = match nearest(&name, &KEYS) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "the arguments are `world`, `send`, `await` and `crate`".to_owned(),
                };
                return Err(error_at(key.span(), &format!("unknown argument `{name}`"), &fix));
            }
        };
        let equals: Option<Token![=]> = input.parse()?;
        if equals.is_none() || input.is_empty() {
            return Err(error_at(key.span(), &format!("`{name}` needs a value"), &format!("write `{example}`")));
        }
        if name == "crate" {
            let path = input.call(Path::parse_mod_style).map_err(|error| {
                error_at(error.span(), "`crate` takes a path", &format!("write it as it is: `{example}`"))
            })?;
            self.krate = path.into_token_stream();
            return Ok(());
        }
        let value = Ident::parse_any(input).map_err(|error| {
            error_at(error.span(), &format!("`{name}` takes a word"), &format!("write `{example}`"))
        })?;
        let word = value.to_string();
        if name == "world" {
            if !WORLDS.contains(&word.as_str()) {
                let fix = match nearest(&word, &WORLDS) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "the worlds are `ByOwner`, `Detached` and `Polled`".to_owned(),
                };
                return Err(error_at(value.span(), &format!("unknown world `{word}`"), &fix));
            }
            self.world = value;
        } else {
            if word != "none" {
                return Err(error_at(
                    value.span(),
                    &format!("`await` cannot be `{word}`"),
                    "write `await = none` to await nothing, or leave it out: what can be awaited is then up to \
                     `await_transform`",
                ));
            }
            self.awaits = false;
        }
        Ok(())
    }
}
