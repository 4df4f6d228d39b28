//! What a function must be to become a coroutine.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, BoundLifetimes, GenericArgument, GenericParam, Generics, Lifetime, PathArguments, ReturnType, Signature,
    Token, Type, TypeParamBound, Visibility, token,
};

use crate::diagnostics::{Diagnostics, error_at};

/// A function whose body has not been parsed: a half-typed one must not lose its signature.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) brace: token::Brace,
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let refused =
            |problem: &str| error_at(input.span(), problem, "put `#[coro::coroutine]` on a function with a body");
        let is_function = {
            let ahead = input.fork();
            while ahead.peek(Token![async])
                || ahead.peek(Token![const])
                || ahead.peek(Token![unsafe])
                || ahead.peek(Token![extern])
                || ahead.peek(syn::LitStr)
            {
                ahead.parse::<proc_macro2::TokenTree>()?;
            }
            ahead.peek(Token![fn])
        };
        if !is_function {
            return Err(refused("only a function can be a coroutine"));
        }
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(refused("a coroutine needs a body"));
        }
        let body;
        let brace = syn::braced!(body in input);
        Ok(Self { attributes, visibility, signature, brace, body: body.parse()? })
    }
}

/// Reports all that keeps the function from being a coroutine.
pub(crate) fn check(function: &Function, errors: &mut Diagnostics) {
    let Signature { asyncness, constness, abi, variadic, output, fn_token, ident, .. } = &function.signature;
    if let Some(keyword) = asyncness {
        errors.error(
            keyword,
            "a coroutine is not an `async fn`",
            "remove `async`: the return type says what kind of coroutine it is",
        );
    }
    if let Some(keyword) = constness {
        errors.error(keyword, "a coroutine cannot be a `const fn`", "remove `const`: its frame is made at run time");
    }
    if let Some(abi) = abi {
        errors.error(
            abi,
            "a coroutine is called from Rust",
            "remove the ABI, and call the coroutine from an `extern` function",
        );
    }
    if let Some(variadic) = variadic {
        errors.error(variadic, "a coroutine cannot take variadic arguments", "remove the `...`");
    }
    match output {
        ReturnType::Default => errors.error(
            quote!(#fn_token #ident),
            "a coroutine needs a return type",
            "return a coroutine type, such as `coro::Generator<'static, u32>` or `coro::FireAndForget`",
        ),
        ReturnType::Type(_, ty) => match ungrouped(ty) {
            Type::Never(never) => errors.error(
                never,
                "a coroutine cannot return `!`",
                "return a coroutine type: its body may still never end",
            ),
            Type::ImplTrait(ty) if in_place(output).is_none() => errors.error(
                ty,
                "a coroutine cannot return an `impl Trait`: the type itself chooses the promise",
                "name a coroutine type, such as `coro::Generator<'static, u32>`, or `impl coro::InPlace<…>` of one",
            ),
            _ => {
                if let Some(unnamed @ Type::ImplTrait(_)) = in_place(output) {
                    errors.error(
                        unnamed,
                        "`impl InPlace<…>` takes the name of a coroutine type",
                        "name it, such as `coro::Generator<'static, u32>`",
                    );
                }
            }
        },
    }
    for attribute in &function.attributes {
        if attribute.path().segments.last().is_some_and(|last| last.ident == "coroutine") {
            errors.error(attribute, "this function is a coroutine already", "remove one of the two attributes");
        }
    }
}

/// The coroutine type `R` of an `impl InPlace<R>`.
pub(crate) fn in_place(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    let Type::ImplTrait(ty) = ungrouped(ty) else { return None };
    ty.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "InPlace")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        match arguments.args.first() {
            Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
            _ => None,
        }
    })
}

/// The type for the function's body. A lifetime that the function does not declare is left to be inferred there: it may
/// be that of an `impl`, and if it is nobody's, rustc says so where the user wrote it, and not once more.
pub(crate) fn with_known_lifetimes(ty: &Type, generics: &Generics) -> Type {
    struct Known(Vec<Ident>);
    impl VisitMut for Known {
        fn visit_bound_lifetimes_mut(&mut self, bound: &mut BoundLifetimes) {
            let lifetimes = bound.lifetimes.iter().filter_map(|one| match one {
                GenericParam::Lifetime(one) => Some(one.lifetime.ident.clone()),
                _ => None,
            });
            self.0.extend(lifetimes);
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" && !self.0.contains(&lifetime.ident) {
                lifetime.ident = Ident::new("_", lifetime.ident.span());
            }
        }
    }
    let (mut known, mut ty) = (Known(generics.lifetimes().map(|one| one.lifetime.ident.clone()).collect()), ty.clone());
    known.visit_type_mut(&mut ty);
    ty
}

/// The type in the invisible group of a macro's `$returns:ty`, or in parentheses.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

/// The function with the user's signature and a body that diverges: what is emitted beside an error, so that callers
/// and editors still see the function.
pub(crate) fn stub(function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = function;
    let attributes = attributes
        .iter()
        .filter(|attribute| attribute.path().segments.last().is_none_or(|last| last.ident != "coroutine"));
    let mut signature = signature.clone();
    signature.asyncness = None;
    signature.constness = None;
    signature.abi = None;
    signature.variadic = None;
    let is_in_place = in_place(&signature.output).is_some_and(|ty| !matches!(ty, Type::ImplTrait(_)));
    if let ReturnType::Type(_, ty) = &mut signature.output
        && matches!(ungrouped(ty), Type::ImplTrait(_))
        && !is_in_place
    {
        *ty = syn::parse_quote!(!);
    }
    for input in &mut signature.inputs {
        if let syn::FnArg::Typed(typed) = input
            && let syn::Pat::Ident(pattern) = &mut *typed.pat
        {
            pattern.mutability = None;
        }
    }
    let diverge = match signature.output {
        ReturnType::Default => quote!(),
        ReturnType::Type(..) if is_in_place => quote!({
            let never: ::core::convert::Infallible = loop {};
            never
        }),
        ReturnType::Type(..) => quote!(loop {}),
    };
    let signature = signature.to_token_stream();
    quote! {
        #(#attributes)*
        #[allow(unused, clippy::all)]
        #visibility #signature { #diverge }
    }
}

/// The item, which is no function that could be parsed, but if it looks like one, then without a body: of its signature
/// rustc makes what it can.
pub(crate) fn without_body(item: &TokenStream) -> TokenStream {
    let is_function = item.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == "fn"));
    let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut()
        && body.delimiter() == Delimiter::Brace
        && is_function
    {
        let span = body.span();
        *body = Group::new(Delimiter::Brace, quote!(loop {}));
        body.set_span(span);
    }
    tokens.into_iter().collect()
}
