//! A `crate =` that leads to a module which shows the runtime with one thing exchanged: the `unsafe` block that the
//! attribute emits must not call the runtime with what that thing made.
#![forbid(unsafe_code)]

use coro::Generator;

mod other_body {
    pub use coro::*;

    pub mod private {
        use std::future::Ready;
        use std::ops::Deref;

        pub use coro::private::*;

        pub struct Fake<'a, M, R, P>(Typed<'a, M, R, P>);

        pub struct FakeBegin<M, R>(Begin<M, R>);

        pub fn begin<M: Function, R>(frame: M) -> FakeBegin<M, R> {
            FakeBegin(coro::private::begin(frame))
        }

        impl<M, R> Clone for FakeBegin<M, R> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<M, R> Copy for FakeBegin<M, R> {}

        impl<M: Function, R> FakeBegin<M, R> {
            pub fn returns(self, is_coroutine_type: fn(R) -> R) -> R {
                self.0.returns(is_coroutine_type)
            }
        }

        impl<'a, M: Function, R: coro::Coroutine<'a>> FakeBegin<M, R> {
            pub fn typed(self) -> Fake<'a, M, R, R::Promise> {
                Fake(self.0.typed())
            }
        }

        impl<M, R, P> Clone for Fake<'_, M, R, P> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<M, R, P> Copy for Fake<'_, M, R, P> {}

        impl<M, R, P: coro::Promise<Value = ()>> Fake<'_, M, R, P> {
            /// Not the body that the attribute made, but one that lets the coroutine escape.
            pub fn body<C, B>(self, _: C) -> impl FnOnce(Co<P>) -> Ready<()>
            where
                C: FnOnce(Co<P>) -> B,
                B: Future<Output = ()>,
            {
                |_escapes| std::future::ready(())
            }
        }

        impl<'a, M, R, P> Deref for Fake<'a, M, R, P> {
            type Target = Typed<'a, M, R, P>;
            fn deref(&self) -> &Typed<'a, M, R, P> {
                &self.0
            }
        }
    }
}

#[coro::coroutine(crate = crate::other_body)]
fn attacked() -> Generator<'static, u32> {
    co_yield!(1);
}

fn main() {}
