//! Turns `async fn` into coroutines by editing the text: whatever is not edited stays as it was written.
//!
//! ```text
//! async fn f() -> R { … }                     #[coro::coroutine] fn f() -> Task<'static, R> { … }
//! async fn f(&self, x: u8) -> R { … }         #[coro::coroutine] fn f(&self, x: u8) -> Task<'_, R> { … }
//! async fn f<T>(&self, x: &T) -> R { … }      #[coro::coroutine] fn f<'coro, 'coro0, 'coro1, T>(&'coro0 self, x: &'coro1 T)
//!                                                 -> Task<'coro, R> where 'coro0: 'coro, 'coro1: 'coro, T: 'coro { … }
//! #[tokio::test] async fn f() { … }           #[tokio::test] async fn f() {
//!                                                 #[coro::coroutine] fn body() -> Task<'static, (), Polled> { … } body().await }
//! ```
//!
//! An `async fn` captures all lifetimes and types of its signature. The return type of a coroutine has one lifetime, which
//! all of those must outlive: the last form says so in general, the others are what a person writes where they suffice.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, FnArg, GenericParam, Generics, ImplItemFn, ItemFn, ItemImpl, ItemTrait, Lifetime,
    ParenthesizedGenericArguments, ReceiverKind, ReturnType, Signature, TypeFnPtr, TypeImplTrait, TypeReference,
    Visibility,
};

/// What became of the `async fn`s of a file.
#[derive(Default)]
pub(crate) struct Conversion {
    pub(crate) text: String,
    /// The functions that are coroutines now, and the lines they were in.
    pub(crate) converted: Vec<(String, Range<usize>)>,
    /// Those whose body is one, since an attribute wants the function itself to be `async`.
    pub(crate) bodies: Vec<(String, Range<usize>)>,
    /// Those that stay, and why.
    pub(crate) kept: Vec<(String, String)>,
}

/// What the crate's coroutines are, and which functions are to stay as they are.
pub(crate) struct Rules<'r> {
    /// Functions whose tasks stay on their thread.
    pub(crate) local: &'r [&'r str],
    /// Functions of which we know why they cannot be coroutines.
    pub(crate) keep: &'r [(&'r str, &'r str)],
}

/// Converts one file.
pub(crate) fn convert(text: &str, rules: &Rules<'_>) -> syn::Result<Conversion> {
    let file = syn::parse_file(text)?;
    let mut converter =
        Converter { rules, edits: Vec::new(), scope: Vec::new(), result: Conversion::default(), within: Within::Free };
    converter.visit_file(&file);
    let Converter { mut edits, mut result, .. } = converter;
    // Stable: of several at one place, the first made comes first.
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut end = 0;
    for (range, new) in edits {
        result.text.push_str(&text[end..range.start]);
        result.text.push_str(&new);
        end = range.end;
    }
    result.text.push_str(&text[end..]);
    Ok(result)
}

/// Where a function is.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Free,
    Impl,
    /// Its signature is not ours to change.
    TraitImpl,
    Macro,
}

struct Converter<'r> {
    rules: &'r Rules<'r>,
    edits: Vec<(Range<usize>, String)>,
    /// What the `impl`s and traits around have declared.
    scope: Vec<Generics>,
    result: Conversion,
    within: Within,
}

