//! The expansion of `#[coro::promise]`.
//!
//! ```text
//! #[coro::promise]
//! impl<T> LazyPromise<T> {
//!     fn new() -> Self { … }
//!     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> { … }
//!     fn return_value(&mut self, value: T) { … }
//!     fn await_transform(&mut self, timer: &Timer) -> Sleep<'_> { … }
//! }
//! ```
//!
//! becomes
//!
//! ```text
//! impl<T> Promise for LazyPromise<T> {
//!     type World = ByOwner;
//!     type Owner = Handle;
//!     type OnPanic = Propagate;
//!     type Value = T;
//!     fn return_value(&mut self, value: T) { … }
//!     type Initial = SuspendAlways;
//!     fn initial_suspend(&mut self) -> SuspendAlways { SuspendAlways }
//!     …                                                       // and the same for `final_suspend`
//! }
//! impl<T> NewPromise for LazyPromise<T> { fn new() -> Self { … } }
//! impl<T> LazyPromise<T> {                                    // `Self` is the promise here
//!     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> { … }
//! }
//! impl<'co, T> Coroutine<'co> for Lazy<'co, T> where LazyPromise<T>: 'co {
//!     type Promise = LazyPromise<T>;
//!     fn get_return_object(handle: CoroutineHandle<'co, LazyPromise<T>>) -> Self {
//!         <LazyPromise<T>>::get_return_object(handle)
//!     }
//! }
//! impl<'arg, T> AwaitTransform<&'arg Timer> for LazyPromise<T> {
//!     type Awaitable = Sleep<'arg>;
//!     fn await_transform(&mut self, timer: &'arg Timer) -> Sleep<'arg> { … }
//! }
//! impl<T> AwaitsListed for LazyPromise<T> {}
//! ```
//!
//! A hook under a `#[cfg]` takes its impl, or its items of `impl Promise`, with it; the default of a hook is under the
//! contrary `#[cfg]`. So two hooks of one name may stand under opposite `#[cfg]`s.
//!
//! After an error, all that is still understood is expanded, so that rustc has nothing to add about the functions that
//! use the promise.

mod arguments;
mod block;
mod hook;
mod output;
#[cfg(test)]
mod tests;
mod types;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, ConstParam, GenericParam, Generics, Ident, Lifetime, LifetimeParam, Type, TypeParam};

use self::arguments::Arguments;
use self::block::{Block, Method};
use self::hook::{Hook, Kind};
use self::types::{ElidedLifetimes, FreshLifetimes, SelfIs};
use crate::diagnostics::{Diagnostics, error_at};

/// Expands the attribute.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::default();
    let arguments = Arguments::parse(arguments, &mut errors);
    let expansion = match Block::parse(item.clone(), &mut errors) {
        Some(block) => Expansion::new(arguments, block, &mut errors).to_token_stream(),
        None => item,
    };
    let errors = errors.into_compile_errors();
    quote_spanned!(Span::mixed_site()=> #errors #expansion)
}

/// What the impl block says, checked.
struct Expansion {
    arguments: Arguments,
    attributes: Vec<Attribute>,
    generics: Generics,
    promise: Type,
    hooks: Vec<Hook>,
    /// What is no hook, and has been reported. It stays as it is, for what uses it.
    strangers: Vec<TokenStream>,
    /// Errors that depend on a `#[cfg]`.
    conditional_errors: TokenStream,
    fresh: FreshLifetimes,
}

impl Expansion {
    fn new(arguments: Arguments, block: Block, errors: &mut Diagnostics) -> Self {
        let Block { attributes, mut generics, mut self_ty, methods, others, fresh } = block;
        // `impl P<'_>`: an associated type such as `type Promise = P<'_>` needs the name.
        let mut lifetimes = ElidedLifetimes::new(|span| fresh.lifetime("'promise", span));
        lifetimes.visit_type_mut(&mut self_ty);
        let nameless = lifetimes.given;
        types::hoist(&mut generics, nameless.iter().map(|(name, _)| name));

        let mut expansion = Self {
            arguments,
            attributes,
            generics,
            promise: self_ty,
            hooks: Vec::new(),
            strangers: others,
            conditional_errors: TokenStream::new(),
            fresh,
        };
        let known = methods.iter().filter_map(|method| Kind::named(&method.signature.ident)).collect::<Vec<_>>();
        let mut seen = Vec::new();
        for method in methods {
            expansion.add(method, &known, &mut seen, errors);
        }
        expansion.check_required(&seen, errors);
        expansion.check_world(errors);
        expansion.check_parameters(&nameless, errors);
        expansion
    }

