//! The arguments of `#[coro::coroutine(initial = …, final = …, promise = …, allocator = …, crate = …)]`.

use proc_macro2::TokenStream;
use syn::{Expr, Path};

use crate::diagnostics::Diagnostics;
use crate::key_values::{self, CRATE, parse_crate};

const MODELS: [&str; 5] = [
    "initial = suspend_always",
    "final = suspend_always",
    "promise = MyPromise::with(parameter)",
    "allocator = coro::Global",
    CRATE,
];

/// What the user chose; absent is what the promise says.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) initial: Option<Expr>,
    pub(crate) finish: Option<Expr>,
    pub(crate) promise: Option<Expr>,
    pub(crate) allocator: Option<Expr>,
    /// Where the runtime is, if not at `::coro`.
    pub(crate) krate: Option<Path>,
}

impl Args {
    /// Parses all arguments, past errors too: what is in error is left out.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        key_values::parse(tokens, &MODELS, errors, |key, input| {
            match key {
                "initial" => args.initial = Some(input.parse()?),
                "final" => args.finish = Some(input.parse()?),
                "promise" => args.promise = Some(input.parse()?),
                "allocator" => args.allocator = Some(input.parse()?),
                _ => args.krate = Some(parse_crate(input)?),
            }
            Ok(())
        });
        args
    }
}
