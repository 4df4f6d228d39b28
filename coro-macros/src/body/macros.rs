//! Macros in the body: `co_yield!` and `co_await!` themselves, `dbg!`, and the inputs of all others.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, Macro, Path, Token};

use super::{Input, Place, Rewriter, bare, name_span};
use crate::diagnostics::error_at;
use crate::suspend::{Written, delegate, give, wait};
use crate::text::text;

/// What has become of a macro.
pub(super) enum Replaced {
    By(TokenStream),
    /// It stays; its input has been visited.
    Not,
}

/// The name of a macro that may be a word of ours: `co_yield`, or `coro::co_yield`.
pub(crate) fn word(path: &Path) -> Option<String> {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match &*names {
        [name] if path.leading_colon.is_none() => Some(name.clone()),
        [coro, name] if coro == "coro" => Some(name.clone()),
        _ => None,
    }
}

/// What `co_yield!` was given.
enum Yield {
    Unit,
    Value(Expr),
    Delegate(Expr),
}

impl Yield {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Self::Unit);
        }
        if input.peek(Token![..]) && !input.peek(Token![..=]) {
            let ahead = input.fork();
            ahead.parse::<Token![..]>()?;
            if !ahead.is_empty() {
                input.parse::<Token![..]>()?;
                return Ok(Self::Delegate(only(input, "`co_yield!(..other)` takes one coroutine")?));
            }
        }
        Ok(Self::Value(only(input, "`co_yield!` takes one value")?))
    }
}

/// One expression, and perhaps a comma.
fn only(input: ParseStream<'_>, problem: &str) -> syn::Result<Expr> {
    let expression = Expr::parse(input)?;
    let comma: Option<Token![,]> = input.parse()?;
    match (input.is_empty(), comma) {
        (true, _) => Ok(expression),
        (_, Some(_)) => Err(error_at(input.span(), problem, "put several in a tuple: `((a, b))`")),
        (_, None) => Err(error_at(input.span(), problem, "remove what follows it")),
    }
}

impl Written {
    fn as_macro(mac: &Macro) -> Self {
        let (from, to) = (mac.path.span(), mac.delimiter.span().close());
        let word = mac.path.segments.last().map(|last| last.ident.clone());
        Self {
            from,
            to,
            token: from,
            operand: from,
            point: TokenStream::new(),
            is_in_macro: false,
            keyword: None,
            word,
        }
    }

    fn with(self, operand: &Expr) -> Self {
        Self { operand: name_span(operand).unwrap_or(self.operand), ..self }
    }

    /// Takes the next point: the operand has been visited.
    fn at_point(self, rewriter: &mut Rewriter<'_>) -> Self {
        Self { point: rewriter.point(self.token), ..self }
    }
}