impl Converter<'_> {
    fn insert(&mut self, at: usize, new: impl Into<String>) {
        self.edits.push((at..at, new.into()));
    }

    fn function(
        &mut self,
        attributes: &[Attribute],
        visibility: Option<&Visibility>,
        sig: &Signature,
        body: Option<&Block>,
    ) {
        let Some(asyncness) = &sig.asyncness else { return };
        let name = sig.ident.to_string();
        if let Some((_, why)) = self.rules.keep.iter().find(|(kept, _)| *kept == name) {
            self.result.kept.push((name, (*why).to_owned()));
            return;
        }
        if let Some(first) = &sig.constness {
            self.result.kept.push((name, format!("it is `{}`", quote::quote!(#first))));
            return;
        }
        let lines = sig.span().start().line..body.map_or(sig.span(), Spanned::span).end().line;
        if attributes.iter().any(wants_async) {
            match body {
                Some(body) if sig.inputs.is_empty() => {
                    self.wrap(sig, body);
                    self.result.bodies.push((name, lines));
                }
                _ => self.result.kept.push((name, "an attribute wants it to be `async`, and it has parameters".into())),
            }
            return;
        }
        let Some(lifetime) = self.lifetime(sig, body) else {
            let why =
                "a trait declares it, and its future borrows from several places, for which `Task` would need a name";
            self.result.kept.push((name, why.into()));
            return;
        };
        // Above the other attributes, which then see a plain function: `#[instrument]` would put a `return` into the body.
        let others = attributes.iter().find(|attribute| !attribute.path().is_ident("doc"));
        let start = match (others, visibility) {
            (Some(other), _) => other.span(),
            (None, Some(visibility)) if !matches!(visibility, Visibility::Inherited) => visibility.span(),
            (None, _) => asyncness.span(),
        };
        if body.is_some() {
            self.insert(start.byte_range().start, "#[::coro::coroutine] ");
        }
        // With the space behind it.
        let range = asyncness.span().byte_range();
        self.edits.push((range.start..range.end + 1, String::new()));
        let world = if self.is_local(sig) { ", ::coro::Polled" } else { "" };
        match &sig.output {
            ReturnType::Default => {
                let end = sig.paren_token.span.close().byte_range().end;
                self.insert(end, format!(" -> ::coro::Task<{lifetime}, (){world}>"));
            }
            ReturnType::Type(_, ty) => {
                let range = ty.span().byte_range();
                self.insert(range.start, format!("::coro::Task<{lifetime}, "));
                self.insert(range.end, format!("{world}>"));
            }
        }
        self.result.converted.push((name, lines));
    }

    fn is_local(&self, sig: &Signature) -> bool {
        self.rules.local.iter().any(|name| sig.ident == name)
    }

    /// Makes the body a coroutine, of which the function is a caller.
    fn wrap(&mut self, sig: &Signature, body: &Block) {
        let output = match &sig.output {
            ReturnType::Default => "()".to_owned(),
            ReturnType::Type(_, ty) => quote::quote!(#ty).to_string(),
        };
        let (open, close) = (body.brace_token.span.open(), body.brace_token.span.close());
        let task = format!("::coro::Task<'static, {output}, ::coro::Polled>");
        self.insert(open.byte_range().end, format!(" #[::coro::coroutine] fn body() -> {task} {{"));
        self.insert(close.byte_range().start, "} body().await ");
    }

    /// The lifetime of the task; `None` if it cannot be said where the signature is a trait's.
    fn lifetime(&mut self, sig: &Signature, body: Option<&Block>) -> Option<String> {
        let mut borrows = Borrows::default();
        sig.inputs.iter().for_each(|input| borrows.visit_fn_arg(input));
        let own: Vec<&GenericParam> = sig.generics.params.iter().collect();
        let around: Vec<GenericParam> =
            self.scope.iter().flat_map(|generics| generics.params.iter().cloned()).collect();
        let matters = |parameter: &&GenericParam| !matches!(parameter, GenericParam::Const(_));
        let elided = borrows.elided.len();
        let by_reference = sig.receiver().is_some_and(|this| {
            matches!(&this.kind, ReceiverKind::Reference(_, None, _)) || matches!(&this.kind, ReceiverKind::Typed(..))
        });
        let (own_matter, around_matters) = (own.iter().any(matters), around.iter().any(|it| matters(&it)));
        if elided == 0 && !own_matter && !around_matters && borrows.traits.is_empty() && borrows.named.is_empty() {
            return Some("'static".to_owned());
        }
        // What `&self` refers to outlives the reference, with all that its type mentions.
        if elided == 1
            && !own_matter
            && borrows.traits.is_empty()
            && borrows.named.is_empty()
            && (by_reference || !around_matters)
        {
            return Some("'_".to_owned());
        }
        if self.within == Within::TraitImpl {
            return (by_reference && elided == 1).then(|| "'_".to_owned());
        }
        self.name_all(sig, body, &borrows, &around);
        Some("'coro".to_owned())
    }

    /// Gives each borrow a name, and lets the task outlive none of them.
    fn name_all(&mut self, sig: &Signature, body: Option<&Block>, borrows: &Borrows, around: &[GenericParam]) {
        let send = if self.is_local(sig) { "" } else { " + ::core::marker::Send" };
        let mut names = vec!["'coro".to_owned()];
        let mut bounds = Vec::new();
        for (index, (place, is_reference)) in borrows.elided.iter().enumerate() {
            let name = format!("'coro{index}");
            if *is_reference {
                self.insert(place.end, format!("{name} "));
            } else {
                self.edits.push((place.clone(), name.clone()));
            }
            bounds.push(format!("{name}: 'coro"));
            names.push(name);
        }
        for parameter in around.iter().chain(&sig.generics.params) {
            match parameter {
                GenericParam::Lifetime(lifetime) => bounds.push(format!("{}: 'coro", lifetime.lifetime)),
                GenericParam::Type(ty) => bounds.push(format!("{}: 'coro{send}", ty.ident)),
                GenericParam::Const(_) => {}
            }
        }
        for end in &borrows.traits {
            self.insert(*end, format!(" + 'coro{send}"));
        }
        // Elided lifetimes of what is returned are those of `self`, or the only one.
        if let ReturnType::Type(_, ty) = &sig.output
            && !borrows.elided.is_empty()
        {
            let mut returned = Borrows::default();
            returned.visit_type(ty);
            for (place, is_reference) in returned.elided {
                let at = if is_reference { place.end..place.end } else { place };
                self.edits.push((at, if is_reference { "'coro0 ".to_owned() } else { "'coro0".to_owned() }));
            }
        }
        let names = names.join(", ");
        match &sig.generics.lt_token {
            Some(less) => self.insert(less.span().byte_range().end, format!("{names}, ")),
            None => self.insert(sig.ident.span().byte_range().end, format!("<{names}>")),
        }
        if bounds.is_empty() {
            return;
        }
        let bounds = bounds.join(", ");
        match &sig.generics.where_clause {
            Some(clause) => {
                let comma = if clause.predicates.trailing_punct() || clause.predicates.is_empty() { "" } else { "," };
                self.insert(clause.span().byte_range().end, format!("{comma} {bounds} "));
            }
            None => {
                let at = match (&sig.output, body) {
                    (_, Some(body)) => body.brace_token.span.open().byte_range().start,
                    (ReturnType::Type(_, ty), None) => ty.span().byte_range().end,
                    (ReturnType::Default, None) => sig.paren_token.span.close().byte_range().end,
                };
                self.insert(at, format!("where {bounds} "));
            }
        }
    }

    fn scoped(&mut self, generics: &Generics, within: Within, visit: impl FnOnce(&mut Self)) {
        self.scope.push(generics.clone());
        let outer = std::mem::replace(&mut self.within, within);
        visit(self);
        self.within = outer;
        self.scope.pop();
    }

    /// Items in a body see no generics of what is around them.
    fn body(&mut self, body: &Block) {
        let scope = std::mem::take(&mut self.scope);
        let within = std::mem::replace(&mut self.within, Within::Free);
        self.visit_block(body);
        self.within = within;
        self.scope = scope;
    }
}

impl<'ast> Visit<'ast> for Converter<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.attrs, Some(&function.vis), &function.sig, Some(&function.block));
        self.body(&function.block);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if let Some(attribute) = item.attrs.iter().find(|attribute| is_async_trait(attribute)) {
            let why = format!("`#[{}]` makes it a boxed future", path(attribute));
            self.keep_all(&why, |names| names.visit_item_impl(item));
            return;
        }
        let within = if item.trait_.is_some() { Within::TraitImpl } else { Within::Impl };
        self.scoped(&item.generics, within, |this| visit::visit_item_impl(this, item));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.attrs, Some(&function.vis), &function.sig, Some(&function.block));
        self.body(&function.block);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.keep_all("a trait declares it, and its implementors are others", |names| names.visit_item_trait(item));
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.macro_input(mac);
    }
}

