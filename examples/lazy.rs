//! A task type of one's own: `Lazy<T>` runs when it is awaited, gives its caller a value, and is a future, too.
//!
//! Run: `cargo run --example lazy`

use std::pin::Pin;
use std::task::{Context, Poll};

use coro::{Callee, CoroutineHandle};

#[must_use = "a lazy value is not computed until it is awaited"]
struct Lazy<'a, T>(CoroutineHandle<'a, LazyPromise<T>>);

struct LazyPromise<T>(Option<T>);

#[coro::promise(world = Polled, send)]
impl<T> LazyPromise<T> {
    fn new() -> Self {
        Self(None)
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> {
        Lazy(handle)
    }

    fn return_value(&mut self, value: T) {
        self.0 = Some(value);
    }
}

/// Awaited by a coroutine: linked, not polled.
impl<'a, T: 'a> Callee<'a> for Lazy<'a, T> {
    type Promise = LazyPromise<T>;
    type Output = T;

    fn into_handle(self) -> CoroutineHandle<'a, LazyPromise<T>> {
        self.0
    }

    fn result(promise: &mut LazyPromise<T>) -> T {
        promise.0.take().expect("it has ended")
    }
}

/// Awaited by anything else.
impl<T> Future for Lazy<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.0.poll(context).map(|()| Self::result(self.0.promise_mut()))
    }
}

#[coro::coroutine]
fn area(sides: &[u32; 2]) -> Lazy<'_, u32> {
    println!("computing the area of {} x {}", sides[0], sides[1]);
    sides[0] * sides[1]
}

#[coro::coroutine]
fn volume(sides: [u32; 3]) -> Lazy<'static, u32> {
    let [base @ .., height] = sides;
    area(&base).await * height
}

fn main() {
    let volume = volume([2, 3, 4]);
    println!("nothing is computed yet");
    println!("{}", futures::executor::block_on(volume));
}
