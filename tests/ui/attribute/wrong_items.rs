//! Row 14: the attribute where no coroutine can be. What it stands on stays.

use coro::Generator;

#[coro::coroutine]
struct Record {
    field: u32,
}

#[coro::coroutine]
impl Record {
    fn new() -> Self {
        Self { field: 1 }
    }
}

#[coro::coroutine]
const NUMBER: u32 = 1;

trait Walk {
    #[coro::coroutine]
    fn walk(&self) -> Generator<'_, u32>;
}

impl Walk for Record {
    #[coro::coroutine]
    fn walk(&self) -> Generator<'_, u32> {
        co_yield!(self.field + NUMBER);
    }
}

#[coro::coroutine]
#[coro::coroutine]
fn twice() -> Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
mod module {
    pub fn inside() {}
}

fn main() {
    let _: Option<u32> = Record::new().walk().next().or(twice().next());
    module::inside();
}