impl Converter<'_> {
    /// The input of a macro that consists of items, as of `cfg_if!`-like ones of many crates, is converted as such.
    fn macro_input(&mut self, mac: &syn::Macro) {
        let Ok(file) = mac.parse_body::<syn::File>() else {
            let text = mac.tokens.to_string();
            for (index, _) in text.match_indices("async fn ") {
                let name = text[index + "async fn ".len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
                let why = "the input of a macro, which is no text of items";
                self.result.kept.push((name.unwrap_or_default().to_owned(), why.to_owned()));
            }
            return;
        };
        let within = std::mem::replace(&mut self.within, Within::Macro);
        self.visit_file(&file);
        self.within = within;
    }

    fn keep_all(&mut self, why: &str, visit: impl FnOnce(&mut Names)) {
        let mut names = Names(Vec::new());
        visit(&mut names);
        self.result.kept.extend(names.0.into_iter().map(|name| (name, why.to_owned())));
    }
}

/// The names of the `async fn`s in an item.
struct Names(Vec<String>);

impl Visit<'_> for Names {
    fn visit_signature(&mut self, signature: &Signature) {
        if signature.asyncness.is_some() {
            self.0.push(signature.ident.to_string());
        }
    }
}

/// What a type borrows.
#[derive(Default)]
struct Borrows {
    /// Where a lifetime is not written: behind an `&`, or as `'_`.
    elided: Vec<(Range<usize>, bool)>,
    named: Vec<Lifetime>,
    /// Where the bounds of an `impl Trait` end.
    traits: Vec<usize>,
}

