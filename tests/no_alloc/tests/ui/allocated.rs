#[coro::coroutine]
fn numbers() -> coro::Generator<'static, u32> {
    co_yield!(1);
}

fn main() {
    numbers();
}