    /// Adds a method: a hook, after the checks that concern more than one hook.
    fn add(&mut self, method: Method, known: &[Kind], seen: &mut Vec<(Kind, bool)>, errors: &mut Diagnostics) {
        let name = &method.signature.ident;
        let kind = Kind::named(name).or_else(|| {
            let meant = Kind::nearest(name);
            errors.error(
                name,
                &format!("`{name}` is not a hook of a promise"),
                &meant.map_or_else(
                    || "move it to another `impl` block without `#[coro::promise]`".to_owned(),
                    |meant| format!("did you mean `{}`?", meant.name()),
                ),
            );
            meant.filter(|meant| meant.is_overloadable() || !known.contains(meant))
        });
        let Some(kind) = kind else {
            self.strangers.push(method.into_token_stream());
            return;
        };
        // Under a `#[cfg]`, only rustc knows whether both are there.
        let is_certain = method.attributes.iter().all(|attribute| !is_cfg(attribute));
        let rival =
            seen.iter().find(|(other, other_is_certain)| kind.excludes(*other) && is_certain && *other_is_certain);
        match rival {
            Some((other, _)) if *other == kind => {
                errors.error(name, &format!("`{name}` is there twice"), "remove one of them");
                return;
            }
            Some((other, _)) => {
                errors.error(
                    name,
                    &format!("`{name}` contradicts `{}`", other.name()),
                    "remove one of them: a coroutine returns either values or nothing",
                );
                return;
            }
            None => seen.push((kind, is_certain)),
        }
        if kind == Kind::AwaitTransform && !self.arguments.awaits {
            errors.error(
                name,
                "`await_transform` contradicts `await = none`",
                "remove one of them: a promise with an `await_transform` accepts only what that takes",
            );
        }
        // What does not even say what it stands for stays as it is; overloads would be duplicates.
        let original = (!kind.is_overloadable() && method.body.is_some())
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(unused)] #method));
        match Hook::check(kind, method, &self.fresh, errors) {
            Some(hook) => self.hooks.push(hook),
            None => self.strangers.extend(original),
        }
    }

    fn check_required(&mut self, seen: &[(Kind, bool)], errors: &mut Diagnostics) {
        let return_object = (
            &[Kind::GetReturnObject][..],
            "this promise has no `get_return_object`",
            format!("say what its functions return: `{}`", Kind::GetReturnObject.model()),
        );
        let returned = (
            &[Kind::ReturnValue, Kind::ReturnVoid][..],
            "this promise has neither `return_value` nor `return_void`",
            format!("write `{}`, or `{}`", Kind::ReturnValue.model(), Kind::ReturnVoid.model()),
        );
        for (kinds, problem, fix) in [return_object, returned] {
            if seen.iter().all(|(kind, _)| !kinds.contains(kind)) {
                errors.error(&self.promise, problem, &fix);
            } else if let Presence::If(condition) = self.presence(kinds) {
                let error = error_at(self.promise.span(), problem, &fix).to_compile_error();
                self.conditional_errors.extend(quote_spanned!(Span::mixed_site()=> #[cfg(not(#condition))] #error));
            }
        }
    }

    /// Who could resume the coroutine? What is under a `#[cfg]` is left to rustc.
    fn check_world(&self, errors: &mut Diagnostics) {
        let world = &self.arguments.world;
        for hook in self.hooks.iter().filter(|hook| hook.cfgs().next().is_none()) {
            let receiver = hook.signature.receiver();
            match hook.kind {
                Kind::GetReturnObject if world != "Detached" && receiver.is_some() => errors.error(
                    receiver,
                    &format!(
                        "a coroutine of the world `{world}` is driven through its handle, and nobody has this one's"
                    ),
                    &format!("write `{}`, or `#[coro::promise(world = Detached)]`", hook.kind.model()),
                ),
                Kind::YieldValue if world != "ByOwner" && hook.output().is_none() => errors.error(
                    &hook.signature.ident,
                    &format!("a coroutine of the world `{world}` that has yielded would have nobody to resume it"),
                    "return an awaiter that keeps the continuation: `fn yield_value(&mut self, value: T) -> MyAwaiter`",
                ),
                _ => {}
            }
        }
    }

    /// The coroutine type chooses its promise, so it names all of the promise's parameters. `nameless` are lifetimes that
    /// the user did not name.
    fn check_parameters(&mut self, nameless: &[(Lifetime, Span)], errors: &mut Diagnostics) {
        let parameters: Vec<_> = self
            .generics
            .params
            .iter()
            .map(|parameter| match parameter {
                GenericParam::Type(TypeParam { ident, attrs, .. })
                | GenericParam::Const(ConstParam { ident, attrs, .. }) => (ident, ident.to_string(), attrs),
                GenericParam::Lifetime(LifetimeParam { lifetime, attrs, .. }) => {
                    (&lifetime.ident, lifetime.to_string(), attrs)
                }
            })
            .filter(|(.., attributes)| !attributes.iter().any(is_cfg))
            .collect();
        self.hooks.retain(|hook| {
            let Some(object) = hook.output().filter(|_| hook.kind == Kind::GetReturnObject) else { return true };
            let mut named = object.clone();
            SelfIs(&self.promise).visit_type_mut(&mut named);
            let lifetime = hook.argument().and_then(types::lifetime_argument);
            let is_missing = |name: &Ident| {
                !types::mentions(&named, name) && lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != *name)
            };
            let Some((name, missing, _)) = parameters.iter().find(|(name, ..)| is_missing(name)) else {
                return true;
            };
            if let Some((_, span)) = nameless.iter().find(|(lifetime, _)| lifetime.ident == **name) {
                errors.error_at(
                    *span,
                    "this lifetime needs a name, for the coroutine type must mention it",
                    "declare it, `impl<'a> MyPromise<'a>`, and return a type that has it as a parameter",
                );
            } else {
                errors.error(
                    object,
                    &format!("this type does not say what `{missing}` is for its promise"),
                    &format!("a coroutine type chooses its promise: give it the parameter `{missing}` too"),
                );
            }
            self.strangers.push(hook.method());
            false
        });
    }

    fn hooks_of<'s>(&'s self, kinds: &'s [Kind]) -> impl Iterator<Item = &'s Hook> {
        self.hooks.iter().filter(|hook| kinds.contains(&hook.kind))
    }

    /// Whether a hook of one of these kinds is compiled in.
    fn presence(&self, kinds: &[Kind]) -> Presence {
        let conditions: Vec<_> = self.hooks_of(kinds).map(|hook| hook.cfgs().collect::<Vec<_>>()).collect();
        if conditions.iter().any(Vec::is_empty) {
            return Presence::Always;
        }
        let each = conditions.iter().map(|cfgs| {
            let predicates = cfgs.iter().filter_map(|cfg| Some(&cfg.meta.require_list().ok()?.tokens));
            quote_spanned!(Span::mixed_site()=> all(#(#predicates),*))
        });
        let condition = quote_spanned!(Span::mixed_site()=> any(#(#each),*));
        if conditions.is_empty() { Presence::Never } else { Presence::If(condition) }
    }
}

/// Whether a hook is compiled in.
enum Presence {
    Never,
    Always,
    /// Under this condition.
    If(TokenStream),
}

impl Presence {
    /// The attribute of what is there with the hook.
    fn given(&self) -> Option<TokenStream> {
        match self {
            Self::Never => None,
            Self::Always => Some(TokenStream::new()),
            Self::If(condition) => Some(quote_spanned!(Span::mixed_site()=> #[cfg(#condition)])),
        }
    }

    /// The attribute of what is there without the hook.
    fn otherwise(&self) -> Option<TokenStream> {
        match self {
            Self::Never => Some(TokenStream::new()),
            Self::Always => None,
            Self::If(condition) => Some(quote_spanned!(Span::mixed_site()=> #[cfg(not(#condition))])),
        }
    }
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}