impl Borrows {
    fn name(&mut self, lifetime: &Lifetime) {
        match lifetime.ident.to_string().as_str() {
            "_" => self.elided.push((lifetime.span().byte_range(), false)),
            "static" => {}
            _ => self.named.push(lifetime.clone()),
        }
    }

    fn ampersand(&mut self, span: Span) {
        self.elided.push((span.byte_range(), true));
    }
}

impl Visit<'_> for Borrows {
    fn visit_fn_arg(&mut self, input: &FnArg) {
        match input {
            FnArg::Receiver(receiver) => match &receiver.kind {
                ReceiverKind::Reference(ampersand, None, _) => self.ampersand(ampersand.span()),
                ReceiverKind::Reference(_, Some(lifetime), _) => self.name(lifetime),
                ReceiverKind::Typed(_, ty) => self.visit_type(ty),
                _ => {}
            },
            FnArg::Typed(parameter) => self.visit_type(&parameter.ty),
        }
    }

    fn visit_type_reference(&mut self, reference: &TypeReference) {
        match &reference.lifetime {
            Some(lifetime) => self.name(lifetime),
            None => self.ampersand(reference.and_token.span()),
        }
        self.visit_type(&reference.elem);
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        self.name(lifetime);
    }

    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        self.traits.push(ty.span().byte_range().end);
        visit::visit_type_impl_trait(self, ty);
    }

    // What is elided in there is the callee's.
    fn visit_parenthesized_generic_arguments(&mut self, _: &ParenthesizedGenericArguments) {}

    fn visit_type_fn_ptr(&mut self, _: &TypeFnPtr) {}
}

