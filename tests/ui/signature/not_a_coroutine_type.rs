//! Row 8: a return type that chooses no promise.

#[coro::coroutine]
fn number(start: u32) -> u32 {
    let number = std::future::ready(start).await;
    co_yield!(number);
    if number > 1 {
        return 1;
    }
    number
}

fn main() {
    let _: u32 = number(1);
}
