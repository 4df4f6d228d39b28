//! The arguments: `#[coro::promise(world = Detached, send, await = none, crate = ::path)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;

use crate::diagnostics::{Diagnostics, error_at, nearest};
use crate::key_values::{self, CRATE, parse_crate};

const MODELS: [&str; 4] = ["world = Detached", "send", "await = none", CRATE];
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
        key_values::parse(tokens, &MODELS, errors, |key, input| {
            match key {
                "world" => arguments.world = parse_world(input)?,
                "send" => arguments.is_send = true,
                "await" => {
                    parse_none(input)?;
                    arguments.awaits = false;
                }
                _ => arguments.krate = parse_crate(input)?.into_token_stream(),
            }
            Ok(())
        });
        arguments
    }
}

fn parse_world(input: ParseStream<'_>) -> syn::Result<Ident> {
    let world = parse_word(input, "world", MODELS[0])?;
    let word = world.to_string();
    if WORLDS.contains(&word.as_str()) {
        return Ok(world);
    }
    let fix = match nearest(&word, &WORLDS) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("the worlds are `{}`", WORLDS.join("`, `")),
    };
    Err(error_at(world.span(), &format!("unknown world `{word}`"), &fix))
}

fn parse_none(input: ParseStream<'_>) -> syn::Result<()> {
    let word = parse_word(input, "await", MODELS[2])?;
    if word == "none" {
        return Ok(());
    }
    Err(error_at(
        word.span(),
        &format!("`await` cannot be `{word}`"),
        "write `await = none` to await nothing, or leave it out: what can be awaited is then up to `await_transform`",
    ))
}

fn parse_word(input: ParseStream<'_>, key: &str, model: &str) -> syn::Result<Ident> {
    Ident::parse_any(input)
        .map_err(|error| error_at(error.span(), &format!("`{key}` takes a word"), &format!("write `{model}`")))
}
