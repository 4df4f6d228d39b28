//! Types and generics: names for lifetimes that have none, and what stands for `Self`.

use std::cell::RefCell;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, GenericParam, Generics, Lifetime, LifetimeParam, ParenthesizedGenericArguments, PathArguments,
    PredicateType, Token, Type, TypeFnPtr, TypeImplTrait, TypeParamBound, TypePath, TypeReference, WherePredicate,
};

/// Makes lifetimes whose names occur nowhere in the item: hygiene does not keep lifetimes of an `impl` apart.
pub(super) struct FreshLifetimes {
    item: RefCell<String>,
}

impl FreshLifetimes {
    pub(super) fn of(item: &TokenStream) -> Self {
        Self { item: RefCell::new(item.to_string()) }
    }

    pub(super) fn lifetime(&self, name: &str, span: Span) -> Lifetime {
        let mut name = name.to_owned();
        while self.item.borrow().contains(&name) {
            name.push('_');
        }
        self.item.borrow_mut().push_str(&name);
        Lifetime::new(&name, Span::mixed_site().located_at(span))
    }
}

/// Gives names to the elided lifetimes of a type, but for those of `fn(&T)` and `Fn(&T)`, which are their own.
pub(super) struct ElidedLifetimes<F> {
    name: F,
    /// The names that were given, and where.
    pub(super) given: Vec<(Lifetime, Span)>,
}

impl<F: FnMut(Span) -> Lifetime> ElidedLifetimes<F> {
    pub(super) const fn new(name: F) -> Self {
        Self { name, given: Vec::new() }
    }

    fn give(&mut self, span: Span) -> Lifetime {
        let lifetime = (self.name)(span);
        self.given.push((lifetime.clone(), span));
        lifetime
    }
}

impl<F: FnMut(Span) -> Lifetime> VisitMut for ElidedLifetimes<F> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.give(lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.give(reference.and_token.span()));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}

/// Replaces the type `Self`.
pub(super) struct SelfIs<'t>(pub(super) &'t Type);

impl VisitMut for SelfIs<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self") => *ty = self.0.clone(),
            ty => visit_mut::visit_type_mut(self, ty),
        }
    }
}

/// The lifetimes that a type names, each once, but for `'_`.
pub(super) fn lifetimes(ty: &Type) -> Vec<Lifetime> {
    struct Named(Vec<Lifetime>);

    impl<'ast> Visit<'ast> for Named {
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident != "_" && !self.0.contains(lifetime) {
                self.0.push(lifetime.clone());
            }
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}

        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
    }

    let mut named = Named(Vec::new());
    named.visit_type(ty);
    named.0
}

/// The lifetime that a `CoroutineHandle<'lifetime, P>` names, whatever the type is called here.
pub(super) fn lifetime_argument(ty: &Type) -> Option<&Lifetime> {
    let Type::Path(TypePath { path, .. }) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Lifetime(lifetime) if lifetime.ident != "_" => Some(lifetime),
        _ => None,
    }
}

/// The first `impl Trait` in a type.
pub(super) fn impl_trait(ty: &Type) -> Option<&TypeImplTrait> {
    struct Found<'ast>(Option<&'ast TypeImplTrait>);

    impl<'ast> Visit<'ast> for Found<'ast> {
        fn visit_type_impl_trait(&mut self, found: &'ast TypeImplTrait) {
            self.0.get_or_insert(found);
        }
    }

    let mut found = Found(None);
    found.visit_type(ty);
    found.0
}

/// The type with another lifetime in place of one.
pub(super) fn renamed(ty: &Type, from: &Lifetime, to: &Lifetime) -> Type {
    struct Rename<'l>(&'l Lifetime, &'l Lifetime);

    impl VisitMut for Rename<'_> {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime == self.0 {
                *lifetime = self.1.clone();
            }
        }
    }

    let mut ty = ty.clone();
    Rename(from, to).visit_type_mut(&mut ty);
    ty
}

/// Whether `name` occurs in a type, or in bounds.
pub(super) fn mentions(ty: &impl ToTokens, name: &Ident) -> bool {
    fn occurs(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => occurs(group.stream(), name),
            TokenTree::Ident(ident) => ident == *name,
            _ => false,
        })
    }
    occurs(ty.to_token_stream(), name)
}

/// The same tokens, located elsewhere.
pub(super) fn located_at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = token {
                token = Group::new(group.delimiter(), located_at(group.stream(), span)).into();
            }
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}

/// Adds lifetimes to the parameters.
pub(super) fn hoist<'l>(generics: &mut Generics, lifetimes: impl IntoIterator<Item = &'l Lifetime>) {
    let lifetimes = lifetimes.into_iter().cloned().map(LifetimeParam::new);
    generics.params.extend(lifetimes.map(GenericParam::Lifetime));
}

/// `ty: 'lifetime`.
pub(super) fn outlives(ty: &Type, lifetime: &Lifetime, span: Span) -> WherePredicate {
    WherePredicate::Type(PredicateType {
        attrs: Vec::new(),
        lifetimes: None,
        bounded_ty: ty.clone(),
        colon_token: Token![:](span),
        bounds: [TypeParamBound::Lifetime(lifetime.clone())].into_iter().collect(),
    })
}

/// Both generics; where they are printed, lifetimes come first.
pub(super) fn join(outer: &Generics, inner: &Generics) -> Generics {
    let mut joined = outer.clone();
    joined.params.extend(inner.params.iter().cloned());
    if let Some(bounds) = &inner.where_clause {
        joined.make_where_clause().predicates.extend(bounds.predicates.iter().cloned());
    }
    joined
}
