//! A task that borrows cannot outlive what it borrows on another thread. (As `tokio::spawn` and all others have it.)

use std::future::Future;

use coro::Task;

fn spawn<F: Future<Output: Send> + Send + 'static>(_: F) {}

#[coro::coroutine]
fn length(text: &str) -> Task<'_, usize> {
    text.len()
}

fn borrows() {
    let text = String::from("borrowed");
    spawn(length(&text));
}

fn moves() {
    let text = String::from("moved");
    #[coro::coroutine]
    fn moved(text: String) -> Task<'static, usize> {
        length(&text).await
    }
    spawn(moved(text));
}

fn main() {
    borrows();
    moves();
}
