//! Odd input never panics: it is expanded, or reported.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::coroutine::expand;

const ITEMS: &[&str] = &[
    "",
    ";",
    "fn",
    "fn f",
    "fn f()",
    "fn f();",
    "fn f() ->",
    "fn f() -> ;",
    "fn f() -> T",
    "fn f() -> {}",
    "fn () -> T {}",
    "fn f() -> T {} {}",
    "fn f() -> T {} fn g() -> T {}",
    "fn 1() -> T {}",
    "fn f(,) -> T {}",
    "fn f(self, self) -> T {}",
    "fn f(x) -> T {}",
    "fn f(x: u8, self) -> T {}",
    "fn f(&'a mut self, _: _, ..: u8, ref mut x @ (a | b): [u8; 3]) -> T {}",
    "fn f(m!(x): u8, Some(x) | None: u8, 0..=9: u8, const { 1 }: u8, &mut &x: u8) -> T { x }",
    "fn f(X: X, X {}: X, X(): X, (): (), []: X, (..): X, A::B: X, -1: i8, \"s\": X) -> T {}",
    "fn f(...) -> T {}",
    "fn f(x: ...) -> T {}",
    "fn f(#[a] #[b(c)] #[cfg(any())] #[expect(x)] x: u8) -> T {}",
    "fn f<'a, 'b: 'a, T: ?Sized + for<'c> F<'c>, const N: usize = { 1 }>() -> T where {}",
    "fn f() -> impl Trait {}",
    "fn f() -> (impl Trait) {}",
    "fn f() -> ! {}",
    "fn f() -> _ {}",
    "fn f() -> m!() {}",
    "fn f() -> [u8; { co_yield!() }] {}",
    "fn r#fn() -> r#T { r#await.await }",
    "fn _() -> T {}",
    "fn ___() -> T {}",
    "fn _1() -> T {}",
    "fn ß() -> T {}",
    "pub(in a::b) default unsafe extern \"C\" fn f() -> T {}",
    "async const unsafe extern fn f() -> T { a.await }",
    "#![inner] fn f() -> T {}",
    "#[coro::coroutine] #[coroutine] #[a::b::coroutine(x)] fn f() -> T {}",
    "struct S;",
    "impl S { fn f() -> T {} }",
    "|x| x",
    "const X: u8 = 1;",
    "mod m { fn f() -> T {} }",
    "extern \"C\" { fn f(); }",
    "macro_rules! m { () => {} }",
    "trait T { fn f(); }",
];

const BODIES: &[&str] = &[
    "a.",
    ".await",
    "a.await.await.await",
    "(((a))).await",
    "a.await?.await?",
    "if 1",
    "let",
    "let x = ;",
    "match a { }.await",
    "match { a.await => b.await }",
    "co_yield!",
    "co_yield!(",
    "co_yield!()",
    "co_yield!{} co_yield![] co_yield!()",
    "co_yield!(,)",
    "co_yield!(..)",
    "co_yield!(...)",
    "co_yield!(..=)",
    "co_yield!(..,)",
    "co_yield!(.. .. a)",
    "co_yield!(co_yield!(co_yield!(co_await!(..))))",
    "co_await!()",
    "co_await!(;)",
    "co_await!(..)",
    "a::co_yield!(1); co_yield::a!(2)",
    "m!(a.await, ; b.await ;;, , (c.await), |x| x.await)",
    "m! { macro_rules! co_yield { () => {} } co_yield!() }",
    "macro_rules! co_await { ($a:expr) => { $a.await } } m!(a.await)",
    "dbg!(a.await); dbg!(a.await,,); dbg!(); std::dbg!(a.await); ::std::dbg![b.await, c.await]",
    "dbg!(a.await) dbg!(b.await)",
    "#[a] a.await; #[b] co_yield!(1); #[c] let x = #[d] b.await;",
    "#![a] #![b(c)] a.await",
    "async { a.await; co_yield!(1) }; async || co_await!(1); || a.await; const { b.await };",
    "fn g() { a.await } async fn h() { a.await; co_yield!() } #[x] fn i() { a.await }",
    "impl A { fn g() { a.await } const X: u8 = a.await; type Y = [u8; b.await]; }",
    "trait A { fn g() { a.await } fn h(); }",
    "[a.await; b.await]; f::<{ a.await }>(); let x: [u8; { a.await }] = y;",
    "'a: loop { break 'a a.await }",
    "return a.await",
    "yield a.await",
    "unsafe { a.await }",
    "x = a.await..b.await",
    "for a.await in b.await {}",
    "let Some(x) = a.await else { b.await };",
    "a.await += b.await",
    "&raw const a.await; do yeet a.await; a.await as u8",
    "$a.await; $crate::x!(b.await)",
    "@ # ~ \\",
];

