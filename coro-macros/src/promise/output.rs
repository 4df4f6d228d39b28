//! What the hooks become.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Generics, Ident, Lifetime, Meta, Type, parse_quote_spanned};

use super::Expansion;
use super::hook::{Hook, Kind};
use super::types::{self, ElidedLifetimes, SelfIs};

impl ToTokens for Expansion {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.conditional_errors.clone());
        tokens.extend(self.promise());
        tokens.extend(self.hooks.iter().map(|hook| match hook.kind {
            Kind::New => self.implement(hook, "NewPromise", None),
            Kind::UnhandledException => self.implement(hook, "UnhandledException", None),
            Kind::YieldValue => self.implement(hook, "YieldValue", Some("Awaiter")),
            Kind::YieldFrom => self.implement(hook, "YieldFrom", Some("Awaitable")),
            Kind::AwaitTransform => self.implement(hook, "AwaitTransform", Some("Awaitable")),
            Kind::GetReturnObject => self.coroutine(hook),
            // Parts of `impl Promise`.
            Kind::InitialSuspend | Kind::FinalSuspend | Kind::ReturnValue | Kind::ReturnVoid => TokenStream::new(),
        }));
        tokens.extend(self.awaits_everything());
        tokens.extend(self.awaits_listed());
        if !self.strangers.is_empty() {
            tokens.extend(self.inherent(Span::mixed_site(), &self.strangers.iter().cloned().collect()));
        }
    }
}

