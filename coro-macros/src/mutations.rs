//! Real functions, damaged: never a panic, always an item or an error, and with an error still the user's signature.
//!
//! The functions are the coroutines of this repository's own tests and examples, read when this runs. What is done to
//! them is chosen by numbers: here by a generator of the same ones each time, in `fuzz/` by a fuzzer.

use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Meta};

use crate::coroutine::expand;
use crate::signature::Function;

/// A function, and the arguments of its attribute.
pub(crate) struct Real {
    pub(crate) arguments: TokenStream,
    pub(crate) item: TokenStream,
}

/// Every coroutine below a directory.
pub(crate) fn functions(directory: &Path) -> Vec<Real> {
    let mut found = Found(Vec::new());
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.0.extend(functions(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            // Some of `tests/ui` cannot be parsed, on purpose.
            if let Ok(file) = syn::parse_file(&text) {
                found.visit_file(&file);
            }
        }
    }
    found.0
}

struct Found(Vec<Real>);

impl Found {
    fn function(&mut self, attributes: &[Attribute], item: &impl ToTokens) {
        let Some(ours) = attributes.iter().find(|attribute| is_ours(attribute)) else { return };
        let arguments = match &ours.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        // The attribute is not among the tokens of its item.
        let item: TokenStream = item.to_token_stream();
        let mut tokens = item.into_iter().peekable();
        let mut rest = TokenStream::new();
        while let Some(token) = tokens.next() {
            let group = match (&token, tokens.peek()) {
                (TokenTree::Punct(punct), Some(TokenTree::Group(group))) if punct.as_char() == '#' => Some(group),
                _ => None,
            };
            if group.is_some_and(|group| group.stream().to_string().starts_with("coro :: coroutine")) {
                tokens.next();
            } else {
                rest.extend([token]);
            }
        }
        self.0.push(Real { arguments, item: rest });
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().to_token_stream().to_string() == "coro :: coroutine"
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.attrs, function);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.attrs, function);
        visit::visit_impl_item_fn(self, function);
    }
}

/// Does one thing to the tokens, somewhere in them. `choose(n)` is a number below `n`.
pub(crate) fn mutate(tokens: TokenStream, others: &[Real], choose: &mut dyn FnMut(usize) -> usize) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let groups: Vec<usize> = (0..trees.len()).filter(|&index| matches!(trees[index], TokenTree::Group(_))).collect();
    // Most of a function is in its groups.
    if !groups.is_empty() && choose(4) != 0 {
        let index = groups[choose(groups.len())];
        if let TokenTree::Group(group) = &trees[index] {
            let inner = mutate(group.stream(), others, choose);
            trees[index] = grouped(group.delimiter(), inner, group);
        }
        return trees.into_iter().collect();
    }
    if trees.is_empty() {
        return donor(others, choose).into_iter().collect();
    }
    let (at, with) = (choose(trees.len()), choose(trees.len()));
    match choose(8) {
        0 => drop(trees.remove(at)),
        1 => trees.insert(at, trees[with].clone()),
        2 => trees.swap(at, with),
        // As it is while it is typed.
        3 => trees.truncate(at),
        4 => trees.extend(donor(others, choose)),
        5 => {
            if let Some(token) = donor(others, choose) {
                trees[at] = token;
            }
        }
        6 => {
            let delimiters = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
            let inner = trees[at].clone();
            trees[at] = Group::new(delimiters[choose(4)], inner.into()).into();
        }
        _ => {
            if let TokenTree::Group(group) = &trees[at] {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                trees.splice(at..=at, inner);
            }
        }
    }
    trees.into_iter().collect()
}

fn grouped(delimiter: Delimiter, inner: TokenStream, like: &Group) -> TokenTree {
    let mut group = Group::new(delimiter, inner);
    group.set_span(like.span());
    group.into()
}

/// A token from somewhere in another function.
fn donor(others: &[Real], choose: &mut dyn FnMut(usize) -> usize) -> Option<TokenTree> {
    let mut tokens = others[choose(others.len())].item.clone();
    loop {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        if trees.is_empty() {
            return None;
        }
        match &trees[choose(trees.len())] {
            TokenTree::Group(group) if choose(3) != 0 => tokens = group.stream(),
            token => return Some(token.clone()),
        }
    }
}

/// Expands, and looks at what comes out.
pub(crate) fn check(arguments: &TokenStream, item: &TokenStream) {
    let expansion = expand(arguments.clone(), item);
    let text = expansion.to_string();
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        assert!(text.contains("compile_error !"), "what is no function is an error: {item}\n{text}");
        return;
    };
    // Also inside a body there may be a `compile_error!`: one of ours stands in front of the item.
    if text.starts_with(":: core :: compile_error !") {
        let name = format!("fn {}", function.signature.ident);
        assert!(text.contains(&name), "an error leaves the signature: {item}\n{text}");
    } else {
        assert!(syn::parse2::<Function>(expansion).is_ok(), "a function is expanded to a function: {item}\n{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_functions_are_expanded_or_reported() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace");
        let mut real = functions(&root.join("tests"));
        real.extend(functions(&root.join("examples")));
        assert!(real.len() > 700, "these are few: {}", real.len());
        let mut state = 1_u64;
        let mut choose = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below
        };
        let (mut expanded, mut reported) = (0, 0);
        for Real { arguments, item } in &real {
            check(arguments, item);
            for times in [1, 1, 2, 5] {
                let (mut arguments, mut item) = (arguments.clone(), item.clone());
                for _ in 0..times {
                    if choose(8) == 0 {
                        arguments = mutate(arguments, &real, &mut choose);
                    } else {
                        item = mutate(item, &real, &mut choose);
                    }
                }
                check(&arguments, &item);
                let is_error = expand(arguments, &item).to_string().contains("compile_error");
                reported += usize::from(is_error);
                expanded += usize::from(!is_error);
            }
        }
        // Both are met often: else the damage would be too much, or too little.
        assert!(expanded > 500 && reported > 500, "{expanded} expanded, {reported} reported");
    }
}
