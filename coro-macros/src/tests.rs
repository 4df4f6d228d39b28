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
                use ::coro as __coro;
                let __co = {
                    enum OpenFileFrame {}
                    impl __coro::private::Function for OpenFileFrame {
                        const NAME: &'static ::core::primitive::str = "open_file";
                        const START: &'static __coro::private::Point = const {
                            &__coro::private::Point::new("initial suspend")
                        };
                    }
                    __coro::private::begin::<OpenFileFrame, _>()
                };
                if false {
                    return __co.returns();
                }
                let __co = __coro::private::typed(__co);
                let __promise = __co.new_promise();
                let __final = __coro::SuspendAlways;
                let __body = __co
                    .body(move |__co| async move {
                        if false {
                            let _ = &path;
                        }
                        if false {
                            return __co.never();
                        }
                        match __coro::SuspendNever {
                            __initial => __co.initial(__initial).await,
                        };
                        let __out = 'coroutine_body: {
                            use __coro::private::probe::{
                                ViaAwaitable as _, ViaAwaiter as _, ViaCall as _, ViaFuture as _,
                                ViaVisit as _,
                            };
                            if false {
                                break 'coroutine_body __co.never();
                            }
                            let mut first = (
                                match __co.await_transform(Signal) {
                                    __it => {
                                        if false {
                                            break 'coroutine_body __co.never();
                                        }
                                        let __kind = __co
                                            .via((&&&&&__co.probe(&__it)).__coro_kind());
                                        __kind
                                            .wait(
                                                __co,
                                                __it,
                                                const { &__coro::private::Point::new("Signal.await") },
                                            )
                                            .await
                                    }
                                },
                            )
                                .0;
                            loop {
                                let second = (
                                    match __co.await_transform(Signal) {
                                        __it => {
                                            if false {
                                                break 'coroutine_body __co.never();
                                            }
                                            let __kind = __co
                                                .via((&&&&&__co.probe(&__it)).__coro_kind());
                                            __kind
                                                .wait(
                                                    __co,
                                                    __it,
                                                    const { &__coro::private::Point::new("Signal.await") },
                                                )
                                                .await
                                        }
                                    },
                                )
                                    .0;
                                if (first, second) == (Button::Left, Button::Left) {
                                    return File::open(path);
                                }
                                first = second;
                            }
                        };
                        __out
                    });
                unsafe { __coro::private::Typed::start(__co, __promise, __final, __body) }
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
                use ::coro as __coro;
                let __co = {
                    enum SquaresFrame {}
                    impl __coro::private::Function for SquaresFrame {
                        const NAME: &'static ::core::primitive::str = "squares";
                        const START: &'static __coro::private::Point = const {
                            &__coro::private::Point::new("initial suspend")
                        };
                        const STARTS: __coro::private::Starts = __coro::private::Starts::AsThePromiseSays;
                    }
                    __coro::private::begin::<SquaresFrame, _>()
                };
                if false {
                    return __co.returns();
                }
                let __co = __coro::private::typed(__co);
                let __promise = __co.new_promise();
                let __final = __coro::private::FromPromise;
                let __body = __co
                    .body(move |__co| async move {
                        if false {
                            let _ = &numbers;
                        }
                        if false {
                            return __co.never();
                        }
                        __co.initial(__co.initial_suspend()).await;
                        let __out = 'coroutine_body: {
                            use __coro::private::probe::{
                                ViaAwaitable as _, ViaAwaiter as _, ViaCall as _, ViaFuture as _,
                                ViaVisit as _,
                            };
                            if false {
                                break 'coroutine_body __co.never();
                            }
                            /// Awaits an expression, where `.await` cannot be written: in the input of a macro.
                            #[allow(unused_macros)]
                            macro_rules! co_await {
                                ($e:expr $(,)?) => {
                                    (match __co.await_transform($e) { __it => { if false { break
                                    'coroutine_body __co.never(); } let __kind = __co.via((&& && &
                                    __co.probe(& __it)).__coro_kind()); __kind.wait(__co, __it, const
                                    { & __coro::private::Point::new(::core::concat!("co_await!(",
                                    ::core::stringify!($e), ")")) }). await } },).0
                                };
                            }
                            /// Yields a value, or with `..` all values of another coroutine.
                            #[allow(unused_macros)]
                            macro_rules! co_yield {
                                () => {
                                    (match __co.yield_value((), const { &
                                    __coro::private::Point::new("co_yield!()") }) { __it => { if
                                    false { break 'coroutine_body __co.never(); } __it. await } },).0
                                };
                                (.. $e:expr $(,)?) => {
                                    (match __co.yield_from($e) { __it => { if false { break
                                    'coroutine_body __co.never(); } let __kind = __co.via((&& && &
                                    __co.probe(& __it)).__coro_kind()); __kind.wait(__co, __it, const
                                    { & __coro::private::Point::new(::core::concat!("co_yield!(",
                                    ::core::stringify!(.. $e), ")")) }). await } },).0
                                };
                                ($e:expr $(,)?) => {
                                    (match __co.yield_value($e, const { &
                                    __coro::private::Point::new(::core::concat!("co_yield!(",
                                    ::core::stringify!($e), ")")) }) { __it => { if false { break
                                    'coroutine_body __co.never(); } __it. await } },).0
                                };
                            }
                            for n in numbers {
                                (
                                    match __co
                                        .yield_value(
                                            n,
                                            const { &__coro::private::Point::new("co_yield!(n)") },
                                        )
                                    {
                                        __it => {
                                            if false {
                                                break 'coroutine_body __co.never();
                                            }
                                            __it.await
                                        }
                                    },
                                )
                                    .0;
                            }
                            println!("{:?}", co_await!(last()));
                        };
                        __out
                    });
                unsafe { __coro::private::Typed::start(__co, __promise, __final, __body) }
            }
        "#]],
    );
}

#[test]
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
                __arg4: (C, C),
                d: D,
                #[cfg(unix)]
                __arg6: E,
            ) -> Own<'_> {
                use crate::runtime as __coro;
                let __co = {
                    enum MethodFrame {}
                    impl __coro::private::Function for MethodFrame {
                        const NAME: &'static ::core::primitive::str = "method";
                        const START: &'static __coro::private::Point = const {
                            &__coro::private::Point::new("initial suspend")
                        };
                        const STARTS: __coro::private::Starts = __coro::private::Starts::AsThePromiseSays;
                    }
                    __coro::private::begin::<MethodFrame, _>()
                };
                if false {
                    return __co.returns();
                }
                let __co = __coro::private::typed(__co);
                let __promise = __co.promise(Noted::by(name));
                let __final = __coro::private::FromPromise;
                let __body = __co
                    .body(move |__co| async move {
                        if false {
                            #[cfg(unix)]
                            let _ = &__arg6;
                            let _ = &d;
                            let _ = &__arg4;
                            let unused = &unused;
                            let _ = &b;
                            let _ = &a;
                            let _ = &name;
                            let _ = &self;
                        }
                        if false {
                            return __co.never();
                        }
                        let (c, _) = __arg4;
                        let mut d = d;
                        #[cfg(unix)]
                        let __arg6 = __arg6;
                        __co.initial(__co.initial_suspend()).await;
                        let __out = 'coroutine_body: {
                            use __coro::private::probe::{
                                ViaAwaitable as _, ViaAwaiter as _, ViaCall as _, ViaFuture as _,
                                ViaVisit as _,
                            };
                            if false {
                                break 'coroutine_body __co.never();
                            }
                            use_them(name, a, b, c, d)
                        };
                        __out
                    });
                unsafe { __coro::private::Typed::start(__co, __promise, __final, __body) }
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
                use ::coro as __coro;
                let __co = {
                    enum NothingFrame {}
                    impl __coro::private::Function for NothingFrame {
                        const NAME: &'static ::core::primitive::str = "nothing";
                        const START: &'static __coro::private::Point = const {
                            &__coro::private::Point::new("initial suspend")
                        };
                        const STARTS: __coro::private::Starts = __coro::private::Starts::AsThePromiseSays;
                    }
                    __coro::private::begin::<NothingFrame, _>()
                };
                if false {
                    return __co.returns();
                }
                let __co = __coro::private::typed(__co);
                let __promise = __co.new_promise();
                let __final = __coro::SuspendNever;
                let __body = __co
                    .body(move |__co| async move {
                        if false {
                            return __co.never();
                        }
                        __co.initial(__co.initial_suspend()).await;
                        let __out = 'coroutine_body: {
                            use __coro::private::probe::{
                                ViaAwaitable as _, ViaAwaiter as _, ViaCall as _, ViaFuture as _,
                                ViaVisit as _,
                            };
                            if false {
                                break 'coroutine_body __co.never();
                            }
                        };
                        __out
                    });
                unsafe { __coro::private::Typed::start(__co, __promise, __final, __body) }
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
