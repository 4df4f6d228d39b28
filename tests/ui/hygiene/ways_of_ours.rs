//! Who shadows the name by which generated code calls the runtime is asked how to wait: but what waits must not escape
//! from the coroutine that awaits it.
#![forbid(unsafe_code)]

use std::any::Any;
use std::cell::RefCell;
use std::future::{Ready, ready};
use std::pin::Pin;

use coro::private::{Point, probe};
use coro::{StateMachine, StateMachinePromise, SuspendAlways};

type P = StateMachinePromise<u32, u32>;

thread_local!(static ESCAPED: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>> = RefCell::default());

/// A type that cannot be named can be inferred.
fn as_taken_by<T: 'static, E, A>(_: unsafe fn(T, E, &'static Point) -> A, any: Box<dyn Any>) -> T {
    *any.downcast().ok().unwrap()
}

mod other_runtime {
    pub use coro::*;

    pub mod private {
        pub mod probe {
            pub use coro::private::probe::*;

            #[allow(non_snake_case)]
            pub mod CoAwait {
                use crate::*;

                pub fn co_await<W: 'static, X>(way: W, _: X, point: &'static Point) -> Ready<u32> {
                    let way = as_taken_by(<SuspendAlways as probe::CoAwait<P, probe::AwaiterKind>>::co_await, Box::new(way));
                    let wait = probe::CoAwait::co_await(way, SuspendAlways, point);
                    ESCAPED.with_borrow_mut(|escaped| escaped.push(Box::pin(wait)));
                    ready(1)
                }
            }
        }
    }
}

#[coro::coroutine]
fn attacked() -> StateMachine<'static, u32, u32> {
    use crate::other_runtime as __coro_runtime;
    coro::Signal.await
}

fn main() {}
