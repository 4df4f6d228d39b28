//! Row 33: what a coroutine that may change threads holds while it is suspended.

use std::rc::Rc;

use coro::{CoroutineHandle, SuspendAlways};

struct Mobile<'a>(CoroutineHandle<'a, MobilePromise>);
struct MobilePromise;

#[coro::promise(send)]
impl MobilePromise {
    fn new() -> Self {
        Self
    }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Mobile<'_> {
        Mobile(handle)
    }
    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn local_variable() -> Mobile<'static> {
    let shared = Rc::new(1);
    SuspendAlways.await;
    println!("{shared}");
}

#[coro::coroutine]
fn parameter(shared: Rc<u32>) -> Mobile<'static> {
    println!("{shared}");
}

#[coro::coroutine]
fn allowed() -> Mobile<'static> {
    println!("{}", Rc::new(1));
    SuspendAlways.await;
}

fn main() {}
