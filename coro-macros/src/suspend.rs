//! What a suspension becomes.
//!
//! ```text
//! e.await            (OWN, match _coroutine.ask(AwaitTransform::await_transform, e) { __coro_it => { … } }).1
//! co_yield!(..e)     (OWN, match _coroutine.delegate(YieldFrom::yield_from, (e,)) { __coro_it => { … } }).1
//!
//!                        {
//!                            let __coro_kind = (&&&&&_coroutine.probe(&__coro_it)).__coro_kind();
//!                            _coroutine.awaits(CoAwait::co_await, __coro_kind, __coro_it, POINT).await     a call, awaiter, future, …
//!                        }
//!
//! co_yield!(e)       (OWN, match _coroutine.give(YieldValue::yield_value, (e,), POINT).await { (value, here) => { … } }).1
//!                                                                                         _coroutine = here; value
//!
//! OWN                if false { loop { break 'coroutine_body … } }                      does not compile outside the body
//! ```
//!
//! A `match`, because temporaries of its scrutinee live until the end of the whole `.await`, as with a native one.
//! The `break` is the backstop of a soundness rule: a suspension that a user's macro moves into a closure or an `async`
//! block would use the coroutine from outside its body. The user's tokens reach none of the names: they are mixed-site.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
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
    /// An expression for its point.
    pub(crate) point: TokenStream,
    /// Whether it is written in the input of a macro: then only the operand itself is at the user's token, and `.await`.
    pub(crate) is_in_macro: bool,
    /// The `await` of an `.await`, if that is not where the suspension is.
    pub(crate) keyword: Option<TokenStream>,
    /// The name of the macro that it is, as the user wrote it: editors show there what is said about the macro.
    pub(crate) word: Option<Ident>,
}

/// `expression.await`
pub(crate) fn wait(expression: &impl ToTokens, written: &Written) -> TokenStream {
    operand("AwaitTransform", "await_transform", "ask", expression, written)
}

/// `co_yield!(..other)`
pub(crate) fn delegate(other: &impl ToTokens, written: &Written) -> TokenStream {
    operand("YieldFrom", "yield_from", "delegate", &quote_spanned!(at(written.token)=> (#other,)), written)
}

/// `co_yield!(value)`
pub(crate) fn give(value: &impl ToTokens, written: &Written) -> TokenStream {
    let (span, point) = (at(written.token), &written.point);
    let asked = if written.is_in_macro {
        quote_spanned!(span=> _coroutine.yield_value((#value,), #point))
    } else {
        let hook = hook("YieldValue", "yield_value", written);
        quote_spanned!(span=> _coroutine.give(#hook, (#value,), #point))
    };
    written.value(&quote_spanned!(span=> match #asked.await {
        (__coro_value, __coro_here) => {
            _coroutine = __coro_here;
            __coro_value
        }
    }))
}

fn operand(trait_: &str, name: &str, asks: &str, operand: &impl ToTokens, written: &Written) -> TokenStream {
    let (span, point) = (at(written.token), &written.point);
    let asked = if written.is_in_macro {
        let method = Ident::new(name, span);
        quote_spanned!(span=> _coroutine.#method(#operand))
    } else {
        let (hook, asks) = (hook(trait_, name, written), Ident::new(asks, span));
        quote_spanned!(span=> _coroutine.#asks(#hook, #operand))
    };
    let keyword = written.keyword.clone().unwrap_or_else(|| Ident::new("await", span).to_token_stream());
    // What cannot be awaited is reported at this call.
    let wait = quote_spanned!(at(written.operand)=> __coro_runtime::private::probe::CoAwait::co_await);
    written.value(&quote_spanned! {span=>
        match #asked {
            __coro_it => {
                let __coro_kind = (&&&&&_coroutine.probe(&__coro_it)).__coro_kind();
                _coroutine.awaits(#wait, __coro_kind, __coro_it, #point).#keyword
            }
        }
    })
}

/// The path of a hook: rustc reports there that a promise has it not.
fn hook(trait_: &str, name: &str, written: &Written) -> TokenStream {
    let span = at(written.operand);
    let (trait_, name) = (Ident::new(trait_, span), Ident::new(name, span));
    quote_spanned!(span=> __coro_runtime::#trait_::#name)
}

/// What does not compile outside the coroutine's own body. In a loop, for rustc has nothing to add about a `break` that
/// is in one.
fn own_body(span: Span, word: Option<&Ident>) -> TokenStream {
    let word = word.map(|word| quote_spanned!(span=> use __coro_runtime::private::#word as _;));
    quote_spanned!(span=> if false { #word loop { break 'coroutine_body _coroutine.never(); } })
}

impl Written {
    /// The expression as one of the user's: what rustc has to say about its value (say, that it must be used), it says
    /// there. It is in a tuple, because of parentheses rustc would say that they are not needed.
    fn value(&self, expression: &TokenStream) -> TokenStream {
        let span = at(self.token);
        let own = own_body(span, self.word.as_ref());
        let mut tuple = Group::new(Delimiter::Parenthesis, quote_spanned!(span=> #own, #expression));
        tuple.set_span(self.from);
        quote_spanned!(self.to=> #tuple.1)
    }
}

/// A suspension point: its location is that of the call, which therefore has the user's own span.
pub(crate) fn point(token: Span, text: &impl ToTokens) -> TokenStream {
    quote_spanned!(token=> __coro_runtime::private::Point::new(#text))
}

/// A macro that may be any number of points.
pub(crate) fn box_point(token: Span, text: &impl ToTokens) -> TokenStream {
    quote_spanned!(token=> __coro_runtime::private::Point::of_macro(#text))
}

/// One of the points that the attribute emits, which are in one static of the function.
pub(crate) fn emitted_point(token: Span, number: usize) -> TokenStream {
    let number = Literal::usize_unsuffixed(number);
    quote_spanned!(at(token)=> &__CORO_ABOUT.points[#number])
}

/// The point of a suspension that only the compiler sees.
fn unseen_point(text: &impl ToTokens) -> TokenStream {
    let span = Span::mixed_site();
    let new = point(span, text);
    quote_spanned!(span=> const { &#new })
}

/// `co_await!` and `co_yield!`, for the places that the attribute cannot see into.
pub(crate) fn local_macros() -> TokenStream {
    let span = Span::mixed_site();
    let e = quote_spanned!(span=> $e);
    let written = |text: TokenStream| Written {
        from: span,
        to: span,
        token: span,
        operand: span,
        point: unseen_point(&text),
        is_in_macro: true,
        keyword: None,
        word: None,
    };
    let text = || macro_text("co_await", &e);
    let wait_at = wait(&e, &Written { keyword: Some(quote_spanned!(span=> $keyword)), ..written(text()) });
    let wait = wait(&e, &written(text()));
    let give_unit = give(&quote_spanned!(span=> ()), &written("co_yield!()".to_token_stream()));
    let give = give(&e, &written(macro_text("co_yield", &e)));
    let delegate = delegate(&e, &written(macro_text("co_yield", &quote_spanned!(span=> .. $e))));
    let (co_await, co_yield) = (Ident::new("co_await", Span::call_site()), Ident::new("co_yield", Span::call_site()));
    quote_spanned! {span=>
        /// Awaits an expression, where `.await` cannot be written: in the input of a macro.
        #[allow(unused_macros)]
        macro_rules! #co_await {
            (@ $keyword:tt $e:expr) => { #wait_at };
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
