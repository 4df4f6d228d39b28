//! The arguments of both attributes: `key = value, flag, …`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token};

use crate::diagnostics::{Diagnostics, error_at, nearest};

/// Parses all arguments, past errors too: `take` is given each key that is one of the `models`, and the input behind its
/// `=`. A model is how a user writes the argument; one without `=` takes no value.
pub(crate) fn parse(
    tokens: TokenStream,
    models: &[&str],
    errors: &mut Diagnostics,
    mut take: impl FnMut(&str, ParseStream<'_>) -> syn::Result<()>,
) {
    let mut seen = Vec::new();
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = parse_one(input, models, &mut seen, &mut take) {
                errors.push(error);
                // The tokens after an error belong to it.
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(tokens);
    if let Err(error) = parsed {
        errors.push(error);
    }
}

fn parse_one(
    input: ParseStream<'_>,
    models: &[&str],
    seen: &mut Vec<String>,
    take: &mut impl FnMut(&str, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let keys: Vec<&str> = models.iter().map(|model| key_of(model)).collect();
    let the_arguments = || format!("the arguments are `{}`", keys.join("`, `"));
    let key = Ident::parse_any(input).map_err(|_| error_at(input.span(), "expected an argument", &the_arguments()))?;
    let name = key.to_string();
    let Some(model) = models.iter().find(|model| key_of(model) == name) else {
        let fix = nearest(&name, &keys).map_or_else(the_arguments, |known| format!("did you mean `{known}`?"));
        return Err(error_at(key.span(), &format!("unknown argument `{name}`"), &fix));
    };
    if seen.contains(&name) {
        return Err(error_at(key.span(), &format!("`{name}` is given twice"), "remove one of them"));
    }
    let takes_value = model.contains('=');
    match (takes_value, input.parse::<Option<Token![=]>>()?) {
        (false, Some(equals)) => {
            let fix = format!("write `{name}` alone, or leave it out");
            return Err(error_at(equals.span, &format!("`{name}` takes no value"), &fix));
        }
        (true, equals) if equals.is_none() || input.is_empty() || input.peek(Token![,]) => {
            return Err(error_at(key.span(), &format!("`{name}` needs a value"), &format!("write `{model}`")));
        }
        _ => {}
    }
    seen.push(name);
    take(key_of(model), input)?;
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(error_at(input.span(), "expected `,` between arguments", "put a comma before this"));
    }
    Ok(())
}

fn key_of(model: &str) -> &str {
    model.split(' ').next().unwrap_or(model)
}

/// How `crate` is written.
pub(crate) const CRATE: &str = "crate = ::path::to::coro";

/// The value of `crate`.
pub(crate) fn parse_crate(input: ParseStream<'_>) -> syn::Result<Path> {
    input
        .call(Path::parse_mod_style)
        .map_err(|error| error_at(error.span(), "`crate` takes a path", &format!("write it without quotes: `{CRATE}`")))
}
