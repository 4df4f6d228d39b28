//! The expansion of `#[coro::coroutine]`; what it looks like stands at the top of the runtime's `private` module.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Block, Expr, ReturnType, Type};

use crate::args::Args;
use crate::body::{self, Body};
use crate::diagnostics::Diagnostics;
use crate::params;
use crate::signature::{self, Function};
use crate::suspend::{at, local_macros, point};

/// Expands the attribute: the coroutine, or every error together with the user's signature.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let args = Args::parse(arguments, &mut errors);
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            let errors = errors.into_compile_errors();
            return quote_spanned!(Span::mixed_site()=> #errors #item);
        }
    };
    signature::check(&function, &mut errors);
    let parsed = (|input: ParseStream<'_>| {
        let body;
        syn::braced!(body in input);
        Ok((body.call(Attribute::parse_inner)?, body.call(Block::parse_within)?))
    })
    .parse2(braced(&function));
    let (inner, stmts) = parsed.unwrap_or_else(|error| {
        errors.push(error);
        Default::default()
    });
    let body = Body::rewrite(Block { brace_token: function.brace, stmts }, &mut errors);
    for argument in [&args.initial, &args.finish, &args.promise].into_iter().flatten() {
        body::refuse(argument, &mut errors);
    }
    if errors.is_empty() {
        coroutine(&args, &function, &inner, &body)
    } else {
        let (errors, stub) = (errors.into_compile_errors(), signature::stub(&function));
        quote_spanned!(Span::mixed_site()=> #errors #stub)
    }
}

fn coroutine(args: &Args, function: &Function, inner: &[Attribute], body: &Body) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = function;
    let name = signature.ident.unraw().to_string();
    let frame = Ident::new(&frame_name(&name), at(signature.ident.span()));
    // All that is emitted is there because of the return type: what rustc has to say about it, it says there.
    let span = match &signature.output {
        ReturnType::Type(_, ty) => at(name_span(ty)),
        ReturnType::Default => at(signature.ident.span()),
    };
    let runtime = args.krate.as_ref().map_or_else(|| quote_spanned!(span=> ::coro), ToTokens::to_token_stream);
    let promise = match &args.promise {
        Some(expression) => quote_spanned!(at(expression.span())=> __co.promise(#expression)),
        None => quote_spanned!(span=> __co.new_promise()),
    };
    // A wrong `final` or `initial` is reported where its name is used, which therefore stands at the user's expression.
    let (finish, finish_name) = match &args.finish {
        Some(expression) => (suspension(expression), Ident::new("__final", at(expression.span()))),
        None => (quote_spanned!(span=> __coro::private::FromPromise), Ident::new("__final", span)),
    };
    let start = point(signature.ident.span(), &"initial suspend");
    let initial = match &args.initial {
        Some(expression) => {
            let value = suspension(expression);
            let wait = quote_spanned!(at(expression.span())=> __co.initial(__initial).await);
            quote_spanned!(at(expression.span())=> match #value { __initial => #wait })
        }
        None => quote_spanned!(span=> __co.initial(__co.initial_suspend()).await),
    };
    let starts = match &args.initial {
        Some(expression) if is_word(expression, ALWAYS) => Some("AfterSuspending"),
        Some(_) => None,
        None => Some("AsThePromiseSays"),
    };
    let starts = starts.map(|starts| {
        let starts = Ident::new(starts, span);
        quote_spanned!(span=> const STARTS: __coro::private::Starts = __coro::private::Starts::#starts;)
    });
    let arguments = [&args.initial, &args.finish, &args.promise].map(ToTokens::to_token_stream);
    let used: Vec<&TokenStream> = arguments.iter().chain([&function.body]).collect();
    let params::Params { inputs, captures, bindings } = params::lower(&signature.inputs, &used);
    let captures = (!captures.is_empty()).then(|| quote_spanned!(span=> if false { #captures }));
    let mut signature = signature.clone();
    signature.inputs = inputs;
    let inner = inner.iter().map(|attribute| {
        let mut attribute = attribute.clone();
        attribute.style = syn::AttrStyle::Outer;
        attribute
    });
    let macros = body.uses_macros.then(local_macros);
    let stmts = &body.block.stmts;

    quote_spanned! {span=>
        #(#attributes)*
        #(#inner)*
        #visibility #signature {
            use #runtime as __coro;
            let __co = {
                enum #frame {}
                impl __coro::private::Function for #frame {
                    const NAME: &'static ::core::primitive::str = #name;
                    const START: &'static __coro::private::Point = #start;
                    #starts
                }
                __coro::private::begin::<#frame, _>()
            };
            if false { return __co.returns(); }
            let __co = __coro::private::typed(__co);
            let __promise = #promise;
            let #finish_name = #finish;
            let __body = __co.body(move |__co| async move {
                #captures
                if false { return __co.never(); }
                #bindings
                #initial;
                let __out = 'coroutine_body: {
                    use __coro::private::probe::{
                        ViaAwaitable as _, ViaAwaiter as _, ViaCall as _, ViaFuture as _, ViaVisit as _,
                    };
                    if false { break 'coroutine_body __co.never(); }
                    #macros
                    #(#stmts)*
                };
                __out
            });
            // SAFETY: S1: `__body` is what was generated above, which is this function's contract. By its path, for a method
            // call would go through a `Deref` of what `crate =` names. Test: tests/ui/hygiene.
            unsafe { __coro::private::Typed::start(__co, __promise, #finish_name, __body) }
        }
    }
}

/// `suspend_always` and `suspend_never` are words of the attribute; anything else is an expression of the user's.
fn suspension(expression: &Expr) -> TokenStream {
    let span = at(expression.span());
    match expression {
        word if is_word(word, ALWAYS) => quote_spanned!(span=> __coro::SuspendAlways),
        word if is_word(word, "suspend_never") => quote_spanned!(span=> __coro::SuspendNever),
        other => other.to_token_stream(),
    }
}

const ALWAYS: &str = "suspend_always";

fn is_word(expression: &Expr, word: &str) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident(word))
}

/// Where a type has its name: a span cannot cover several tokens.
fn name_span(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(|| ty.span(), |last| last.ident.span()),
        // A macro's `$returns:ty`.
        Type::Group(group) => name_span(&group.elem),
        _ => ty.span(),
    }
}

/// The body with its braces, so that what is missing at its end is reported there.
fn braced(function: &Function) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, flatten(function.body.clone()));
    group.set_span(function.brace.span.close());
    TokenTree::Group(group).into()
}

/// A macro's `$body:block` comes in an invisible group, which the parser would not take for a statement.
fn flatten(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let mut inner = group.stream().into_iter();
                match (inner.next(), inner.next()) {
                    (Some(TokenTree::Group(block)), None) if block.delimiter() == Delimiter::Brace => block.into(),
                    _ => group.into(),
                }
            }
            TokenTree::Group(group) if group.stream().into_iter().any(|inner| is_invisible(&inner)) => {
                let mut flat = Group::new(group.delimiter(), flatten(group.stream()));
                flat.set_span(group.span());
                flat.into()
            }
            other => other,
        })
        .collect()
}

fn is_invisible(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    group.delimiter() == Delimiter::None || group.stream().into_iter().any(|inner| is_invisible(&inner))
}

/// `open_file` → `OpenFileFrame`.
fn frame_name(function: &str) -> String {
    let words = function.split('_').filter(|word| !word.is_empty());
    let camel: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
        })
        .collect();
    let digit = camel.starts_with(|first: char| !first.is_alphabetic());
    format!("{}{camel}Frame", if digit { "_" } else { "" })
}
