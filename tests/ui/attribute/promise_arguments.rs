use coro::CoroutineHandle;

struct Steps<'a>(CoroutineHandle<'a, First>);
struct First;

#[coro::promise(world = Detachd, sent, crate, await = nothing, world)]
impl First {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
    fn return_void(&mut self) {}
}

#[coro::coroutine]
fn steps() -> Steps<'static> {}

struct Second;
struct Other<'a>(CoroutineHandle<'a, Second>);

#[coro::promise(send = true,, await = "none", crate = "::coro", world = Polled, polled = true)]
impl Second {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Other<'_> { Other(handle) }
    fn return_void(&mut self) {}
}

struct Third;
struct Another<'a>(CoroutineHandle<'a, Third>);

#[coro::promise(send world = ByOwner, await = none none, world = ::coro::ByOwner, crate =, "send")]
impl Third {
    fn new() -> Self { Self }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Another<'_> { Another(handle) }
    fn return_void(&mut self) {}
}

fn main() {
    steps();
}
