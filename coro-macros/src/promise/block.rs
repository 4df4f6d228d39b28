//! The impl block, parsed; bodies stay tokens, for nothing in them concerns the attribute.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{AttrStyle, Attribute, Generics, ImplItem, Item, ItemImpl, Signature, Token, Type, Visibility, token};

use super::types::FreshLifetimes;
use crate::diagnostics::Diagnostics;

pub(super) struct Block {
    pub(super) attributes: Vec<Attribute>,
    pub(super) generics: Generics,
    pub(super) self_ty: Type,
    pub(super) methods: Vec<Method>,
    /// What is no method, and has been reported.
    pub(super) others: Vec<TokenStream>,
    pub(super) fresh: FreshLifetimes,
}

pub(super) struct Method {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    pub(super) body: Option<Group>,
}

impl Block {
    /// Parses the item. Without one, the error has been reported, and the item is to be left as it is.
    pub(super) fn parse(item: TokenStream, errors: &mut Diagnostics) -> Option<Self> {
        let fresh = FreshLifetimes::of(&item);
        let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
        let body = header.pop();
        header.push(Group::new(Delimiter::Brace, TokenStream::new()).into());
        let (Some(TokenTree::Group(body)), Ok(block)) = (body, syn::parse2::<ItemImpl>(header.into_iter().collect()))
        else {
            match syn::parse2::<Item>(item) {
                Ok(_) => errors.error_at(
                    Span::call_site(),
                    "`#[coro::promise]` is for the `impl` block of a promise",
                    "move it to the `impl` block that has the hooks, such as `get_return_object`",
                ),
                Err(error) => errors.push(error),
            }
            return None;
        };
        if let Some((trait_, for_)) = &block.trait_ {
            errors.error(
                quote!(#trait_ #for_),
                "`#[coro::promise]` is for an `impl` block of the promise itself",
                "move the hooks to one without a trait",
            );
            return None;
        }
        let mut parsed = Self {
            attributes: block.attrs,
            generics: block.generics,
            self_ty: *block.self_ty,
            methods: Vec::new(),
            others: Vec::new(),
            fresh,
        };
        if let Err(error) = (|input: ParseStream<'_>| parsed.parse_items(input, errors)).parse2(body.stream()) {
            errors.push(error);
            return None;
        }
        parsed.attributes.retain(|attribute| {
            let is_ours = attribute.path().segments.last().is_some_and(|last| last.ident == "promise");
            if is_ours {
                errors.error(attribute, "`#[coro::promise]` is there twice", "remove one of them");
            }
            !is_ours
        });
        Some(parsed)
    }

    fn parse_items(&mut self, input: ParseStream<'_>, errors: &mut Diagnostics) -> syn::Result<()> {
        self.attributes.extend(input.call(Attribute::parse_inner)?.into_iter().map(|mut attribute| {
            attribute.style = AttrStyle::Outer;
            attribute
        }));
        while !input.is_empty() {
            let ahead = input.fork();
            match Method::parse(&ahead) {
                Ok(method) => {
                    input.advance_to(&ahead);
                    self.methods.push(method);
                }
                Err(_) => self.parse_other(input.parse()?, errors),
            }
        }
        Ok(())
    }

    fn parse_other(&mut self, item: ImplItem, errors: &mut Diagnostics) {
        let (what, token) = match &item {
            ImplItem::Const(constant) => ("a constant", constant.ident.to_token_stream()),
            ImplItem::Type(alias) => ("a type", alias.ident.to_token_stream()),
            ImplItem::Macro(call) => ("a macro call", call.mac.path.to_token_stream()),
            _ => ("this", item.to_token_stream()),
        };
        errors.error(
            token,
            &format!("{what} is not a hook of a promise"),
            "move it to another `impl` block without `#[coro::promise]`",
        );
        // An associated type of an inherent impl is one more error.
        if !matches!(item, ImplItem::Type(_)) {
            self.others.push(item.into_token_stream());
        }
    }
}

impl Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: if input.peek(token::Brace) {
                Some(input.parse()?)
            } else {
                input.parse::<Token![;]>()?;
                None
            },
        })
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        match &self.body {
            Some(body) => body.to_tokens(tokens),
            None => <Token![;]>::default().to_tokens(tokens),
        }
    }
}
