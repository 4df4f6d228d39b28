//! Parameters, dropped in the order in which a `fn` drops its own.
//!
//! The body is an `async move` block, which drops what it captured in the order in which it mentions it first. So it
//! begins by mentioning, from last to first, what the parameters bind:
//!
//! ```text
//! fn f(a: A, (b, c): (B, C), d: D)         stays as it is
//!                                          let _ = &d; let _ = &c; let _ = &b; let _ = &a;
//! ```
//!
//! A pattern that leaves a part of its argument behind (`_`, `..`), or borrows from it (`ref`), must be bound in the
//! body: the `fn` would drop that part at its own end, when the coroutine has only begun. Its bindings are locals, which
//! go before what was captured. So the parameters behind it become locals too:
//!
//! ```text
//! fn f(a: A, (b, _): (B, C), d: D)         becomes     fn f(a: A, __coro_arg1: (B, C), d: D)
//!                                                      let _ = &d; let _ = &__coro_arg1; let _ = &a;      captures
//!                                                      let (b, _) = __coro_arg1; let d = d;               bindings
//! ```
//!
//! `promise =` and `final =` are evaluated before that, and so do not see what such a pattern binds. It cannot be bound
//! for them alone: they look at the parameters, and binding would take them apart.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, FieldPat, FnArg, Generics, Pat, PatIdent, PatType, ReceiverKind, Signature, Token, Type};

/// What becomes of a function's parameters.
pub(crate) struct Params {
    /// As the emitted function takes them.
    pub(crate) inputs: Punctuated<FnArg, Token![,]>,
    /// The body's first mention of each.
    pub(crate) captures: TokenStream,
    /// The patterns that are bound in the body.
    pub(crate) bindings: TokenStream,
    /// Asks of each, at its name, that the coroutine may hold what it borrows.
    pub(crate) borrows: TokenStream,
}

/// Lowers the parameters of a function whose other tokens are `used`.
pub(crate) fn lower(signature: &Signature, used: &[&TokenStream]) -> Params {
    let inputs = &signature.inputs;
    let mut params =
        Params { inputs: inputs.clone(), captures: <_>::default(), bindings: <_>::default(), borrows: <_>::default() };
    let mut captures = Vec::new();
    for (index, input) in params.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                let (this, span) = (&receiver.self_token, at(receiver.self_token.span()));
                captures.push(quote_spanned!(span=> let _ = &#this;));
                if matches!(receiver.kind, ReceiverKind::Reference(..)) {
                    params.borrows.extend(quote_spanned!(span=> if false { return __coroutine.borrows(&#this); }));
                }
            }
            FnArg::Typed(parameter) => {
                let cfg: TokenStream = parameter
                    .attrs
                    .iter()
                    .filter(|attribute| is_cfg(attribute))
                    .map(ToTokens::to_token_stream)
                    .collect();
                let borrows = borrows(&parameter.ty, &signature.generics);
                let names = lower_one(parameter, index, used, &mut captures, &mut params.bindings);
                for name in names.into_iter().filter(|_| borrows) {
                    params.borrows.extend(
                        quote_spanned!(at(name.span())=> #cfg if false { return __coroutine.borrows(&#name); }),
                    );
                }
            }
        }
    }
    params.captures = captures.into_iter().rev().collect();
    params
}

/// Whether a type visibly borrows. Not what depends on a type parameter: rustc would report that twice, at each place.
fn borrows(ty: &Type, generics: &Generics) -> bool {
    let occurs = |test: &dyn Fn(&TokenTree) -> bool| any_token(&ty.to_token_stream(), test);
    matches!(ty, Type::Reference(_))
        || occurs(&|token| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '\'')))
            && !occurs(&|token| {
                let TokenTree::Ident(ident) = token else { return false };
                ident == "impl" || generics.type_params().any(|parameter| parameter.ident == *ident)
            })
}

fn any_token(tokens: &TokenStream, test: &dyn Fn(&TokenTree) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match &token {
        TokenTree::Group(group) => any_token(&group.stream(), test),
        token => test(token),
    })
}

/// Whether an attribute decides whether a parameter is there.
fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
}

