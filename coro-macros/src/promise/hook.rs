//! The hooks that there are, and the checks of a single one.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, FnArg, Generics, Ident, Receiver, ReceiverKind, ReturnType, Safety, Signature, Token, Type, Visibility,
    parse_quote_spanned,
};

use super::block::Method;
use super::types::{self, ElidedLifetimes, FreshLifetimes};
use crate::diagnostics::{Diagnostics, nearest};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    GetReturnObject,
    InitialSuspend,
    FinalSuspend,
    ReturnValue,
    ReturnVoid,
    YieldValue,
    YieldFrom,
    AwaitTransform,
    UnhandledException,
}

const KINDS: [Kind; 10] = [
    Kind::New,
    Kind::GetReturnObject,
    Kind::InitialSuspend,
    Kind::FinalSuspend,
    Kind::ReturnValue,
    Kind::ReturnVoid,
    Kind::YieldValue,
    Kind::YieldFrom,
    Kind::AwaitTransform,
    Kind::UnhandledException,
];

impl Kind {
    pub(super) fn named(name: &Ident) -> Option<Self> {
        let name = name.unraw();
        KINDS.into_iter().find(|kind| name == kind.name())
    }

    /// The one that a misspelt name means.
    pub(super) fn nearest(name: &Ident) -> Option<Self> {
        let names = KINDS.map(Self::name);
        let meant = nearest(&name.unraw().to_string(), &names)?;
        KINDS.into_iter().find(|kind| kind.name() == meant)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::GetReturnObject => "get_return_object",
            Self::InitialSuspend => "initial_suspend",
            Self::FinalSuspend => "final_suspend",
            Self::ReturnValue => "return_value",
            Self::ReturnVoid => "return_void",
            Self::YieldValue => "yield_value",
            Self::YieldFrom => "yield_from",
            Self::AwaitTransform => "await_transform",
            Self::UnhandledException => "unhandled_exception",
        }
    }

    /// What it looks like, for messages.
    pub(super) const fn model(self) -> &'static str {
        match self {
            Self::New => "fn new() -> Self",
            Self::GetReturnObject => "fn get_return_object(handle: CoroutineHandle<'_, Self>) -> MyCoroutine<'_>",
            Self::InitialSuspend => "fn initial_suspend(&mut self) -> SuspendAlways",
            Self::FinalSuspend => "fn final_suspend(&mut self) -> SuspendAlways",
            Self::ReturnValue => "fn return_value(&mut self, value: T)",
            Self::ReturnVoid => "fn return_void(&mut self)",
            Self::YieldValue => "fn yield_value(&mut self, value: T)",
            Self::YieldFrom => "fn yield_from(&mut self, other: G) -> G",
            Self::AwaitTransform => "fn await_transform(&mut self, awaited: E) -> E",
            Self::UnhandledException => "fn unhandled_exception(&mut self, panic: Panic)",
        }
    }

    /// Whether there may be several, each for another type of its argument.
    pub(super) const fn is_overloadable(self) -> bool {
        matches!(self, Self::YieldValue | Self::YieldFrom | Self::AwaitTransform)
    }

    /// Whether only one of the two may be there.
    pub(super) fn excludes(self, other: Self) -> bool {
        let is_return = |kind| matches!(kind, Self::ReturnValue | Self::ReturnVoid);
        self == other && !self.is_overloadable() || is_return(self) && is_return(other)
    }

    const fn returns(self) -> Returns {
        match self {
            Self::ReturnValue | Self::ReturnVoid | Self::UnhandledException => Returns::Nothing,
            Self::YieldValue => Returns::Either,
            _ => Returns::Something,
        }
    }
}

#[derive(PartialEq)]
enum Returns {
    Nothing,
    Something,
    Either,
}