const ARGUMENTS: &[&str] = &[
    "",
    ",",
    ",,",
    "=",
    "initial",
    "initial =",
    "initial = =",
    "initial = ,",
    "initial = a.await, final = co_yield!(1), promise = || b.await",
    "initial(x)",
    "initial = x y z, final",
    "final = final",
    "crate = crate",
    "crate = 1, crate = a::<b>",
    "crate = ::",
    "promise = {",
    "r#final = 1, r#crate = x",
    "1, \"x\", 'c', #, (initial = x), [..], {}",
    "initial::final = x",
    "promise = match x { a => b, c => d }, final = a::<b, c>()",
];

fn expands(arguments: &str, item: &str) {
    // What is no tokens, such as an unclosed delimiter, does not reach a macro.
    if let (Ok(arguments), Ok(item)) = (arguments.parse::<TokenStream>(), item.parse::<TokenStream>()) {
        let expansion = expand(arguments, &item);
        assert!(!expansion.is_empty() || item.is_empty());
    }
}

#[test]
fn odd_items_never_panic() {
    for item in ITEMS {
        expands("", item);
    }
}

#[test]
fn odd_bodies_never_panic() {
    for body in BODIES {
        expands("", &format!("fn f(a: A, (b, _): B) -> T {{ {body} }}"));
        expands("", &format!("fn f() -> T {{ m!({body}); let x = || {{ {body} }}; }}"));
    }
}

#[test]
fn odd_arguments_never_panic() {
    for arguments in ARGUMENTS {
        expands(arguments, "fn f(a: A) -> T { a.await }");
        expands(arguments, "struct S;");
    }
}

#[test]
fn pieces_of_functions_never_panic() {
    let all: Vec<&str> = ITEMS.iter().chain(BODIES).chain(ARGUMENTS).copied().collect();
    for (index, piece) in all.iter().enumerate() {
        let other = all[(index * 7 + 3) % all.len()];
        expands(other, piece);
        expands(piece, &format!("fn f({other}) -> {piece} {{ {other} }}"));
        expands(piece, &format!("{piece} fn f() -> T {{ {piece}; {other} }}"));
    }
}

#[test]
fn invisible_groups_never_panic() {
    let invisible = |inner: TokenStream| TokenTree::Group(Group::new(Delimiter::None, inner));
    for item in ITEMS {
        let Ok(tokens) = item.parse::<TokenStream>() else { continue };
        expand(TokenStream::new(), &invisible(tokens.clone()).into());
        let each: TokenStream = tokens.into_iter().map(|token| invisible(token.into())).collect();
        expand(each.clone(), &each);
    }
    let empty: TokenStream = invisible(TokenStream::new()).into();
    expand(empty.clone(), &empty);
}

#[test]
fn random_tokens_never_panic() {
    // A multiplicative generator: the same soup each time.
    let mut state = 1_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words = [
        "fn",
        "f",
        "self",
        "mut",
        "ref",
        "let",
        "match",
        "if",
        "else",
        "await",
        "async",
        "move",
        "co_yield",
        "co_await",
        "dbg",
        "macro_rules",
        "return",
        "initial",
        "crate",
        "impl",
        "const",
        "loop",
        "break",
        "_",
        "T",
    ];
    let puncts = ['.', ',', ';', ':', '=', '>', '-', '&', '|', '!', '#', '?', '@', '\'', '$', '<'];
    for _ in 0..2000 {
        let mut stack = vec![TokenStream::new()];
        for _ in 0..next(60) {
            let token: TokenTree = match next(10) {
                0..4 => {
                    Ident::new(words[usize::try_from(next(words.len() as u64)).unwrap_or(0)], Span::call_site()).into()
                }
                4..7 => {
                    let spacing = if next(2) == 0 { Spacing::Alone } else { Spacing::Joint };
                    Punct::new(puncts[usize::try_from(next(puncts.len() as u64)).unwrap_or(0)], spacing).into()
                }
                7 => Literal::u64_unsuffixed(next(9)).into(),
                8 => {
                    stack.push(TokenStream::new());
                    continue;
                }
                _ if stack.len() > 1 => {
                    let delimiters = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
                    let delimiter = delimiters[usize::try_from(next(4)).unwrap_or(0)];
                    Group::new(delimiter, stack.pop().unwrap_or_default()).into()
                }
                _ => continue,
            };
            if let Some(top) = stack.last_mut() {
                top.extend([token]);
            }
        }
        let soup: TokenStream = stack.into_iter().collect();
        expand(soup.clone(), &soup);
        expand(soup.clone(), &quote::quote!(fn f(#soup) -> T { #soup }));
        expand(
            TokenStream::new(),
            &quote::quote!(
                fn f(a: A) -> T {
                    m!(#soup);
                    co_yield!(#soup);
                }
            ),
        );
    }
}
