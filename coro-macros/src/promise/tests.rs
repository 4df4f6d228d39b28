// `expect_test` writes them.
#![allow(clippy::needless_raw_string_hashes)]

use expect_test::expect;
use proc_macro2::{Group, TokenStream, TokenTree};

fn expand(arguments: &str, item: &str) -> TokenStream {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    super::expand(parse(arguments), parse(item))
}

#[test]
fn the_expansion_is_what_one_would_write() {
    let expansion = expand(
        "send",
        "#[allow(unused)] impl<T: Copy> LazyPromise<T> {
            fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> { Lazy(handle) }
            fn return_value(&mut self, value: T) { self.0 = value; }
            #[cfg(unix)] fn await_transform(&mut self, timer: &Timer) -> Sleep<'_> { timer.sleep() }
            fn yield_value(&mut self, value: T) { self.0 = value; }
        }",
    );
    let file = syn::parse2(expansion).expect("items");
    expect![[r#"
        #[allow(unused)]
        impl<T: Copy> ::coro::Promise for LazyPromise<T> {
            type World = ::coro::ByOwner<::coro::Sendable>;
            type Owner = ::coro::Handle;
            type OnPanic = ::coro::Propagate;
            type Value = T;
            fn return_value(&mut self, value: T) {
                self.0 = value;
            }
            const LAZY: ::core::primitive::bool = true;
            type Initial = ::coro::SuspendAlways;
            fn initial_suspend(&mut self) -> ::coro::SuspendAlways {
                ::coro::SuspendAlways
            }
            type Final = ::coro::SuspendAlways;
            fn final_suspend(&mut self) -> ::coro::SuspendAlways {
                ::coro::SuspendAlways
            }
        }
        #[allow(unused)]
        impl<T: Copy> LazyPromise<T> {
            #[allow(
                clippy::missing_const_for_fn,
                clippy::needless_pass_by_ref_mut,
                clippy::needless_pass_by_value
            )]
            #[allow(clippy::unused_self)]
            fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> {
                Lazy(handle)
            }
        }
        #[allow(unused)]
        #[allow(single_use_lifetimes)]
        impl<'co, T: Copy> ::coro::Coroutine<'co> for Lazy<'co, T>
        where
            LazyPromise<T>: 'co,
        {
            type Promise = LazyPromise<T>;
            fn get_return_object(given: ::coro::CoroutineHandle<'co, LazyPromise<T>>) -> Self {
                <LazyPromise<T>>::get_return_object(given)
            }
        }
        #[allow(unused)]
        #[allow(single_use_lifetimes)]
        impl<'co, T: Copy> ::coro::Lendable for Lazy<'co, T>
        where
            LazyPromise<T>: 'co,
        {
            type Promise = LazyPromise<T>;
            type Lent<'lent> = Lazy<'lent, T> where Self: 'lent;
        }
        #[allow(unused)]
        #[allow(single_use_lifetimes)]
        #[cfg(unix)]
        impl<'arg, T: Copy> ::coro::AwaitTransform<&'arg Timer> for LazyPromise<T> {
            type Awaitable = Sleep<'arg>;
            #[cfg(unix)]
            fn await_transform(&mut self, timer: &'arg Timer) -> Sleep<'arg> {
                timer.sleep()
            }
        }
        #[allow(unused)]
        impl<T: Copy> ::coro::YieldValue<T> for LazyPromise<T> {
            type Awaiter = ::coro::SuspendAlways;
            fn yield_value(&mut self, value: T) -> ::coro::SuspendAlways {
                let (): () = (move || -> () {
                    self.0 = value;
                })();
                ::coro::SuspendAlways
            }
        }
        #[allow(unused)]
        #[cfg(not(any(all(unix))))]
        impl<T: Copy, __Awaited> ::coro::AwaitTransform<__Awaited> for LazyPromise<T> {
            type Awaitable = __Awaited;
            fn await_transform(&mut self, awaited: __Awaited) -> __Awaited {
                awaited
            }
        }
        #[allow(unused)]
        #[cfg(any(all(unix)))]
        impl<T: Copy> ::coro::private::AwaitsListed for LazyPromise<T> {}
    "#]]
    .assert_eq(&prettyplease::unparse(&file));
}

const ITEM: &str = "
    #[allow(unused)]
    impl<'p, T: Copy, const N: usize> P<'p, T, { N }> where T: Iterator<Item = &'p u8> {
        #![doc = \"text\"]
        fn new() -> Self { Self(0) }
        #[cfg(unix)]
        fn get_return_object<'a>(handle: CoroutineHandle<'a, Self>) -> R<'p, 'a, T, Self, N> { R(handle) }
        fn initial_suspend(&mut self) -> SuspendAlways { SuspendAlways }
        fn return_value(&mut self, value: fn(&T) -> &'p u8) { self.0 = value; }
        fn await_transform<U: Fn(&u8)>(&mut self, (a, b): (&U, S<'_>)) -> Box<dyn Tr + '_> where U: Copy {}
        fn yield_value(&mut self, value: impl Copy) {}
        pub async unsafe extern \"C\" fn yield_from(self: Box<Self>, ...);
        fn unhandled_exception(&mut self, panic: Panic) { drop(panic) }
        const C: u8 = 0;
        m! {}
    }";

/// Every version of the tokens that lacks one, or has one twice.
fn mutants(tokens: &TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut mutants = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let with = |middle: &[TokenTree]| {
            [&tokens[..at], middle, &tokens[at + 1..]].concat().into_iter().collect::<TokenStream>()
        };
        mutants.push(with(&[]));
        mutants.push(with(&[token.clone(), token.clone()]));
        if let TokenTree::Group(group) = token {
            let inner = mutants_of(group);
            mutants.extend(inner.into_iter().map(|group| with(&[group.into()])));
        }
    }
    mutants
}

fn mutants_of(group: &Group) -> Vec<Group> {
    mutants(&group.stream()).into_iter().map(|inner| Group::new(group.delimiter(), inner)).collect()
}

#[test]
fn it_never_panics() {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let (arguments, item) = (parse("world = Detached, send, await = none, crate = ::path::to"), parse(ITEM));
    for mutant in mutants(&item) {
        super::expand(TokenStream::new(), mutant);
    }
    for mutant in mutants(&arguments) {
        super::expand(mutant, item.clone());
    }
}