impl Rewriter<'_> {
    /// Replaces a macro, or visits its input.
    pub(super) fn replace(&mut self, mac: &mut Macro) -> Replaced {
        let replaced = match word(&mac.path).as_deref() {
            Some("co_return") if self.input.is_none() && !self.shadowed.contains("co_return") => {
                self.errors.error(&mac.path, "`co_return` is the keyword of C++", "write `return value`");
                return Replaced::By(TokenStream::new());
            }
            Some("co_yield") if !self.shadowed.contains("co_yield") => {
                self.suspension("co_yield!", mac, Self::co_yield)
            }
            Some("co_await") if !self.shadowed.contains("co_await") => {
                self.suspension("co_await!", mac, Self::co_await)
            }
            _ => self.dbg(mac),
        };
        match replaced {
            Some(tokens) => Replaced::By(tokens),
            None => {
                self.rewrite_input(mac);
                Replaced::Not
            }
        }
    }

    /// The expansion of a visible suspension; `None` leaves it to the local macro.
    fn suspension(
        &mut self,
        name: &str,
        mac: &Macro,
        expand: impl FnOnce(&mut Self, &Macro) -> syn::Result<TokenStream>,
    ) -> Option<TokenStream> {
        if self.place != Place::Body {
            self.refuse(mac.path.span(), name);
            return None;
        }
        if self.input.is_some() {
            return None;
        }
        Some(expand(self, mac).unwrap_or_else(|error| {
            self.errors.push(error);
            TokenStream::new()
        }))
    }

    fn co_await(&mut self, mac: &Macro) -> syn::Result<TokenStream> {
        let span = mac.path.span();
        if mac.tokens.is_empty() {
            return Err(error_at(span, "`co_await!` needs an expression", "write `co_await!(expression)`"));
        }
        let parse = |input: ParseStream<'_>| only(input, "`co_await!` takes one expression");
        let mut operand = mac.parse_body_with(parse)?;
        let written = Written::as_macro(mac).with(&operand);
        self.visit_expr_mut(&mut operand);
        Ok(wait(bare(&operand), &written.at_point(self)))
    }

    fn co_yield(&mut self, mac: &Macro) -> syn::Result<TokenStream> {
        let written = Written::as_macro(mac);
        Ok(match mac.parse_body_with(Yield::parse)? {
            Yield::Unit => {
                self.yields = true;
                give(&quote_spanned!(written.to=> ()), &written.at_point(self))
            }
            Yield::Value(mut value) => {
                let written = written.with(&value);
                self.yields = true;
                self.visit_expr_mut(&mut value);
                give(bare(&value), &written.at_point(self))
            }
            Yield::Delegate(mut other) => {
                let written = written.with(&other);
                self.visit_expr_mut(&mut other);
                delegate(bare(&other), &written.at_point(self))
            }
        })
    }

    /// `dbg!(e)` prints the text of `e`: the user's, not what becomes of it.
    ///
    /// Not inside another macro: that would be given tokens of ours.
    fn dbg(&mut self, mac: &Macro) -> Option<TokenStream> {
        let is_std = std_name(&mac.path).is_some_and(|name| name == "dbg" && !self.shadowed.contains(&name));
        if !is_std || self.place != Place::Body || self.input.is_some() || !suspends(&mac.tokens) {
            return None;
        }
        let operands = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(mac.tokens.clone()).ok()?;
        let span = mac.path.span();
        let mixed = Span::mixed_site().located_at(span);
        let printed: Vec<TokenStream> = operands
            .into_iter()
            .map(|mut operand| {
                let text = text(&operand.to_token_stream());
                self.visit_expr_mut(&mut operand);
                let place = quote_spanned!(span=> ::core::file!(), ::core::line!(), ::core::column!());
                quote_spanned! {mixed=>
                    match #operand {
                        __coro_it => {
                            ::std::eprintln!("[{}:{}:{}] {} = {:#?}", #place, #text, &__coro_it);
                            __coro_it
                        }
                    }
                }
            })
            .collect();
        Some(match &*printed {
            [one] => quote_spanned!(mixed=> (#one)),
            several => quote_spanned!(mixed=> (#(#several),*)),
        })
    }

    /// Visits each part of a macro's input, between commas and semicolons, that is an expression.
    pub(super) fn rewrite_input(&mut self, mac: &mut Macro) {
        let (input, has_any) = (Input::of(mac), suspends(&mac.tokens));
        self.uses_macros |= has_any || matches!(input, Input::Unknown);
        // Where `yield` is a word, as in those of async-stream, the input is a body of its own.
        if !has_any || self.shadowed.contains("co_await") || names(&mac.tokens, &["yield"]) {
            return;
        }
        let outer = self.input.replace(self.input.map_or(input, |outer| outer.and(input)));
        let mut rewritten = TokenStream::new();
        for Segment { tokens, expression, end } in segments(&mac.tokens) {
            match expression {
                Some(mut expression) if suspends(&tokens) => {
                    self.visit_expr_mut(&mut expression);
                    expression.to_tokens(&mut rewritten);
                }
                _ => rewritten.extend(tokens),
            }
            rewritten.extend(end);
        }
        self.input = outer;
        mac.tokens = rewritten;
    }
}

/// A part of a macro's input, up to a comma or semicolon.
pub(crate) struct Segment {
    pub(crate) tokens: TokenStream,
    /// The same, if it is one.
    pub(crate) expression: Option<Expr>,
    end: Option<TokenTree>,
}

/// The parts of a macro's input. An expression goes to its own end, for there are commas in `f::<A, B>(x)`, too;
/// anything else to the next comma.
pub(crate) fn segments(tokens: &TokenStream) -> Vec<Segment> {
    let parse = |input: ParseStream<'_>| {
        let mut segments = Vec::new();
        while !input.is_empty() {
            let ahead = input.fork();
            let expression = Expr::parse(&ahead).ok().filter(|_| is_end(&ahead));
            let mut tokens = TokenStream::new();
            while expression.as_ref().map_or_else(|| !is_end(input), |_| input.cursor() != ahead.cursor()) {
                tokens.extend([input.parse::<TokenTree>()?]);
            }
            let end = if input.is_empty() { None } else { Some(input.parse()?) };
            segments.push(Segment { tokens, expression, end });
        }
        Ok(segments)
    };
    // Nothing in there can fail: what is no expression is taken token by token.
    parse.parse2(tokens.clone()).unwrap_or_default()
}

/// Whether a segment of a macro's input ends here.
fn is_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}

/// Macros of `std` that evaluate expressions, and do no more.
pub(crate) const EVALUATE_EXPRESSIONS: [&str; 21] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

fn is_plain(name: &Ident) -> bool {
    name == "co_await" || name == "co_yield" || EVALUATE_EXPRESSIONS.iter().any(|plain| name == plain)
}

impl Input {
    fn of(mac: &Macro) -> Self {
        match mac.path.segments.last() {
            Some(last) if last.ident == "assert" || last.ident == "debug_assert" => Self::Printed,
            Some(last) if is_plain(&last.ident) => Self::Plain,
            _ => Self::Unknown,
        }
    }

    const fn and(self, inner: Self) -> Self {
        match (self, inner) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Printed, _) | (_, Self::Printed) => Self::Printed,
            (Self::Plain, Self::Plain) => Self::Plain,
        }
    }
}

/// Whether it is worth parsing: keeps macros without suspensions as the user wrote them.
fn suspends(tokens: &TokenStream) -> bool {
    names(tokens, &["await", "co_await", "co_yield"])
}

fn names(tokens: &TokenStream, words: &[&str]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
        TokenTree::Group(group) => names(&group.stream(), words),
        _ => false,
    })
}

/// The name of a macro that is one of `std`'s, if its user has not hidden that.
pub(crate) fn std_name(path: &Path) -> Option<String> {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match &*names {
        [name] if path.leading_colon.is_none() => Some(name.clone()),
        [std, name] if matches!(std.as_str(), "alloc" | "core" | "std") => Some(name.clone()),
        _ => None,
    }
}

/// Macros that the body defines, by names that may be ours or `std`'s.
#[derive(Default)]
pub(crate) struct Shadowed(Vec<Ident>);

impl Shadowed {
    pub(crate) fn find(block: &mut Block) -> Self {
        let mut shadowed = Self::default();
        shadowed.visit_block_mut(block);
        shadowed
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|shadowed| shadowed == name)
    }
}

impl VisitMut for Shadowed {
    fn visit_item_macro_mut(&mut self, item: &mut syn::ItemMacro) {
        self.0.extend(item.ident.clone());
    }
}