impl Expansion {
    /// One of the impls, with the lint levels of the user's.
    fn block(
        &self,
        span: Span,
        attributes: impl IntoIterator<Item: ToTokens>,
        generics: &Generics,
        header: &TokenStream,
        items: &TokenStream,
    ) -> TokenStream {
        let attributes = attributes.into_iter();
        // What was expected of the user's block may happen in one of these only.
        let lints = self.attributes.iter().filter(|attribute| is_lint_level(attribute)).cloned().map(|mut lint| {
            if let (true, Meta::List(list)) = (lint.path().is_ident("expect"), &mut lint.meta) {
                list.path = Ident::new("allow", list.path.span()).into();
            }
            lint
        });
        // What the user's block uses twice, one of these may use once.
        let allowed = generics.lifetimes().next().map(|_| quote_spanned!(span=> #[allow(single_use_lifetimes)]));
        let (parameters, _, bounds) = generics.split_for_impl();
        quote_spanned! {span=>
            #(#lints)* #allowed #(#attributes)*
            impl #parameters #header #bounds { #items }
        }
    }

    fn inherent(&self, span: Span, items: &TokenStream) -> TokenStream {
        self.block(span, None::<Attribute>, &self.generics, &self.promise.to_token_stream(), items)
    }

    /// `impl Promise`.
    fn promise(&self) -> TokenStream {
        let (span, promise) = (Span::mixed_site(), &self.promise);
        let (krate, world) = (&self.arguments.krate, &self.arguments.world);
        let threads = self.arguments.is_send.then(|| quote_spanned!(span=> <#krate::Sendable>));
        let (owner, on_panic, value) = (self.owner(), self.on_panic(), self.value());
        let initial = self.suspension(Kind::InitialSuspend, "Initial");
        let final_ = self.suspension(Kind::FinalSuspend, "Final");
        let items = quote_spanned! {span=>
            type World = #krate::#world #threads;
            #owner
            #on_panic
            #value
            #initial
            #final_
        };
        let attributes = self.attributes.iter().filter(|attribute| !is_lint_level(attribute));
        self.block(span, attributes, &self.generics, &quote_spanned!(span=> #krate::Promise for #promise), &items)
    }

    fn owner(&self) -> TokenStream {
        let krate = &self.arguments.krate;
        let chosen = self.hooks_of(&[Kind::GetReturnObject]).map(|hook| {
            let (cfgs, owner) = (hook.cfgs(), if hook.argument().is_some() { "Handle" } else { "Nobody" });
            let owner = Ident::new(owner, hook.span());
            quote_spanned!(hook.span()=> #(#cfgs)* type Owner = #krate::#owner;)
        });
        let default = self
            .presence(&[Kind::GetReturnObject])
            .otherwise()
            .map(|cfg| quote_spanned!(Span::mixed_site()=> #cfg type Owner = #krate::Handle;));
        chosen.chain(default).collect()
    }

    fn on_panic(&self) -> TokenStream {
        let krate = &self.arguments.krate;
        let presence = self.presence(&[Kind::UnhandledException]);
        let handled =
            presence.given().map(|cfg| quote_spanned!(Span::mixed_site()=> #cfg type OnPanic = #krate::Handled;));
        let default =
            presence.otherwise().map(|cfg| quote_spanned!(Span::mixed_site()=> #cfg type OnPanic = #krate::Propagate;));
        handled.into_iter().chain(default).collect()
    }

    fn value(&self) -> TokenStream {
        const KINDS: [Kind; 2] = [Kind::ReturnValue, Kind::ReturnVoid];
        let values = self.hooks_of(&KINDS).map(|hook| {
            let (cfgs, attributes, body) = (hook.cfgs(), &hook.attributes, &hook.body);
            let mut signature = hook.signature.clone();
            let value = match hook.argument() {
                Some(value) => value.clone(),
                None => {
                    signature.ident = Ident::new("return_value", signature.ident.span());
                    signature.inputs.push(parse_quote_spanned!(hook.span()=> (): ()));
                    parse_quote_spanned!(hook.span()=> ())
                }
            };
            quote_spanned!(hook.span()=> #(#cfgs)* type Value = #value; #(#attributes)* #signature #body)
        });
        let default = self.presence(&KINDS).otherwise().map(
            |cfg| quote_spanned!(Span::mixed_site()=> #cfg type Value = (); #cfg fn return_value(&mut self, (): ()) {}),
        );
        values.chain(default).collect()
    }

    fn suspension(&self, kind: Kind, associated: &str) -> TokenStream {
        let krate = &self.arguments.krate;
        let kinds = [kind];
        let suspensions = self.hooks_of(&kinds).map(|hook| {
            let (cfgs, output, method) = (hook.cfgs(), hook.output(), hook.method());
            let associated = Ident::new(associated, hook.span());
            quote_spanned!(hook.span()=> #(#cfgs)* type #associated = #output; #method)
        });
        let default = self.presence(&kinds).otherwise().map(|cfg| {
            let span = Span::mixed_site();
            let (associated, name) = (Ident::new(associated, span), Ident::new(kind.name(), span));
            let lazy = (kind == Kind::InitialSuspend)
                .then(|| quote_spanned!(span=> #cfg const LAZY: ::core::primitive::bool = true;));
            quote_spanned! {span=>
                #lazy
                #cfg type #associated = #krate::SuspendAlways;
                #cfg fn #name(&mut self) -> #krate::SuspendAlways { #krate::SuspendAlways }
            }
        });
        suspensions.chain(default).collect()
    }

    /// The impl of a trait that has one hook and at most one associated type.
    fn implement(&self, hook: &Hook, trait_: &str, associated: Option<&str>) -> TokenStream {
        let Hook { attributes, signature, body, .. } = hook;
        let (krate, span) = (&self.arguments.krate, hook.span());
        let promise = match hook.kind {
            // Without `std`, rustc reports it at this type.
            Kind::UnhandledException => types::located_at(self.promise.to_token_stream(), span),
            _ => self.promise.to_token_stream(),
        };
        let trait_ = Ident::new(trait_, span);
        let overload = hook.argument().filter(|_| hook.kind.is_overloadable());
        let overload = overload.map(|argument| quote_spanned!(span=> <#argument>));
        let associated = associated.map(|name| Ident::new(name, span));
        let items = match (associated, hook.output()) {
            (None, _) => hook.method(),
            (Some(associated), Some(output)) => {
                let method = hook.method();
                quote_spanned!(span=> type #associated = #output; #method)
            }
            // A `yield_value` that returns nothing, in a closure because its body may `return`.
            (Some(associated), None) => {
                // The other world's has been reported.
                let awaiter = if self.arguments.world == "ByOwner" { "SuspendAlways" } else { "SuspendNever" };
                let awaiter = Ident::new(awaiter, span);
                quote_spanned! {span=>
                    type #associated = #krate::#awaiter;
                    #(#attributes)*
                    #signature -> #krate::#awaiter {
                        let (): () = (move || -> () #body)();
                        #krate::#awaiter
                    }
                }
            }
        };
        let header = quote_spanned!(span=> #krate::#trait_ #overload for #promise);
        self.block(span, hook.cfgs(), &types::join(&self.generics, &hook.hoisted), &header, &items)
    }

    /// What a promise may await that has no `await_transform`: everything.
    fn awaits_everything(&self) -> Option<TokenStream> {
        let cfg = self.presence(&[Kind::AwaitTransform]).otherwise().filter(|_| self.arguments.awaits)?;
        let (krate, promise, span) = (&self.arguments.krate, &self.promise, Span::mixed_site());
        let awaited = format_ident!("__Awaited", span = span);
        let generics = types::join(&self.generics, &parse_quote_spanned!(span=> <#awaited>));
        let items = quote_spanned! {span=>
            type Awaitable = #awaited;
            fn await_transform(&mut self, awaited: #awaited) -> #awaited { awaited }
        };
        let header = quote_spanned!(span=> #krate::AwaitTransform<#awaited> for #promise);
        Some(self.block(span, [cfg], &generics, &header, &items))
    }

    /// Tells the runtime that this promise does not await everything, for better errors (its `NeverAwaited` says how).
    fn awaits_listed(&self) -> Option<TokenStream> {
        let given = self.presence(&[Kind::AwaitTransform]).given();
        let cfg = if self.arguments.awaits { Some(given?) } else { None };
        let (krate, promise, span) = (&self.arguments.krate, &self.promise, Span::mixed_site());
        let header = quote_spanned!(span=> #krate::private::AwaitsListed for #promise);
        Some(self.block(span, cfg, &self.generics, &header, &TokenStream::new()))
    }

    /// The user's `get_return_object`, where `Self` is the promise, and the impl that calls it, where `Self` is the
    /// return object.
    fn coroutine(&self, hook: &Hook) -> TokenStream {
        let Some(object) = hook.output() else { return TokenStream::new() };
        let (krate, promise, span) = (&self.arguments.krate, &self.promise, hook.span());
        let mut generics = types::join(&self.generics, &hook.hoisted);
        let lifetime = match hook.argument().map(types::lifetime_argument) {
            None => Lifetime::new("'static", span),
            Some(Some(named)) => named.clone(),
            Some(None) => {
                let lifetime = self.fresh.lifetime("'co", span);
                types::hoist(&mut generics, [&lifetime]);
                lifetime
            }
        };
        let mut object = object.clone();
        ElidedLifetimes::new(|span| Lifetime { apostrophe: span, ident: lifetime.ident.clone() })
            .visit_type_mut(&mut object);
        SelfIs(promise).visit_type_mut(&mut object);
        SelfIs(promise).visit_generics_mut(&mut generics);
        if !generics.params.is_empty() {
            generics.make_where_clause().predicates.push(types::outlives(promise, &lifetime, span));
        }

        let name = &hook.signature.ident;
        let (given, at) = match hook.argument() {
            Some(handle) => (quote_spanned!(span=> #krate::CoroutineHandle<#lifetime, #promise>), handle.span()),
            None => (quote_spanned!(span=> &mut #promise), span),
        };
        // Located at the argument's type: that is what can be wrong.
        let call = quote_spanned!(Span::mixed_site().located_at(at)=> <#promise>::#name(given));
        let call = if hook.is_broken { quote_spanned!(span=> ::core::unreachable!()) } else { call };
        let items = quote_spanned! {span=>
            type Promise = #promise;
            fn #name(given: #given) -> Self { #call }
        };
        let header = quote_spanned!(span=> #krate::Coroutine<#lifetime> for #object);
        let block = self.block(span, hook.cfgs(), &generics, &header, &items);
        if hook.is_broken {
            return block;
        }
        let lendable = self.lendable(hook, &generics, &object, &lifetime);
        let method = hook.method();
        // It is no trait's method, for clippy; but its shape is a hook's.
        let inherent = self.inherent(
            span,
            &quote_spanned! {span=>
                #[allow(clippy::missing_const_for_fn, clippy::needless_pass_by_ref_mut, clippy::needless_pass_by_value)]
                #[allow(clippy::unused_self)]
                #method
            },
        );
        quote_spanned!(span=> #inherent #block #lendable)
    }

    /// That the return object can be lent by the place its coroutine lives in: if its owner resumes it, and nothing but
    /// its own lifetime depends on that.
    fn lendable(&self, hook: &Hook, generics: &Generics, object: &Type, lifetime: &Lifetime) -> Option<TokenStream> {
        let (krate, promise, span) = (&self.arguments.krate, &self.promise, hook.span());
        let is_of_promise = self.generics.lifetimes().any(|of_promise| of_promise.lifetime == *lifetime);
        let is_bounded = types::mentions(&hook.hoisted.where_clause, &lifetime.ident)
            || hook.hoisted.lifetimes().any(|own| own.lifetime == *lifetime && !own.bounds.is_empty());
        if self.arguments.world != "ByOwner" || lifetime.ident == "static" || is_of_promise || is_bounded {
            return None;
        }
        if !types::mentions(object, &lifetime.ident) {
            return None;
        }
        let lent = self.fresh.lifetime("'lent", span);
        let lent_object = types::renamed(object, lifetime, &lent);
        let items = quote_spanned! {span=>
            type Promise = #promise;
            type Lent<#lent> = #lent_object where Self: #lent;
        };
        let header = quote_spanned!(span=> #krate::Lendable for #object);
        Some(self.block(span, hook.cfgs(), generics, &header, &items))
    }
}

fn is_lint_level(attribute: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|level| attribute.path().is_ident(level))
}