/// A hook that has the shape it should have.
pub(super) struct Hook {
    pub(super) kind: Kind,
    pub(super) attributes: Vec<Attribute>,
    pub(super) signature: Signature,
    /// The parameters of a method that has become an impl, and its lifetimes that had no names.
    pub(super) hoisted: Generics,
    pub(super) body: Group,
    /// Its shape was corrected after an error. The body is not the user's: it could not be right for both.
    pub(super) is_broken: bool,
}

impl Hook {
    /// Checks a method and makes the hook it stands for, or nothing if the method does not even say that.
    pub(super) fn check(kind: Kind, method: Method, fresh: &FreshLifetimes, errors: &mut Diagnostics) -> Option<Self> {
        let Method { attributes, visibility, mut signature, body } = method;
        signature.ident = Ident::new(kind.name(), signature.ident.span());
        check_visibility(&visibility, errors);
        let mut is_broken = !has_no_qualifiers(&mut signature, errors);
        is_broken |= !has_right_arguments(kind, &mut signature, errors)?;
        let body = body.unwrap_or_else(|| {
            errors.error(
                &signature.ident,
                &format!("`{}` has no body", kind.name()),
                "write one: a hook has no default",
            );
            is_broken = true;
            Group::new(Delimiter::Brace, <_>::default())
        });
        is_broken |= !returns_right(kind, &mut signature, errors)?;
        let mut hook = Self { kind, attributes, signature, hoisted: Generics::default(), body, is_broken };
        hook.types_have_names(errors)?;
        hook.hoist(fresh, errors)?;
        if hook.is_broken {
            let span = Span::mixed_site().located_at(hook.body.span());
            hook.attributes.push(parse_quote_spanned!(span=> #[allow(unused)]));
            hook.body = Group::new(Delimiter::Brace, quote_spanned!(span=> ::core::unreachable!()));
        }
        Some(hook)
    }

    /// For what stands for this hook.
    pub(super) fn span(&self) -> Span {
        Span::mixed_site().located_at(self.signature.ident.span())
    }

    pub(super) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }

    /// The type of its argument.
    pub(super) fn argument(&self) -> Option<&Type> {
        self.signature.inputs.iter().find_map(|input| match input {
            FnArg::Typed(argument) => Some(&*argument.ty),
            FnArg::Receiver(_) => None,
        })
    }

    pub(super) fn output(&self) -> Option<&Type> {
        match &self.signature.output {
            ReturnType::Type(_, output) => Some(output),
            ReturnType::Default => None,
        }
    }

    /// The method as the user wrote it, for an inherent impl.
    pub(super) fn method(&self) -> TokenStream {
        let Self { attributes, signature, body, .. } = self;
        quote_spanned!(self.span()=> #(#attributes)* #signature #body)
    }

    fn types_have_names(&self, errors: &mut Diagnostics) -> Option<()> {
        let nameless: Vec<_> =
            [self.argument(), self.output()].into_iter().flatten().filter_map(types::impl_trait).collect();
        for nameless in &nameless {
            errors.error(
                nameless,
                "the types of a hook must have names",
                "write the type instead of `impl …`: it becomes part of the promise's traits",
            );
        }
        nameless.is_empty().then_some(())
    }

    /// Moves the method's own parameters to the impl that it becomes, and gives names to elided lifetimes, for the impl
    /// mentions them in several places.
    fn hoist(&mut self, fresh: &FreshLifetimes, errors: &mut Diagnostics) -> Option<()> {
        let name = self.kind.name();
        if self.kind == Kind::GetReturnObject {
            // This method also stays as it is.
            self.hoisted = self.signature.generics.clone();
            if self.argument().is_none() {
                self.output_borrows_nothing(errors);
            }
            return Some(());
        }
        if !self.kind.is_overloadable() {
            let parameters = &self.signature.generics.params;
            if !parameters.is_empty() {
                let fix = "declare them at the `impl` block";
                errors.error(parameters, &format!("`{name}` cannot have parameters of its own"), fix);
                return None;
            }
            self.output_borrows_nothing(errors);
            if self.kind == Kind::ReturnValue {
                self.value_borrows_by_name(errors);
            }
            return Some(());
        }
        self.hoisted = std::mem::take(&mut self.signature.generics);
        for input in &mut self.signature.inputs {
            if let FnArg::Typed(argument) = input {
                let mut elided = ElidedLifetimes::new(|span| fresh.lifetime("'arg", span));
                elided.visit_type_mut(&mut argument.ty);
                types::hoist(&mut self.hoisted, elided.given.iter().map(|(name, _)| name));
            }
        }
        // Elision would take the lifetime of `&mut self`, which an associated type cannot name. What can be meant is the
        // argument's.
        let lifetimes = self.argument().map(types::lifetimes).unwrap_or_default();
        if let ([lifetime], ReturnType::Type(_, output)) = (&lifetimes[..], &mut self.signature.output) {
            ElidedLifetimes::new(|_| lifetime.clone()).visit_type_mut(output);
        }
        self.output_borrows_nothing(errors);
        Some(())
    }

    fn output_borrows_nothing(&mut self, errors: &mut Diagnostics) {
        if let ReturnType::Type(_, output) = &mut self.signature.output {
            let problem = format!("what `{}` returns cannot borrow from the promise", self.kind.name());
            let fix = "let it own what it needs, or name another lifetime: it outlives this call";
            self.is_broken |= report_elided(output, &problem, fix, errors);
        }
    }

    fn value_borrows_by_name(&mut self, errors: &mut Diagnostics) {
        for input in &mut self.signature.inputs {
            if let FnArg::Typed(argument) = input {
                let problem = "the lifetime of what is returned needs a name";
                let fix = "declare one for the promise: `impl<'a> MyPromise<'a>`";
                self.is_broken |= report_elided(&mut argument.ty, problem, fix, errors);
            }
        }
    }
}

/// Reports each elided lifetime, and goes on with `'static`.
fn report_elided(ty: &mut Type, problem: &str, fix: &str, errors: &mut Diagnostics) -> bool {
    let mut elided = ElidedLifetimes::new(|span| {
        errors.error_at(span, problem, fix);
        syn::Lifetime::new("'static", span)
    });
    elided.visit_type_mut(ty);
    !elided.given.is_empty()
}

fn check_visibility(visibility: &Visibility, errors: &mut Diagnostics) {
    if !matches!(visibility, Visibility::Inherited) {
        let written = visibility.to_token_stream();
        errors.error(
            &written,
            "hooks are part of traits and have no visibility of their own",
            &format!("remove `{written}`"),
        );
    }
}

fn has_no_qualifiers(signature: &mut Signature, errors: &mut Diagnostics) -> bool {
    let unsafety = match std::mem::take(&mut signature.safety) {
        Safety::Unsafe(unsafety) => Some(unsafety.to_token_stream()),
        _ => None,
    };
    let constness = signature.constness.take().map(ToTokens::into_token_stream);
    let asyncness = signature.asyncness.take().map(ToTokens::into_token_stream);
    let abi = signature.abi.take().map(ToTokens::into_token_stream);
    let variadic = signature.variadic.take().map(ToTokens::into_token_stream);
    let mut is_plain = true;
    for qualifier in [constness, asyncness, unsafety, abi, variadic].into_iter().flatten() {
        errors.error(&qualifier, &format!("a hook cannot be `{qualifier}`"), &format!("remove `{qualifier}`"));
        is_plain = false;
    }
    is_plain
}

/// Reports what is wrong with the arguments, and corrects it; nothing if it cannot.
fn has_right_arguments(kind: Kind, signature: &mut Signature, errors: &mut Diagnostics) -> Option<bool> {
    let name = kind.name();
    let fix = match kind {
        Kind::GetReturnObject => format!("write `{}`, or `fn {name}(&mut self) -> MyCoroutine`", kind.model()),
        Kind::New => format!("write `{}`, or make the promise in `#[coro::coroutine(promise = …)]`", kind.model()),
        _ => format!("write `{}`", kind.model()),
    };
    let mut is_right = true;
    let mut complain = |token: &dyn ToTokens, problem: &str| {
        errors.error(token, problem, &fix);
        is_right = false;
    };

    let mut receiver = None;
    let mut arguments = Vec::new();
    for input in std::mem::take(&mut signature.inputs) {
        match input {
            FnArg::Receiver(found) => receiver = Some(found),
            FnArg::Typed(argument) => arguments.push(argument),
        }
    }
    let (has_self, count) = match kind {
        Kind::New => (false, 0),
        Kind::InitialSuspend | Kind::FinalSuspend | Kind::ReturnVoid => (true, 0),
        // A handle, or else `&mut self`.
        Kind::GetReturnObject if arguments.is_empty() && receiver.is_some() => (true, 0),
        Kind::GetReturnObject => (false, 1),
        _ => (true, 1),
    };

    let span = signature.ident.span();
    match receiver {
        Some(receiver) if !has_self => complain(&receiver, &format!("`{name}` takes no `self` here")),
        Some(receiver) if matches!(receiver.kind, ReceiverKind::Reference(_, None, Some(_))) => {
            signature.inputs.push(FnArg::Receiver(receiver));
        }
        Some(receiver) => {
            complain(&receiver, &format!("`{name}` takes `&mut self`"));
            signature.inputs.push(mut_self(receiver.self_token));
        }
        None if has_self => {
            complain(&signature.ident, &format!("`{name}` takes `&mut self`"));
            signature.inputs.push(mut_self(Token![self](span)));
        }
        None => {}
    }
    if let Some(surplus) = arguments.get(count) {
        let problem = if count == 0 { "takes no argument" } else { "takes a single argument" };
        complain(surplus, &format!("`{name}` {problem}"));
        arguments.truncate(count);
    } else if arguments.len() < count {
        complain(&signature.ident, &format!("`{name}` takes an argument"));
        if kind == Kind::UnhandledException {
            return None;
        }
        signature.inputs.push(parse_quote_spanned!(span=> _: ()));
    }
    signature.inputs.extend(arguments.into_iter().map(FnArg::Typed));
    Some(is_right)
}

fn mut_self(self_token: Token![self]) -> FnArg {
    let span = self_token.span;
    let kind = ReceiverKind::Reference(Token![&](span), None, Some(Token![mut](span)));
    FnArg::Receiver(Receiver { attrs: Vec::new(), mutability: None, self_token, kind })
}

/// Reports what is wrong with the return type; nothing if there is none to go on with.
fn returns_right(kind: Kind, signature: &mut Signature, errors: &mut Diagnostics) -> Option<bool> {
    let is_unit = |ty: &Type| matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty());
    let name = kind.name();
    let fix = format!("write `{}`", kind.model());
    let output = match std::mem::replace(&mut signature.output, ReturnType::Default) {
        ReturnType::Type(arrow, output) if !is_unit(&output) => (arrow, output),
        nothing => {
            if kind.returns() == Returns::Something {
                let at = match &nothing {
                    ReturnType::Type(_, unit) => unit.span(),
                    ReturnType::Default => signature.ident.span(),
                };
                errors.error_at(at, &format!("`{name}` must return something"), &fix);
                return None;
            }
            return Some(true);
        }
    };
    if kind.returns() == Returns::Nothing {
        errors.error(&output.1, &format!("`{name}` returns nothing"), &fix);
        return Some(false);
    }
    if kind == Kind::GetReturnObject && matches!(&*output.1, Type::Path(path) if path.path.is_ident("Self")) {
        errors.error(
            &output.1,
            "the promise cannot be the coroutine type",
            &format!("name the type that functions return: `{}`", kind.model()),
        );
        return None;
    }
    signature.output = ReturnType::Type(output.0, output.1);
    Some(true)
}
