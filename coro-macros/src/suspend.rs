//! What a suspension becomes.
//!
//! ```text
//! e.await            (match __co.await_transform(e) { __it => { … } },).0
//! co_yield!(..e)     (match __co.yield_from(e) { __it => { … } },).0
//!
//!                        {
//!                            if false { break 'coroutine_body __co.never(); }      does not compile outside the body
//!                            let __kind = __co.via((&&&&&__co.probe(&__it)).__coro_kind());
//!                            __kind.wait(__co, __it, POINT).await        a call, awaiter, future, …
//!                        }
//!
//! co_yield!(e)       (match __co.yield_value(e, POINT) { __it => { if false { … } __it.await } },).0
//! ```
//!
//! A `match`, because temporaries of its scrutinee live until the end of the whole `.await`, as with a native one.
//! The `break` is the backstop of a soundness rule: a suspension that a user's macro moves into a closure or an `async`
//! block would use the coroutine from outside its body. The user's tokens reach none of the names: they are mixed-site.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Where generated code is that stands for the user's token at `span`.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// A suspension as the user wrote it.
pub(crate) struct Written {
    /// Its first token, and its last.
    pub(crate) from: Span,
    pub(crate) to: Span,
    /// The keyword.
    pub(crate) token: Span,
    /// The first token of what is awaited.
    pub(crate) operand: Span,
    /// An expression for its text.
    pub(crate) text: TokenStream,
}

/// `expression.await`
pub(crate) fn wait(expression: &impl ToTokens, written: &Written) -> TokenStream {
    operand(&quote_spanned!(at(written.token)=> __co.await_transform(#expression)), written)
}

/// `co_yield!(..other)`
pub(crate) fn delegate(other: &impl ToTokens, written: &Written) -> TokenStream {
    operand(&quote_spanned!(at(written.token)=> __co.yield_from(#other)), written)
}

/// `co_yield!(value)`
pub(crate) fn give(value: &impl ToTokens, written: &Written) -> TokenStream {
    let point = point(written.token, &written.text);
    written.value(quote_spanned! {at(written.token)=>
        match __co.yield_value(#value, #point) {
            __it => {
                if false { break 'coroutine_body __co.never(); }
                __it.await
            }
        }
    })
}

fn operand(scrutinee: &TokenStream, written: &Written) -> TokenStream {
    let point = point(written.token, &written.text);
    // What cannot be awaited is reported at this argument.
    let awaited = Ident::new("__it", at(written.operand));
    written.value(quote_spanned! {at(written.token)=>
        match #scrutinee {
            __it => {
                if false { break 'coroutine_body __co.never(); }
                let __kind = __co.via((&&&&&__co.probe(&__it)).__coro_kind());
                __kind.wait(__co, #awaited, #point).await
            }
        }
    })
}

impl Written {
    /// The expression as one of the user's: what rustc has to say about its value (say, that it must be used), it says
    /// there. It is in a tuple, because of parentheses rustc would say that they are not needed.
    fn value(&self, expression: TokenStream) -> TokenStream {
        let comma = quote_spanned!(at(self.token)=> ,);
        let mut tuple = Group::new(Delimiter::Parenthesis, [expression, comma].into_iter().collect());
        tuple.set_span(self.from);
        quote_spanned!(self.to=> #tuple.0)
    }
}

/// The suspension point: its location is that of the call, which therefore has the user's own span.
pub(crate) fn point(token: Span, text: &impl ToTokens) -> TokenStream {
    let new = quote_spanned!(token=> __coro::private::Point::new(#text));
    quote_spanned!(at(token)=> const { &#new })
}

/// `co_await!` and `co_yield!`, for the places that the attribute cannot see into.
pub(crate) fn local_macros() -> TokenStream {
    let span = Span::mixed_site();
    let e = quote_spanned!(span=> $e);
    let written = |text| Written { from: span, to: span, token: span, operand: span, text };
    let wait = wait(&e, &written(macro_text("co_await", &e)));
    let give_unit = give(&quote_spanned!(span=> ()), &written("co_yield!()".to_token_stream()));
    let give = give(&e, &written(macro_text("co_yield", &e)));
    let delegate = delegate(&e, &written(macro_text("co_yield", &quote_spanned!(span=> .. $e))));
    let (co_await, co_yield) = (Ident::new("co_await", Span::call_site()), Ident::new("co_yield", Span::call_site()));
    quote_spanned! {span=>
        /// Awaits an expression, where `.await` cannot be written: in the input of a macro.
        #[allow(unused_macros)]
        macro_rules! #co_await {
            ($e:expr $(,)?) => { #wait };
        }
        /// Yields a value, or with `..` all values of another coroutine.
        #[allow(unused_macros)]
        macro_rules! #co_yield {
            () => { #give_unit };
            (.. $e:expr $(,)?) => { #delegate };
            ($e:expr $(,)?) => { #give };
        }
    }
}

/// `name!(tokens)` as text, of tokens that are known only where the macro is used.
fn macro_text(name: &str, tokens: &TokenStream) -> TokenStream {
    let (open, span) = (format!("{name}!("), Span::mixed_site());
    quote_spanned!(span=> ::core::concat!(#open, ::core::stringify!(#tokens), ")"))
}
