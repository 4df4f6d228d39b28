//! The body: finds every suspension, rewrites it, and refuses those that are not the coroutine's own.

pub(crate) mod macros;

use std::vec;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, GenericArgument, ImplItemFn, Item, ItemFn, Macro, Signature, Stmt, StmtMacro};
use syn::{TraitItemFn, Type, token};

use self::macros::{Replaced, Shadowed};
use crate::diagnostics::Diagnostics;
use crate::flow::Flow;
use crate::suspend::{Written, emitted_point, wait};

/// The body of a coroutine, its suspensions rewritten.
pub(crate) struct Body {
    pub(crate) block: Block,
    /// Whether a macro in it might suspend, with `co_await!` or `co_yield!`.
    pub(crate) uses_macros: bool,
    /// Whether it yields values, or a macro in it might.
    pub(crate) yields: bool,
    pub(crate) flow: Flow,
}

impl Body {
    /// Rewrites the body of the function whose name is at `start`.
    pub(crate) fn rewrite(start: Span, mut block: Block, errors: &mut Diagnostics) -> Self {
        let mut rewriter = Rewriter::new(Place::Body, errors);
        rewriter.shadowed = Shadowed::find(&mut block);
        let flow = Flow::of(start, &block, &rewriter.shadowed);
        rewriter.points = flow.direct().collect::<Vec<_>>().into_iter();
        rewriter.visit_block_mut(&mut block);
        let Rewriter { uses_macros, yields, .. } = rewriter;
        #[cfg(test)]
        assert!(rewriter.points.next().is_none() || !rewriter.errors.is_empty(), "both count the same points");
        Self { block, uses_macros, yields: yields || uses_macros, flow }
    }
}

/// Refuses every suspension in an argument of the attribute, which is evaluated outside the body.
pub(crate) fn refuse(argument: &Expr, errors: &mut Diagnostics) {
    Rewriter::new(Place::Foreign("an argument of the attribute"), errors).visit_expr_mut(&mut argument.clone());
}

/// Reports the words of C++ in a body that could not be parsed: whether there are any.
pub(crate) fn refuse_cpp_words(body: &TokenStream, errors: &mut Diagnostics) -> bool {
    let mut tokens = body.clone().into_iter().peekable();
    let mut found = false;
    while let Some(token) = tokens.next() {
        match (&token, tokens.peek()) {
            (TokenTree::Ident(word), Some(TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_))) => {
                let fix = match word.to_string().as_str() {
                    "co_await" => "write `expression.await`, or `co_await!(expression)`",
                    "co_yield" => "write `co_yield!(value)`",
                    "co_return" => "write `return value`",
                    _ => continue,
                };
                errors.error(word, &format!("`{word}` is the keyword of C++"), fix);
                found = true;
            }
            (TokenTree::Group(group), _) => found |= refuse_cpp_words(&group.stream(), errors),
            _ => {}
        }
    }
    found
}

/// Whose suspensions the visited tokens are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The coroutine's.
    Body,
    /// Nobody's: `.await` and `co_yield!` are refused.
    Foreign(&'static str),
    /// Rust's own: `.await` is, `co_yield!` and `co_await!` are refused.
    Async(&'static str),
}

/// The macro whose input is visited. In there `e.await` becomes `co_await!(e)`, which reads well where it is printed, or
/// `co_await!(@await e)`: with its keyword, at which rustc then says `await occurs here`.
#[derive(Clone, Copy)]
enum Input {
    /// As `Plain`, and it prints them.
    Printed,
    /// It takes expressions and evaluates them where it stands.
    Plain,
    /// It may do anything with them, also make a closure `async`.
    Unknown,
}

struct Rewriter<'r> {
    errors: &'r mut Diagnostics,
    shadowed: Shadowed,
    place: Place,
    input: Option<Input>,
    uses_macros: bool,
    yields: bool,
    /// The numbers of the points yet to come.
    points: vec::IntoIter<usize>,
}

