//! What the attribute expands to, for a reader, and that it expands anything without a panic.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use crate::coroutine::expand;

fn check(arguments: TokenStream, item: &TokenStream, expected: &Expect) {
    let expansion = expand(arguments, item);
    let file = syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
#[allow(clippy::too_many_lines)]
fn the_readmes_first_function() {
    check(
        quote!(initial = suspend_never, final = suspend_always),
        &quote! {
            fn open_file(path: &Path) -> StateMachine<'_, Button, io::Result<File>> {
                let mut first = Signal.await;
                loop {
                    let second = Signal.await;
                    if (first, second) == (Button::Left, Button::Left) {
                        return File::open(path);
                    }
                    first = second;
                }
            }
        },
        &expect![[r#"
            fn open_file(path: &Path) -> StateMachine<'_, Button, io::Result<File>> {
                use ::coro as __coro_runtime;
                static __CORO_ABOUT: __coro_runtime::private::About<
                    [__coro_runtime::private::Point; 3],
                > = __coro_runtime::private::About {
                    name: "open_file",
                    edges: &[(0, 1), (1, 2), (2, 2), (2, 3)],
                    starts: __coro_runtime::private::Starts::AtOnce,
                    points: [
                        __coro_runtime::private::Point::new("initial suspend"),
                        __coro_runtime::private::Point::new("Signal.await"),
                        __coro_runtime::private::Point::new("Signal.await"),
                    ],
                };
                let __coroutine = {
                    struct OpenFileFrame;
                    impl __coro_runtime::private::Function for OpenFileFrame {
                        const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
                    }
                    __coro_runtime::private::begin(OpenFileFrame)
                };
                if false {
                    return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type);
                }
                let __coroutine = __coroutine.typed();
                if false {
                    return __coroutine.borrows(&path);
                }
                let __coro_promise = __coro_runtime::NewPromise::new();
                let __coro_final = __coroutine
                    .finish(
                        __coro_runtime::FinalSuspend::final_suspend,
                        __coro_runtime::SuspendAlways,
                    );
                let __coro_body = __coroutine
                    .body(move |_coroutine| async move {
                        if false {
                            let _ = &path;
                            return _coroutine.never();
                        }
                        match __coro_runtime::SuspendNever {
                            __coro_initial => {
                                _coroutine
                                    .starts(
                                        __coro_runtime::private::StartsWith::wait,
                                        __coro_initial,
                                    )
                                    .await
                            }
                        };
                        return 'coroutine_body: {
                            use __coro_runtime::private::probe::Via as _;
                            let mut first = (
                                if false {
                                    loop {
                                        break 'coroutine_body _coroutine.never();
                                    }
                                },
                                match _coroutine
                                    .ask(__coro_runtime::AwaitTransform::await_transform, Signal)
                                {
                                    __coro_it => {
                                        let __coro_kind = (&&&&&_coroutine.probe(&__coro_it))
                                            .__coro_kind();
                                        _coroutine
                                            .awaits(
                                                __coro_runtime::private::probe::CoAwait::co_await,
                                                __coro_kind,
                                                __coro_it,
                                                &__CORO_ABOUT.points[1],
                                            )
                                            .await
                                    }
                                },
                            )
                                .1;
                            loop {
                                let second = (
                                    if false {
                                        loop {
                                            break 'coroutine_body _coroutine.never();
                                        }
                                    },
                                    match _coroutine
                                        .ask(__coro_runtime::AwaitTransform::await_transform, Signal)
                                    {
                                        __coro_it => {
                                            let __coro_kind = (&&&&&_coroutine.probe(&__coro_it))
                                                .__coro_kind();
                                            _coroutine
                                                .awaits(
                                                    __coro_runtime::private::probe::CoAwait::co_await,
                                                    __coro_kind,
                                                    __coro_it,
                                                    &__CORO_ABOUT.points[2],
                                                )
                                                .await
                                        }
                                    },
                                )
                                    .1;
                                if (first, second) == (Button::Left, Button::Left) {
                                    return File::open(path);
                                }
                                first = second;
                            }
                        };
                    });
                unsafe {
                    __coro_runtime::private::start(
                        __coroutine,
                        __coro_promise,
                        __coro_final,
                        __coro_body,
                    )
                }
            }
        "#]],
    );
}