/// Whether an attribute is a macro that accepts nothing but an `async fn`, such as `#[tokio::test]`.
fn wants_async(attribute: &Attribute) -> bool {
    if let Ok(list) = attribute.meta.require_list()
        && attribute.path().is_ident("cfg_attr")
    {
        let tokens = list.tokens.to_string().replace(' ', "");
        return ["::test", "::main", "::bench"].iter().any(|name| tokens.contains(name));
    }
    let last = attribute.path().segments.last().map(|last| last.ident.to_string());
    attribute.path().segments.len() > 1 && matches!(last.as_deref(), Some("test" | "main" | "bench"))
}

fn is_async_trait(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "async_trait")
}

fn path(attribute: &Attribute) -> String {
    let path = attribute.path();
    quote::quote!(#path).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> String {
        convert(text, &Rules { local: &["local"], keep: &[("kept", "for a reason")] }).expect("it parses").text
    }

    #[test]
    fn signatures_become_what_a_person_would_write_where_that_suffices() {
        assert_eq!(
            converted("async fn f(x: u8) -> u8 { x }"),
            "#[::coro::coroutine] fn f(x: u8) -> ::coro::Task<'static, u8> { x }"
        );
        assert_eq!(
            converted("impl<T> S<T> { /// Doc.\n #[a] pub async fn f(&self, n: u8) { } }"),
            "impl<T> S<T> { /// Doc.\n #[::coro::coroutine] #[a] pub fn f(&self, n: u8) -> ::coro::Task<'_, ()> { } }"
        );
        assert_eq!(
            converted("async fn local() {}"),
            "#[::coro::coroutine] fn local() -> ::coro::Task<'static, (), ::coro::Polled> {}"
        );
    }

    #[test]
    fn what_an_async_fn_captures_is_named_where_it_must_be() {
        assert_eq!(
            converted("async fn f<'a, T>(x: &mut T, y: S<'_>, z: &'a u8) -> &'a u8 where T: A { z }"),
            "#[::coro::coroutine] fn f<'coro, 'coro0, 'coro1, 'a, T>(x: &'coro0 mut T, y: S<'coro1>, z: &'a u8) \
             -> ::coro::Task<'coro, &'a u8> where T: A, 'coro0: 'coro, 'coro1: 'coro, 'a: 'coro, \
             T: 'coro + ::core::marker::Send  { z }"
        );
        assert_eq!(
            converted("async fn f(x: impl Fn(&u8), y: &str) -> &str { y }"),
            "#[::coro::coroutine] fn f<'coro, 'coro0>(x: impl Fn(&u8) + 'coro + ::core::marker::Send, y: &'coro0 str) \
             -> ::coro::Task<'coro, &'coro0 str> where 'coro0: 'coro { y }"
        );
    }

    #[test]
    fn a_function_that_must_be_async_gets_a_coroutine_for_its_body() {
        assert_eq!(
            converted("#[tokio::test] async fn f() -> R { g().await }"),
            "#[tokio::test] async fn f() -> R { #[::coro::coroutine] fn body() -> ::coro::Task<'static, R, \
             ::coro::Polled> { g().await } body().await }"
        );
        assert!(converted("#[cfg_attr(feature = \"x\", tokio::test)] async fn f() {}").contains("fn body()"));
    }

    #[test]
    fn all_else_stays_and_says_why() {
        let text = "trait T { async fn a(&self); } #[async_trait] impl T for S { async fn b() {} } \
                    impl T for S { async fn a(&self, x: &u8) {} } async fn kept() {} m!(x => async fn c() {}); \
                    fn d() { async { 1 }; }";
        let conversion = convert(text, &Rules { local: &[], keep: &[("kept", "for a reason")] }).expect("it parses");
        assert_eq!(conversion.text, text);
        let mut kept: Vec<&str> = conversion.kept.iter().map(|(name, _)| &**name).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["a", "a", "b", "c", "kept"]);
    }

    #[test]
    fn items_in_the_input_of_a_macro_are_items() {
        assert_eq!(
            converted("cfg! { pub async fn f() {} }"),
            "cfg! { #[::coro::coroutine] pub fn f() -> ::coro::Task<'static, ()> {} }"
        );
    }
}
