//! A trait of the user's that answers for the runtime how an operand is awaited would be handed the coroutine itself.

use coro::Task;

trait Answers {
    fn __coro_kind(&self) -> Taken {
        Taken
    }
}

impl<T> Answers for &T {}

struct Taken;

impl Taken {
    async fn wait<C, X, P>(self, _coroutine: C, _operand: X, _point: P) {}
}

struct Operand;

#[coro::coroutine]
fn attacked() -> Task<'static, ()> {
    Operand.await;
}

fn main() {}