#[test]
#[allow(clippy::too_many_lines)]
fn a_generator_with_macros() {
    check(
        quote!(),
        &quote! {
            /// Squares.
            pub fn squares<T: Copy>(numbers: Vec<T>) -> Generator<'static, T> {
                for n in numbers {
                    co_yield!(n);
                }
                println!("{:?}", last().await);
            }
        },
        &expect![[r#"
            /// Squares.
            pub fn squares<T: Copy>(numbers: Vec<T>) -> Generator<'static, T> {
                use ::coro as __coro_runtime;
                static __CORO_ABOUT: __coro_runtime::private::About<
                    [__coro_runtime::private::Point; 3],
                > = __coro_runtime::private::About {
                    name: "squares",
                    edges: &[(0, 1), (0, 2), (1, 1), (1, 2), (2, 3)],
                    starts: __coro_runtime::private::Starts::AsThePromiseSays,
                    points: [
                        __coro_runtime::private::Point::new("initial suspend"),
                        __coro_runtime::private::Point::new("co_yield!(n)"),
                        __coro_runtime::private::Point::new("last().await"),
                    ],
                };
                let __coroutine = {
                    struct SquaresFrame;
                    impl __coro_runtime::private::Function for SquaresFrame {
                        const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
                    }
                    __coro_runtime::private::begin(SquaresFrame)
                };
                if false {
                    return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type);
                }
                let __coroutine = __coroutine.typed();
                let __coro_promise = __coro_runtime::NewPromise::new();
                let __coro_final = __coro_runtime::private::FromPromise;
                let __coro_body = __coroutine
                    .body(move |_coroutine| async move {
                        if false {
                            let _ = &numbers;
                            return _coroutine.never();
                        }
                        let mut _coroutine = _coroutine
                            .starts_as_promised(__coro_runtime::private::StartsWith::wait)
                            .await;
                        return 'coroutine_body: {
                            use __coro_runtime::private::probe::Via as _;
                            /// Awaits an expression, where `.await` cannot be written: in the input of a macro.
                            #[allow(unused_macros)]
                            macro_rules! co_await {
                                (@ $keyword:tt $e:expr) => {
                                    (if false { loop { break 'coroutine_body _coroutine.never(); } },
                                    match _coroutine.await_transform($e) { __coro_it => { let
                                    __coro_kind = (&& && & _coroutine.probe(& __coro_it))
                                    .__coro_kind(); _coroutine
                                    .awaits(__coro_runtime::private::probe::CoAwait::co_await,
                                    __coro_kind, __coro_it, const { &
                                    __coro_runtime::private::Point::new(::core::concat!("co_await!(",
                                    ::core::stringify!($e), ")")) }). $keyword } }).1
                                };
                                ($e:expr $(,)?) => {
                                    (if false { loop { break 'coroutine_body _coroutine.never(); } },
                                    match _coroutine.await_transform($e) { __coro_it => { let
                                    __coro_kind = (&& && & _coroutine.probe(& __coro_it))
                                    .__coro_kind(); _coroutine
                                    .awaits(__coro_runtime::private::probe::CoAwait::co_await,
                                    __coro_kind, __coro_it, const { &
                                    __coro_runtime::private::Point::new(::core::concat!("co_await!(",
                                    ::core::stringify!($e), ")")) }). await } }).1
                                };
                            }
                            /// Yields a value, or with `..` all values of another coroutine.
                            #[allow(unused_macros)]
                            macro_rules! co_yield {
                                () => {
                                    (if false { loop { break 'coroutine_body _coroutine.never(); } },
                                    match _coroutine.yield_value(((),), const { &
                                    __coro_runtime::private::Point::new("co_yield!()") }). await {
                                    (__coro_value, __coro_here) => { _coroutine = __coro_here;
                                    __coro_value } }).1
                                };
                                (.. $e:expr $(,)?) => {
                                    (if false { loop { break 'coroutine_body _coroutine.never(); } },
                                    match _coroutine.yield_from(($e,)) { __coro_it => { let
                                    __coro_kind = (&& && & _coroutine.probe(& __coro_it))
                                    .__coro_kind(); _coroutine
                                    .awaits(__coro_runtime::private::probe::CoAwait::co_await,
                                    __coro_kind, __coro_it, const { &
                                    __coro_runtime::private::Point::new(::core::concat!("co_yield!(",
                                    ::core::stringify!(.. $e), ")")) }). await } }).1
                                };
                                ($e:expr $(,)?) => {
                                    (if false { loop { break 'coroutine_body _coroutine.never(); } },
                                    match _coroutine.yield_value(($e,), const { &
                                    __coro_runtime::private::Point::new(::core::concat!("co_yield!(",
                                    ::core::stringify!($e), ")")) }). await { (__coro_value,
                                    __coro_here) => { _coroutine = __coro_here; __coro_value } }).1
                                };
                            }
                            for n in numbers {
                                (
                                    if false {
                                        use __coro_runtime::private::co_yield as _;
                                        loop {
                                            break 'coroutine_body _coroutine.never();
                                        }
                                    },
                                    match _coroutine
                                        .give(
                                            __coro_runtime::YieldValue::yield_value,
                                            (n,),
                                            &__CORO_ABOUT.points[1],
                                        )
                                        .await
                                    {
                                        (__coro_value, __coro_here) => {
                                            _coroutine = __coro_here;
                                            __coro_value
                                        }
                                    },
                                )
                                    .1;
                            }
                            println!("{:?}", co_await!(@ await last()));
                        };
                    });
                unsafe {
                    __coro_runtime::private::start(
                        __coroutine,
                        __coro_promise,
                        __coro_final,
                        __coro_body,
                    )
                }
            }
        "#]],
    );
}

#[test]
#[allow(clippy::too_many_lines)]
fn parameters_of_every_kind() {
    check(
        quote!(promise = Noted::by(name), crate = crate::runtime),
        &quote! {
            fn method(
                &self,
                name: String,
                (a, mut b): (A, B),
                unused: u32,
                (c, _): (C, C),
                mut d: D,
                #[cfg(unix)] _: E,
            ) -> Own<'_> {
                #![inline]
                use_them(name, a, b, c, d)
            }
        },
        &expect![[r#"
            #[inline]
            fn method(
                &self,
                name: String,
                (a, mut b): (A, B),
                unused: u32,
                __coro_arg4: (C, C),
                d: D,
                #[cfg(unix)]
                __coro_arg6: E,
            ) -> Own<'_> {
                use crate::runtime as __coro_runtime;
                static __CORO_ABOUT: __coro_runtime::private::About<
                    [__coro_runtime::private::Point; 1],
                > = __coro_runtime::private::About {
                    name: "method",
                    edges: &[(0, 1)],
                    starts: __coro_runtime::private::Starts::AsThePromiseSays,
                    points: [__coro_runtime::private::Point::new("initial suspend")],
                };
                let __coroutine = {
                    struct MethodFrame;
                    impl __coro_runtime::private::Function for MethodFrame {
                        const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
                    }
                    __coro_runtime::private::begin(MethodFrame)
                };
                if false {
                    return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type);
                }
                let __coroutine = __coroutine.typed();
                if false {
                    return __coroutine.borrows(&self);
                }
                let __coro_promise = __coroutine.promise(Noted::by(name));
                let __coro_final = __coro_runtime::private::FromPromise;
                let __coro_body = __coroutine
                    .body(move |_coroutine| async move {
                        if false {
                            #[cfg(unix)]
                            let _ = &__coro_arg6;
                            let _ = &d;
                            let _ = &__coro_arg4;
                            let unused = &unused;
                            let _ = &b;
                            let _ = &a;
                            let _ = &name;
                            let _ = &self;
                            return _coroutine.never();
                        }
                        let (c, _) = __coro_arg4;
                        let mut d = d;
                        #[cfg(unix)]
                        let __coro_arg6 = __coro_arg6;
                        _coroutine
                            .starts_as_promised(__coro_runtime::private::StartsWith::wait)
                            .await;
                        return 'coroutine_body: {
                            use __coro_runtime::private::probe::Via as _;
                            if false {
                                break 'coroutine_body _coroutine.never();
                            }
                            use_them(name, a, b, c, d)
                        };
                    });
                unsafe {
                    __coro_runtime::private::start(
                        __coroutine,
                        __coro_promise,
                        __coro_final,
                        __coro_body,
                    )
                }
            }
        "#]],
    );
}

#[test]
fn a_body_that_does_nothing() {
    check(
        quote!(final = suspend_never),
        &quote!(
            fn nothing() -> FireAndForget {}
        ),
        &expect![[r#"
            fn nothing() -> FireAndForget {
                use ::coro as __coro_runtime;
                static __CORO_ABOUT: __coro_runtime::private::About<
                    [__coro_runtime::private::Point; 1],
                > = __coro_runtime::private::About {
                    name: "nothing",
                    edges: &[(0, 1)],
                    starts: __coro_runtime::private::Starts::AsThePromiseSays,
                    points: [__coro_runtime::private::Point::new("initial suspend")],
                };
                let __coroutine = {
                    struct NothingFrame;
                    impl __coro_runtime::private::Function for NothingFrame {
                        const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
                    }
                    __coro_runtime::private::begin(NothingFrame)
                };
                if false {
                    return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type);
                }
                let __coroutine = __coroutine.typed();
                let __coro_promise = __coro_runtime::NewPromise::new();
                let __coro_final = __coroutine
                    .finish(
                        __coro_runtime::FinalSuspend::final_suspend,
                        __coro_runtime::SuspendNever,
                    );
                let __coro_body = __coroutine
                    .body(move |_coroutine| async move {
                        if false {
                            return _coroutine.never();
                        }
                        _coroutine
                            .starts_as_promised(__coro_runtime::private::StartsWith::wait)
                            .await;
                        return 'coroutine_body: {
                            use __coro_runtime::private::probe::Via as _;
                            if false {
                                break 'coroutine_body _coroutine.never();
                            }
                        };
                    });
                unsafe {
                    __coro_runtime::private::start(
                        __coroutine,
                        __coro_promise,
                        __coro_final,
                        __coro_body,
                    )
                }
            }
        "#]],
    );
}

#[test]
fn errors_leave_the_signature() {
    check(
        quote!(finale = 1),
        &quote! {
            #[inline]
            pub const fn half_typed<T>(mut a: T) -> Task<'static, T> {
                let b = || a.await;
                a.
            }
        },
        &expect![[r#"
            ::core::compile_error! {
                "unknown argument `finale`\n= help: did you mean `final`?"
            }
            ::core::compile_error! {
                "a coroutine cannot be a `const fn`\n= help: remove `const`: its frame is made at run time"
            }
            ::core::compile_error! {
                "unexpected end of input, expected identifier or integer"
            }
            #[inline]
            #[allow(unused, clippy::all)]
            pub fn half_typed<T>(a: T) -> Task<'static, T> {
                loop {}
            }
        "#]],
    );
}

/// The signature of a function: what an editor needs for its callers.
fn signature(item: &TokenStream) -> String {
    let mut tokens: Vec<_> = item.clone().into_iter().collect();
    tokens.pop();
    let declared: syn::ForeignItemFn = syn::parse2(quote!(#(#tokens)*;)).expect("a signature");
    let signature = declared.sig;
    quote!(#signature).to_string()
}

/// Whether the expansion has a function of this signature, and what it reports.
fn keeps_signature(arguments: &str, item: &str) -> Vec<String> {
    let item: TokenStream = item.parse().expect("tokens");
    let expansion = expand(arguments.parse().expect("tokens"), &item);
    let file: syn::File = syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    let expected = signature(&item);
    let is_there = file.items.iter().any(|emitted| match emitted {
        syn::Item::Fn(function) => {
            let signature = &function.sig;
            quote!(#signature).to_string() == expected
        }
        _ => false,
    });
    assert!(is_there, "`{expected}` is not in {expansion}");
    let reported = file.items.iter().filter_map(|emitted| match emitted {
        syn::Item::Macro(error) => Some(error.mac.tokens.to_string()),
        _ => None,
    });
    reported.collect()
}

const SIGNATURE: &str =
    "pub(crate) fn half_typed<'a, T: Clone>(&self, text: &'a str, items: Vec<T>) -> Generator<'a, T>";

#[test]
fn half_typed_bodies_leave_the_signature() {
    for body in [
        "text.",
        "if 1",
        "let",
        "let x =",
        "let x = 1 co_yield!(x);",
        "match text {",
        "text.await.",
        "co_yield!(1 +);",
        "co_yield!(1, 2)",
        "co_await!()",
        "co_return 1;",
        "co_yield 1;",
        "for",
        "items.iter().map(|item| item.await)",
        "yield 1;",
        "self.",
        "text::",
        "#[a]",
        "let x: = 1;",
        "return",
    ] {
        // An open brace of the body closes it: an unclosed one does not reach a macro.
        let closed = if body.ends_with('{') { format!("{body} }}") } else { body.to_owned() };
        let reported = keeps_signature("", &format!("{SIGNATURE} {{ {closed} }}"));
        let is_complete = matches!(body, "match text {" | "return");
        assert_eq!(reported.is_empty(), is_complete, "{body}: {reported:?}");
    }
}

#[test]
fn erroneous_arguments_leave_the_signature() {
    for (arguments, reported) in [
        ("inital = suspend_never", &["unknown argument `inital`"][..]),
        ("initial", &["`initial` needs a value"]),
        ("initial = suspend_alway", &["unknown word `suspend_alway`"]),
        ("final = 1 2", &["expected `,`"]),
        ("final = 1 +", &["expected an expression"]),
        ("crate = \"x\"", &["`crate` takes a path"]),
        ("initial = text.await", &["`.await` in an argument"]),
        ("promise = 1, promise = 2", &["`promise` is given twice"]),
        (",", &["expected an argument"]),
        ("1", &["expected an argument"]),
        ("color = 1, finl = 2, initial =", &["unknown argument `color`", "did you mean `final`?", "needs a value"]),
    ] {
        let errors = keeps_signature(arguments, &format!("{SIGNATURE} {{ co_yield!(1); }}"));
        assert_eq!(errors.len(), reported.len(), "{arguments}: {errors:?}");
        for (error, reported) in errors.iter().zip(reported) {
            assert!(error.contains(reported), "{arguments}: {error}");
        }
    }
}
