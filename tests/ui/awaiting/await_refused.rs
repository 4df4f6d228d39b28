//! A `StateMachine` awaits signals and nothing else.

use coro::{Signal, StateMachine, SuspendAlways, Task};

struct Recv(u32);

#[coro::coroutine]
fn refused(task: Task<'static, u32>) -> StateMachine<'static, u32, u32> {
    Recv(1).await;
    let sum = 1 + task.await;
    let never: u32 = SuspendAlways.await;
    println!("{}", std::future::ready(1).await);
    Signal.await + sum
}

fn main() {}
