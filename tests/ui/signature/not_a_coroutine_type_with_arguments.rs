//! Row 8: a return type that chooses no promise, and arguments that need one.

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn text() -> std::string::String {
    "text".into()
}

fn main() {}
