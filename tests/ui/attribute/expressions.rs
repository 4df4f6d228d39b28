//! What the expressions of the arguments cannot do with the parameters.

use coro::{CoroutineHandle, Generator, FinalSuspend, Promise, ContinuationOf};

struct Noted<'a>(CoroutineHandle<'a, NotedPromise>);
struct NotedPromise(String);

#[coro::promise]
impl NotedPromise {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Noted<'_> { Noted(handle) }
    fn return_void(&mut self) {}
}

struct Log<T>(T);

impl<T, P: Promise> FinalSuspend<P> for Log<T> {
    fn final_suspend(self, _: &mut P) -> Option<ContinuationOf<P>> { None }
}

#[coro::coroutine(promise = NotedPromise(note))]
fn not_a_parameter() -> Noted<'static> {}

#[coro::coroutine(promise = NotedPromise(first.clone()))]
fn left_behind((first, _): (String, String)) -> Noted<'static> {
    println!("{first}");
}

#[coro::coroutine(final = Log(name))]
fn consumes(name: String) -> Generator<'static, u32> {
    println!("{name}");
}

#[coro::coroutine(final = Log(&name))]
fn borrows(name: String) -> Generator<'static, u32> {
    println!("{name}");
}

#[coro::coroutine(promise = NotedPromise)]
fn constructor() -> Noted<'static> {}

#[coro::coroutine(initial = suspend_always())]
fn called() -> Generator<'static, u32> {}

#[coro::coroutine(initial = SuspendNever)]
fn not_imported() -> Generator<'static, u32> {}

fn main() {}
