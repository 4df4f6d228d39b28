//! The arguments of `#[coro::coroutine(initial = …, final = …, promise = …, crate = …)]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Path, Token};

use crate::diagnostics::{Diagnostics, error_at as error, nearest};

const KEYS: [&str; 4] = ["initial", "final", "promise", "crate"];

/// What the user chose; absent is what the promise says.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) initial: Option<Expr>,
    pub(crate) finish: Option<Expr>,
    pub(crate) promise: Option<Expr>,
    /// Where the runtime is, if not at `::coro`.
    pub(crate) krate: Option<Path>,
}

impl Args {
    /// Parses all arguments, past errors too: what is in error is left out.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        let mut seen: Vec<String> = Vec::new();
        let parsed = (|input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.parse_one(input, &mut seen) {
                    errors.push(error);
                    skip_to_comma(input)?;
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
        args
    }

    fn parse_one(&mut self, input: ParseStream<'_>, seen: &mut Vec<String>) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(error(
                input.span(),
                "expected an argument",
                "the arguments are `initial = …`, `final = …`, `promise = …`, `crate = …`",
            ));
        }
        let key = Ident::parse_any(input)?;
        let name = key.to_string();
        if !KEYS.contains(&name.as_str()) {
            let fix = match nearest(&name, &KEYS) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "the arguments are `initial`, `final`, `promise` and `crate`".to_owned(),
            };
            return Err(error(key.span(), &format!("unknown argument `{name}`"), &fix));
        }
        if !input.peek(Token![=]) {
            let example = match name.as_str() {
                "initial" | "final" => format!("{name} = suspend_always"),
                "promise" => "promise = MyPromise::with(parameter)".to_owned(),
                _ => "crate = ::path::to::coro".to_owned(),
            };
            return Err(error(key.span(), &format!("`{name}` needs a value"), &format!("write `{example}`")));
        }
        input.parse::<Token![=]>()?;
        if seen.contains(&name) {
            return Err(error(key.span(), &format!("`{name}` is given twice"), "remove one of them"));
        }
        if input.is_empty() || input.peek(Token![,]) {
            return Err(error(key.span(), &format!("`{name}` needs a value"), "write it after the `=`"));
        }
        if name == "crate" {
            let path = input.call(Path::parse_mod_style).map_err(|found| {
                error(found.span(), "`crate` takes a path", "write it without quotes: `crate = ::path::to::coro`")
            })?;
            self.krate = Some(path);
        } else {
            let value = Some(input.parse::<Expr>()?);
            match name.as_str() {
                "initial" => self.initial = value,
                "final" => self.finish = value,
                _ => self.promise = value,
            }
        }
        seen.push(name);
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(error(input.span(), "expected `,` between arguments", "put a comma here"));
        }
        Ok(())
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