/// Gives the names that the parameter has before the body.
fn lower_one(
    parameter: &mut PatType,
    index: usize,
    used: &[&TokenStream],
    captures: &mut Vec<TokenStream>,
    bindings: &mut TokenStream,
) -> Vec<Ident> {
    let attributes = parameter.attrs.clone();
    // What is expected happens, if it does, in the `let` that has a copy.
    parameter.attrs.retain(|attribute| !attribute.path().is_ident("expect"));
    let bound = Bound::by(&parameter.pat);
    if bound.all && bindings.is_empty() {
        for (name, may_warn) in &bound.names {
            let span = at(name.span());
            // Where nothing else uses the name, the mention must not keep rustc from saying so.
            let unused = *may_warn && !used.iter().any(|tokens| mentions(tokens, name));
            let pattern = if unused { name.to_token_stream() } else { quote_spanned!(span=> _) };
            captures.push(quote_spanned!(span=> #(#attributes)* let #pattern = &#name;));
        }
        return bound.names.into_iter().map(|(name, _)| name).collect();
    }
    let span = at(parameter.pat.span());
    let cfg: Vec<&Attribute> = attributes.iter().filter(|attribute| is_cfg(attribute)).collect();
    match &mut *parameter.pat {
        Pat::Ident(pattern @ PatIdent { by_ref: None, subpat: None, .. }) if bound.all => {
            let mutability = pattern.mutability.take();
            let name = &pattern.ident;
            captures.push(quote_spanned!(span=> #(#cfg)* let _ = &#name;));
            bindings.extend(quote_spanned!(span=> #(#attributes)* let #mutability #name = #name;));
            vec![name.clone()]
        }
        pattern => {
            let name = format_ident!("__coro_arg{}", index, span = span);
            let mutability = bound.ref_mut.then(|| Token![mut](span));
            let named: Pat = Pat::Verbatim(quote_spanned!(span=> #mutability #name));
            let pattern = core::mem::replace(pattern, named);
            captures.push(quote_spanned!(span=> #(#cfg)* let _ = &#name;));
            if !bindings.is_empty() {
                // What the pattern leaves behind is dropped after what it binds, and before the parameters in front.
                bindings.extend(quote_spanned!(span=> #(#cfg)* let #mutability #name = #name;));
            }
            // A lone `_` binds nothing: the argument itself lives until the end.
            if !matches!(pattern, Pat::Wild(_)) {
                bindings.extend(quote_spanned!(span=> #(#attributes)* let #pattern = #name;));
            }
            vec![name]
        }
    }
}

fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// What a pattern binds.
struct Bound {
    /// The names, and whether an unused one can be reported at its token with rustc's advice to write `_name`.
    names: Vec<(Ident, bool)>,
    /// Whether they hold the whole argument, and none borrows from another part.
    all: bool,
    ref_mut: bool,
}

impl Bound {
    fn by(pattern: &Pat) -> Self {
        let mut bound = Self { names: Vec::new(), all: true, ref_mut: false };
        bound.visit_pat(pattern);
        bound
    }
}

impl Visit<'_> for Bound {
    fn visit_pat(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Ident(ident) => {
                let name = &ident.ident;
                // A constant or a unit struct looks like a binding.
                let is_binding = name.unraw().to_string().starts_with(|first: char| !first.is_uppercase());
                self.all &= is_binding && ident.by_ref.is_none();
                self.ref_mut |= ident.by_ref.is_some() && ident.mutability.is_some();
                if self.names.iter().all(|(known, _)| known != name) {
                    self.names.push((name.clone(), true));
                }
                match ident.subpat.as_ref().map(|(_, pattern)| &**pattern) {
                    Some(Pat::Rest(_) | Pat::Wild(_)) | None => {}
                    Some(pattern) => self.visit_pat(pattern),
                }
            }
            Pat::Or(_) | Pat::Paren(_) | Pat::Reference(_) | Pat::Slice(_) | Pat::Tuple(_) => {
                visit::visit_pat(self, pattern);
            }
            // One without fields binds nothing of a value that may have a destructor.
            Pat::TupleStruct(fields) => {
                self.all &= !fields.elems.is_empty();
                visit::visit_pat(self, pattern);
            }
            Pat::Struct(fields) => {
                self.all &= fields.rest.is_none() && !fields.fields.is_empty();
                visit::visit_pat(self, pattern);
            }
            _ => {
                self.all = false;
                self.ref_mut |= matches!(pattern, Pat::Macro(_));
            }
        }
    }

    fn visit_field_pat(&mut self, field: &FieldPat) {
        let before = self.names.len();
        self.visit_pat(&field.pat);
        if field.colon_token.is_none() {
            self.names[before..].iter_mut().for_each(|(_, may_warn)| *may_warn = false);
        }
    }
}

/// Whether `tokens` use `name`, be it in a format string.
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident.unraw() == name.unraw(),
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(literal) => literal.to_string().contains(&name.unraw().to_string()),
        TokenTree::Punct(_) => false,
    })
}