impl<'r> Rewriter<'r> {
    fn new(place: Place, errors: &'r mut Diagnostics) -> Self {
        Self {
            errors,
            shadowed: Shadowed::default(),
            place,
            input: None,
            uses_macros: false,
            yields: false,
            points: Vec::new().into_iter(),
        }
    }

    /// The point of the next suspension, in the order of the source: a suspension in an operand goes before.
    fn point(&mut self, token: Span) -> TokenStream {
        emitted_point(token, self.points.next().unwrap_or_default())
    }

    fn within(&mut self, place: Place, visit: impl FnOnce(&mut Self)) {
        let outer = core::mem::replace(&mut self.place, place);
        visit(self);
        self.place = outer;
    }

    fn within_fn(&mut self, signature: &Signature, visit: impl FnOnce(&mut Self)) {
        let place = match signature.asyncness {
            Some(_) => Place::Async("a nested `async fn`"),
            None => Place::Foreign("a nested function"),
        };
        self.within(place, visit);
    }

    /// Reports a suspension in a place that is not the body.
    fn refuse(&mut self, span: Span, what: &str) {
        let (Place::Foreign(place) | Place::Async(place)) = self.place else { return };
        // Backed by the label: see `suspend`.
        if matches!(self.input, Some(Input::Unknown)) {
            return;
        }
        self.errors.error_at(
            span,
            &format!("`{what}` in {place} cannot suspend the coroutine around it"),
            "suspend in the coroutine's own body, and pass the value in",
        );
    }

