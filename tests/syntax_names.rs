//! Where the attribute finds the runtime, and that it needs nothing else: `crate =`, and row 37's `no_implicit_prelude`.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

/// A crate that re-exports the runtime.
mod framework {
    pub mod runtime {
        pub use coro::*;
    }

    macro_rules! generator {
        ($name:ident, $e:expr) => {
            #[$crate::framework::runtime::coroutine(crate = $crate::framework::runtime)]
            fn $name() -> $crate::framework::runtime::Generator<'static, u32> {
                co_yield!($e);
                println!("{:?}", co_yield!($e + 1));
            }
        };
    }
    pub(crate) use generator;
}

mod user {
    use crate::framework::runtime as rt;

    pub const LINE: u32 = line!() + 3;
    #[rt::coroutine(initial = suspend_never, final = suspend_always, crate = crate::framework::runtime)]
    pub fn eager(n: u32) -> rt::Generator<'static, u32> {
        co_yield!(n);
        println!("{:?}", co_yield!(n + 1));
    }

    #[rt::coroutine(crate = rt)]
    pub fn relative() -> rt::StateMachine<'static, u32, u32> {
        rt::Signal.await + rt::Signal.await
    }
}

crate::framework::generator!(from_macro, 1);

#[test]
fn the_runtime_may_be_anywhere() {
    assert_eq!(user::eager(1).collect::<Vec<_>>(), [1, 2]);
    let mut machine = user::relative();
    for signal in [2, 3] {
        machine.send_signal(signal).expect("it has not ended");
    }
    assert_eq!(machine.result(), Some(5));
    assert_eq!(from_macro().collect::<Vec<_>>(), [1, 2]);
    let mut generator = user::eager(1);
    let location = generator.location().expect("it is suspended");
    assert_eq!((location.line(), location.expression()), (user::LINE, "co_yield!(n)"));
    generator.next();
    generator.next();
    let location = generator.location().expect("it is suspended");
    assert_eq!((location.line(), location.expression()), (user::LINE + 1, "co_yield!(n + 1)"));
}

mod without_prelude {
    #![no_implicit_prelude]

    use ::coro::{FireAndForget, Generator, Signal, StateMachine, Task};

    #[::coro::coroutine]
    pub(crate) fn numbers<T: ::core::clone::Clone>((a, _): (T, T), b: &T) -> Generator<'_, T> {
        co_yield!(a);
        co_yield!(::core::clone::Clone::clone(b));
        ::std::println!("{:?}", co_yield!(::core::clone::Clone::clone(b)));
    }

    #[::coro::coroutine(initial = suspend_never, final = suspend_always)]
    pub(crate) fn machine() -> StateMachine<'static, u32, ::core::option::Option<u32>> {
        let first = ::core::option::Option::Some(Signal.await)?;
        ::std::assert_eq!(Signal.await, first, "{}", 1);
        let debugged = ::std::dbg!(Signal.await);
        ::core::option::Option::Some(first + debugged)
    }

    #[::coro::coroutine]
    fn task(n: u32) -> Task<'static, u32, ::coro::Detached> {
        n
    }

    #[::coro::coroutine(initial = suspend_never, final = suspend_never)]
    pub(crate) fn detached() -> FireAndForget {
        ::core::assert_eq!(task(1).await, 1);
    }
}

#[test]
fn no_prelude_is_needed() {
    assert_eq!(without_prelude::numbers((1, 2), &3).collect::<Vec<_>>(), [1, 3, 3]);
    let mut machine = without_prelude::machine();
    for _ in 0..3 {
        machine.send_signal(4).expect("it has not ended");
    }
    assert_eq!(machine.result(), Some(Some(8)));
    let _ = without_prelude::detached();
}
