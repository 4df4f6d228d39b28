//! `examples/*-expanded.rs` say what the attribute makes of a function, for a reader. They say what it really makes.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, ItemFn, Meta};

use crate::coroutine::expand;

/// A function of an example, without its comments.
fn function(example: &str, name: &str) -> ItemFn {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let items = syn::parse_file(&text).expect("an example can be parsed").items;
    let found = items.into_iter().find_map(|item| match item {
        Item::Fn(function) if function.sig.ident == name => Some(function),
        _ => None,
    });
    let mut function = found.unwrap_or_else(|| panic!("{example} has no `{name}`"));
    function.attrs.retain(|attribute| {
        let path = attribute.path().to_token_stream().to_string();
        path != "doc" && path != "rustfmt :: skip" && path != "allow"
    });
    function
}

/// What the tokens say, however they are spaced.
fn words(tokens: TokenStream, into: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let delimiters = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                into.push(delimiters.0.to_owned());
                words(group.stream(), into);
                into.push(delimiters.1.to_owned());
            }
            token => into.push(token.to_string()),
        }
    }
}

fn check(example: &str, name: &str) {
    let mut written = function(&format!("{example}.rs"), name);
    let ours = written.attrs.pop().expect("it has an attribute");
    let arguments = match ours.meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    let expansion = expand(arguments, &written.to_token_stream());
    let real: ItemFn = syn::parse2(expansion).expect("it expands to a function");
    let explained = function(&format!("{example}-expanded.rs"), name);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    words(real.block.to_token_stream(), &mut one);
    words(explained.block.to_token_stream(), &mut other);
    if one != other {
        let tokens = real.to_token_stream();
        let file = syn::parse2(tokens).expect("a function is a file");
        let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        let differs = one[same.saturating_sub(12)..].iter().take(16).map(String::as_str).collect::<Vec<_>>().join(" ");
        let pretty = prettyplease::unparse(&file);
        panic!("examples/{example}-expanded.rs is to say:\n{pretty}\nIt differs at the end of: {differs}");
    }
}

#[test]
fn the_explained_generator_is_the_real_one() {
    check("fibonacci", "fibonacci");
}

#[test]
fn the_explained_state_machine_is_the_real_one() {
    check("mouse_click", "open_file");
}