    fn statement(&mut self, statement: &mut Stmt, is_last: bool) {
        if let Stmt::Macro(StmtMacro { attrs, mac, semi_token }) = statement
            && let Replaced::By(tokens) = self.replace(mac)
        {
            // `co_yield! { 1 }` is a statement without a semicolon.
            let semi = semi_token.or_else(|| (!is_last).then(|| token::Semi(mac.path.segments[0].ident.span())));
            *statement = Stmt::Expr(Expr::Verbatim(quote!(#(#attrs)* #tokens)), semi);
        } else if !matches!(statement, Stmt::Macro(_)) {
            visit_mut::visit_stmt_mut(self, statement);
        }
    }
}

impl VisitMut for Rewriter<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let count = block.stmts.len();
        for (index, statement) in block.stmts.iter_mut().enumerate() {
            self.statement(statement, index + 1 == count);
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Await(node) => {
                let span = node.await_token.span;
                if self.place != Place::Body {
                    if matches!(self.place, Place::Foreign(_)) {
                        self.refuse(span, ".await");
                    }
                    return self.visit_expr_mut(&mut node.base);
                }
                let attributes = core::mem::take(&mut node.attrs);
                let operand = name_span(&node.base);
                self.visit_expr_mut(&mut node.base);
                let base = bare(&node.base);
                // The user's span, so that the place of this suspension is the user's line.
                let awaited = if matches!(self.input, Some(Input::Plain)) {
                    let keyword = node.await_token;
                    quote_spanned!(span=> co_await!(@ #keyword #base))
                } else if self.input.is_some() {
                    quote_spanned!(span=> co_await!(#base))
                } else {
                    let from = first_span(&node.base).unwrap_or(span);
                    wait(
                        base,
                        &Written {
                            from,
                            to: span,
                            token: span,
                            operand: operand.unwrap_or(from),
                            point: self.point(span),
                            is_in_macro: false,
                            keyword: None,
                            word: None,
                        },
                    )
                };
                *expression = Expr::Verbatim(quote!(#(#attributes)* #awaited));
            }
            Expr::Yield(node) => {
                let fix = "write `co_yield!(value)`";
                self.errors.error(node.yield_token, "`yield` is an unstable keyword of Rust's own coroutines", fix);
            }
            Expr::Macro(node) => {
                if let Replaced::By(tokens) = self.replace(&mut node.mac) {
                    let attributes = &node.attrs;
                    *expression = Expr::Verbatim(quote!(#(#attributes)* #tokens));
                }
            }
            Expr::Closure(closure) => {
                let place = match closure.asyncness {
                    Some(_) => Place::Async("an async closure"),
                    None => Place::Foreign("a closure"),
                };
                self.within(place, |this| visit_mut::visit_expr_closure_mut(this, closure));
            }
            Expr::Async(block) => {
                self.within(Place::Async("an `async` block"), |this| visit_mut::visit_expr_async_mut(this, block));
            }
            Expr::Const(block) => {
                self.within(Place::Foreign("a `const` block"), |this| visit_mut::visit_expr_const_mut(this, block));
            }
            Expr::Repeat(repeat) => {
                self.visit_expr_mut(&mut repeat.expr);
                self.within(Place::Foreign("a constant"), |this| this.visit_expr_mut(&mut repeat.len));
            }
            _ => visit_mut::visit_expr_mut(self, expression),
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        self.within(Place::Foreign("a constant"), |this| visit_mut::visit_type_mut(this, ty));
    }

    fn visit_generic_argument_mut(&mut self, argument: &mut GenericArgument) {
        self.within(Place::Foreign("a constant"), |this| visit_mut::visit_generic_argument_mut(this, argument));
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        // A macro defined in the body suspends where it is used.
        if matches!(item, Item::Macro(_)) {
            self.uses_macros = true;
        } else {
            self.within(Place::Foreign("a nested item"), |this| visit_mut::visit_item_mut(this, item));
        }
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        if is_plain(&function.attrs) {
            self.within_fn(&function.sig, |this| this.visit_block_mut(&mut function.block));
        }
    }

    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        if is_plain(&function.attrs) {
            self.within_fn(&function.sig, |this| this.visit_block_mut(&mut function.block));
        }
    }

    fn visit_trait_item_fn_mut(&mut self, function: &mut TraitItemFn) {
        if let Some(block) = &mut function.default
            && is_plain(&function.attrs)
        {
            self.within_fn(&function.sig, |this| this.visit_block_mut(block));
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        self.rewrite_input(mac);
    }
}

/// Whether a nested function is what it says: a macro such as `#[coro::coroutine]` can make anything of it.
fn is_plain(attributes: &[Attribute]) -> bool {
    attributes.iter().all(|attribute| {
        let path = attribute.path();
        let known = [
            "allow",
            "cfg",
            "cfg_attr",
            "cold",
            "deny",
            "deprecated",
            "doc",
            "expect",
            "forbid",
            "inline",
            "must_use",
            "track_caller",
            "warn",
        ];
        let tool = path.segments.first().is_some_and(|first| first.ident == "clippy" || first.ident == "rustfmt");
        tool || path.get_ident().is_some_and(|name| known.iter().any(|known| name == known))
    })
}

fn first_span(expression: &Expr) -> Option<Span> {
    expression.to_token_stream().into_iter().next().map(|token| token.span())
}

/// The token that names what an expression is: a span cannot cover several.
pub(crate) fn name_span(expression: &Expr) -> Option<Span> {
    match expression {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.span()),
        Expr::Call(call) => name_span(&call.func),
        Expr::MethodCall(call) => Some(call.method.span()),
        Expr::Field(field) => Some(field.member.span()),
        Expr::Struct(value) => value.path.segments.last().map(|last| last.ident.span()),
        Expr::Macro(call) => call.mac.path.segments.last().map(|last| last.ident.span()),
        Expr::Await(awaited) => Some(awaited.await_token.span),
        Expr::Paren(inner) => name_span(&inner.expr),
        Expr::Group(inner) => name_span(&inner.expr),
        Expr::Try(inner) => name_span(&inner.expr),
        Expr::Reference(inner) => name_span(&inner.expr),
        Expr::Index(inner) => name_span(&inner.expr),
        other => first_span(other),
    }
}

/// `(a + b).await` needs its parentheses, an argument does not: rustc would say so.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(paren) if paren.attrs.is_empty() => bare(&paren.expr),
        other => other,
    }
}
