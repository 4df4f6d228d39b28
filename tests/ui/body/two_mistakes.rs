//! Row 39: every mistake is reported, and nothing that follows from them.

use coro::Generator;

#[coro::coroutine(finale = suspend_always)]
async fn several<T: Clone>(mut items: Vec<T>, (a, mut b): (T, T)) -> Generator<'static, T> {
    items.iter().for_each(|item| co_yield!(item.clone()));
    let later = || 1.await;
    undefined_function();
}

fn main() {
    for item in several(vec!["text"], ("a", "b")) {
        println!("{}", item.len());
    }
}
