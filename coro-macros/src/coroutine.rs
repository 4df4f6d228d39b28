//! The expansion of `#[coro::coroutine]`; what it looks like stands at the top of the runtime's `private` module.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Block, Expr, ReturnType, Signature, Type};

use crate::args::Args;
use crate::body::{self, Body};
use crate::diagnostics::{Diagnostics, nearest};
use crate::flow::{Flow, Kind};
use crate::params;
use crate::signature::{self, Function};
use crate::suspend::{at, box_point, local_macros, point};

/// Expands the attribute: the coroutine, or every error together with the user's signature.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let args = Args::parse(arguments, &mut errors);
    let function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            let (errors, item) = (errors.into_compile_errors(), signature::without_body(item));
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
        if !body::refuse_cpp_words(&function.body, &mut errors) {
            errors.push(error);
        }
        Default::default()
    });
    let start = function.signature.ident.span();
    let body = Body::rewrite(start, Block { brace_token: function.brace, stmts }, &mut errors);
    for argument in [&args.initial, &args.finish, &args.promise, &args.allocator].into_iter().flatten() {
        body::refuse(argument, &mut errors);
    }
    if let (Some(allocator), Some(_)) = (&args.allocator, signature::in_place(&function.signature.output)) {
        errors.error(
            allocator,
            "a coroutine in place is not allocated",
            "remove `allocator = …`, or return the coroutine type without `impl InPlace<…>`",
        );
    }
    // Else rustc would say it twice: also of what the function returns.
    if let (Some(finish), Some(_)) = (&args.finish, signature::in_place(&function.signature.output))
        && is_word(finish, SUSPEND_NEVER)
    {
        errors.error(
            finish,
            "`suspend_never` would free a coroutine that lives where its caller puts it",
            "write `final = suspend_always`: the place frees the coroutine when it is dropped",
        );
    }
    for argument in [&args.initial, &args.finish].into_iter().flatten() {
        check_word(argument, &function.signature, &mut errors);
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
        Some(expression) => quote_spanned!(at(expression.span())=> __coroutine.promise(#expression)),
        None => quote_spanned!(span=> __coro_runtime::NewPromise::new()),
    };
    // A wrong `final` or `initial` is reported where its name is used, which therefore stands at the user's expression.
    let (finish, finish_name) = match &args.finish {
        Some(expression) => {
            let (value, span) = (suspension(expression), at(expression.span()));
            let typed = quote_spanned!(span=> __coroutine.finish(__coro_runtime::FinalSuspend::final_suspend, #value));
            (typed, Ident::new("__coro_final", span))
        }
        None => (quote_spanned!(span=> __coro_runtime::private::FromPromise), Ident::new("__coro_final", span)),
    };
    let (points, edges) = machine(&body.flow, span);
    let count = Literal::usize_unsuffixed(points.len());
    let initial = initial(args, body.yields, span);
    let starts = starts(args, span);
    let Creation { coroutine_type, returns, memory, create, last } = Creation::of(args, signature, span);
    let arguments = [&args.initial, &args.finish, &args.promise, &args.allocator].map(ToTokens::to_token_stream);
    let used: Vec<&TokenStream> = arguments.iter().chain([&function.body]).collect();
    let params::Params { inputs, captures, bindings, borrows } = params::lower(signature, &used);
    let mut signature = signature.clone();
    signature.inputs = inputs;
    let inner = inner.iter().map(|attribute| {
        let mut attribute = attribute.clone();
        attribute.style = syn::AttrStyle::Outer;
        attribute
    });
    let macros = body.uses_macros.then(local_macros);
    // Each suspension breaks to the label; without one rustc would say that nobody does.
    let uses_label = body
        .flow
        .direct()
        .next()
        .is_none()
        .then(|| quote_spanned!(span=> if false { break 'coroutine_body _coroutine.never(); }));
    let stmts = &body.block.stmts;

    let inside = quote_spanned! {span=>
                if false { #captures return _coroutine.never(); }
                #bindings
                #initial;
                return 'coroutine_body: {
                    use __coro_runtime::private::probe::Via as _;
                    #uses_label
                    #macros
                    #(#stmts)*
                };
    };
    let mut inside = Group::new(Delimiter::Brace, inside);
    // With spans of the user's own: of an `async` block from an attribute rustc would not name what is captured, the
    // parameters, when one does not live long enough.
    inside.set_span(function.brace.span.join());
    let asynchronous = Ident::new("async", function.brace.span.open());

    quote_spanned! {span=>
        #(#attributes)*
        #(#inner)*
        #visibility #signature {
            use #runtime as __coro_runtime;
            static __CORO_ABOUT: __coro_runtime::private::About<[__coro_runtime::private::Point; #count]> =
                __coro_runtime::private::About {
                    name: #name,
                    edges: &[#(#edges),*],
                    starts: __coro_runtime::private::Starts::#starts,
                    points: [#(#points),*],
                };
            let __coroutine = {
                struct #frame;
                impl __coro_runtime::private::Function for #frame {
                    const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
                }
                __coro_runtime::private::begin #coroutine_type(#frame)
            };
            #returns
            let __coroutine = __coroutine.typed();
            #borrows
            let __coro_promise = #promise;
            let #finish_name = #finish;
            #memory
            let __coro_body = __coroutine.body(move |_coroutine| #asynchronous move #inside);
            // SAFETY: S1: `__coro_body` is what was generated above, which is this function's contract. By its path,
            // for a method call would go through a `Deref` of what `crate =` names. Test: tests/ui/hygiene.
            unsafe { __coro_runtime::private::#create(__coroutine, __coro_promise, #finish_name, __coro_body #last) }
        }
    }
}

/// What differs between coroutines that are allocated, by default or by the user's allocator, and those in place.
struct Creation {
    /// What the function's coroutine type is, if it is not what the function returns.
    coroutine_type: Option<TokenStream>,
    /// Infers it from a dead `return`; or asks whether it may be in place.
    returns: Option<TokenStream>,
    /// The allocator.
    memory: Option<TokenStream>,
    /// What creates the coroutine, and its last argument.
    create: TokenStream,
    last: Option<TokenStream>,
}

impl Creation {
    fn of(args: &Args, signature: &Signature, span: Span) -> Self {
        if let Some(ty) = signature::in_place(&signature.output) {
            let ty = signature::with_known_lifetimes(ty, &signature.generics);
            let create = quote_spanned!(span=> in_place);
            let coroutine_type = Some(quote_spanned!(span=> ::<_, #ty>));
            let returns = Some(quote_spanned! {span=>
                let __coro_placing = __coroutine.placing(__coro_runtime::private::Lends::placing);
            });
            let last = Some(quote_spanned!(span=> , __coro_placing));
            return Self { coroutine_type, returns, memory: None, create, last };
        }
        let returns = quote_spanned! {span=>
            if false { return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type); }
        };
        let (memory, last) = args.allocator.as_ref().map_or((None, None), |expression| {
            let span = at(expression.span());
            let memory = quote_spanned!(span=> let __coro_memory = __coroutine.memory(#expression););
            (Some(memory), Some(quote_spanned!(span=> , __coro_memory)))
        });
        let create = if last.is_some() { quote_spanned!(span=> Typed::start_in) } else { quote_spanned!(span=> start) };
        Self { coroutine_type: None, returns: Some(returns), memory, create, last }
    }
}

/// Awaits the initial suspension.
fn initial(args: &Args, yields: bool, span: Span) -> TokenStream {
    let awaited = match &args.initial {
        Some(expression) => {
            let value = suspension(expression);
            quote_spanned! {at(expression.span())=>
                match #value {
                    __coro_initial => {
                        _coroutine.starts(__coro_runtime::private::StartsWith::wait, __coro_initial).await
                    }
                }
            }
        }
        None => quote_spanned! {span=>
            _coroutine.starts_as_promised(__coro_runtime::private::StartsWith::wait).await
        },
    };
    // Each `co_yield!` gives the coroutine again, so that a body which only yields need not keep it meanwhile.
    if yields { quote_spanned!(span=> let mut _coroutine = #awaited) } else { awaited }
}

/// What the attribute says about the initial suspension.
fn starts(args: &Args, span: Span) -> Ident {
    let starts = match &args.initial {
        Some(expression) if is_word(expression, SUSPEND_ALWAYS) => "AfterSuspending",
        Some(expression) if is_word(expression, SUSPEND_NEVER) => "AtOnce",
        Some(_) => "ByRunning",
        None => "AsThePromiseSays",
    };
    Ident::new(starts, span)
}

/// The points of the body, and pairs of their numbers.
fn machine(Flow { points, edges }: &Flow, span: Span) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let point = |one: &crate::flow::Point| match one.kind {
        Kind::Box => box_point(one.token, &one.text),
        Kind::Direct | Kind::InMacro => point(one.token, &one.text),
    };
    let edge = |&(from, to): &(usize, usize)| {
        let (from, to) = (Literal::usize_unsuffixed(from), Literal::usize_unsuffixed(to));
        quote_spanned!(span=> (#from, #to))
    };
    (points.iter().map(point).collect(), edges.iter().map(edge).collect())
}

const SUSPEND_ALWAYS: &str = "suspend_always";
const SUSPEND_NEVER: &str = "suspend_never";

/// `suspend_always` and `suspend_never` are words of the attribute; anything else is an expression of the user's.
fn suspension(expression: &Expr) -> TokenStream {
    let span = at(expression.span());
    match expression {
        word if is_word(word, SUSPEND_ALWAYS) => quote_spanned!(span=> __coro_runtime::SuspendAlways),
        word if is_word(word, SUSPEND_NEVER) => quote_spanned!(span=> __coro_runtime::SuspendNever),
        other => other.to_token_stream(),
    }
}

fn is_word(expression: &Expr, word: &str) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident(word))
}

/// Reports a word that is almost one of the attribute's, and no parameter.
fn check_word(argument: &Expr, signature: &Signature, errors: &mut Diagnostics) {
    let Expr::Path(path) = argument else { return };
    let Some(word) = path.path.get_ident() else { return };
    let written = word.to_string();
    // A type, such as `SuspendNever`, or a constant.
    if written.starts_with(char::is_uppercase) {
        return;
    }
    let known = match written.as_str() {
        "always" => Some(SUSPEND_ALWAYS),
        "never" => Some(SUSPEND_NEVER),
        SUSPEND_ALWAYS | SUSPEND_NEVER => None,
        other => nearest(other, &[SUSPEND_ALWAYS, SUSPEND_NEVER]),
    };
    if let Some(known) = known
        && !params::mentions(&signature.inputs.to_token_stream(), word)
    {
        errors.error(word, &format!("unknown word `{written}`"), &format!("did you mean `{known}`?"));
    }
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
