//! With several `yield_value`s, each kind has its own answer, and other kinds are refused.

use coro::{CoroutineHandle, SuspendAlways, SuspendNever};

struct Log(&'static str);
struct Number(u32);

struct Script<'a>(CoroutineHandle<'a, ScriptPromise>);
struct ScriptPromise;

#[coro::promise(await = none)]
impl ScriptPromise {
    fn new() -> Self {
        Self
    }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Script<'_> {
        Script(handle)
    }
    fn yield_value(&mut self, _: Log) -> SuspendNever {
        SuspendNever
    }
    fn yield_value(&mut self, _: Number) -> SuspendAlways {
        SuspendAlways
    }
    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn script() -> Script<'static> {
    co_yield!(Log("fine"));
    co_yield!("neither kind");
    let answer: String = co_yield!(Number(1));
}

fn main() {}
