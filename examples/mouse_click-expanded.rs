//! What `#[coro::coroutine(initial = suspend_never, final = suspend_always)]` makes of the state machine in `mouse_click.rs`,
//! commented. A test compares it with what the attribute really emits (`coro-macros/src/expanded.rs`), and it compiles and runs.
//!
//! It is for reading: what is called here in `coro::private` changes without notice.
//!
//! Run: `cargo run --example mouse_click-expanded`

// What is emitted is silent; written by hand, it is not.
#![allow(clippy::all, unreachable_code, unused)]

use std::fs::File;
use std::io;
use std::path::Path;

use coro::{Signal, StateMachine};

#[derive(Clone, Copy, PartialEq)]
enum Button {
    Left,
    Right,
}

#[rustfmt::skip]
fn open_file(path: &Path) -> StateMachine<'_, Button, io::Result<File>> {
    // 1. The runtime, by a name of ours; `crate = …` puts another path here. In the real expansion no name of ours can meet one of
    //    the user's: they have a hygiene of their own.
    use ::coro as __coro_runtime;
    // What is known of the function: its name, and where it can be suspended.
    static __CORO_ABOUT: __coro_runtime::private::About<[__coro_runtime::private::Point; 3]> = __coro_runtime::private::About {
        name: "open_file",
        // Which of them may come after which: the state machine, for its diagram.
        edges: &[(0, 1), (1, 2), (2, 2), (2, 3)],
        // It is not suspended before its body: `initial = suspend_never`.
        starts: __coro_runtime::private::Starts::AtOnce,
        // The lines of the function, and of each suspension.
        points: [
            __coro_runtime::private::Point::new("initial suspend"),
            __coro_runtime::private::Point::new("Signal.await"),
            __coro_runtime::private::Point::new("Signal.await")
        ],
    };
    // 2. A type named after the function, which carries that name into panics, backtraces, `type_name`s.
    let __coroutine = {
        struct OpenFileFrame;
        impl __coro_runtime::private::Function for OpenFileFrame {
            const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
        }
        __coro_runtime::private::begin(OpenFileFrame)
    };
    // 3. Never run: from this `return` rustc infers which coroutine type the function returns, whatever it is called here.
    if false { return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type); }
    // And of that type, its promise: the one place that reports a type without one.
    let __coroutine = __coroutine.typed();
    // Never run: rustc reports here, at the parameter, if it is borrowed for less than the coroutine lives.
    if false { return __coroutine.borrows(&path); }
    // 4. The promise, and what decides what happens at the end. Both may look at the parameters, which have not moved yet.
    let __coro_promise = __coro_runtime::NewPromise::new();
    let __coro_final = __coroutine.finish(__coro_runtime::FinalSuspend::final_suspend, __coro_runtime::SuspendAlways);
    // 5. The body: an `async` block, of which rustc makes the state machine. `_coroutine` is a pointer to the frame it will be in.
    let __coro_body = __coroutine.body(move |_coroutine| async move {
        // Never run: an `async` block drops what it captured in the order in which it is mentioned, so this is a `fn`'s order.
        // And the type of what the body returns, for `return`, `?` and coercions.
        if false { let _ = &path; return _coroutine.never(); }
        // The initial suspension is the first await of all.
        match __coro_runtime::SuspendNever {
            __coro_initial => { _coroutine.starts(__coro_runtime::private::StartsWith::wait, __coro_initial).await }
        };
        // What the user wrote, in a block with a label that only code of this body can `break` to.
        return 'coroutine_body: {
            // How something is awaited is found by calling a method: the impls of this trait take turns.
            use __coro_runtime::private::probe::Via as _;
            let mut first = (
                // Never run: this `break` does not compile where a macro has moved the suspension out of the body.
                if false { loop { break 'coroutine_body _coroutine.never(); } },
                // The promise's `await_transform` exchanges what is awaited; a `match`, for temporaries live until the end of the await.
                match _coroutine.ask(__coro_runtime::AwaitTransform::await_transform, Signal) {
                    __coro_it => {
                        // A coroutine is called, an awaiter suspends, a future is polled: the number of `&`s says which is tried first.
                        let __coro_kind = (&&&&&_coroutine.probe(&__coro_it)).__coro_kind();
                        _coroutine.awaits(__coro_runtime::private::probe::CoAwait::co_await, __coro_kind, __coro_it, &__CORO_ABOUT.points[1]).await
                    }
                }
            ).1;
            loop {
                let second = (
                    if false { loop { break 'coroutine_body _coroutine.never(); } },
                    match _coroutine.ask(__coro_runtime::AwaitTransform::await_transform, Signal) {
                        __coro_it => {
                            let __coro_kind = (&&&&&_coroutine.probe(&__coro_it)).__coro_kind();
                            _coroutine.awaits(__coro_runtime::private::probe::CoAwait::co_await, __coro_kind, __coro_it, &__CORO_ABOUT.points[2]).await
                        }
                    }
                ).1;
                if (first, second) == (Button::Left, Button::Left) {
                    return File::open(path);
                }
                first = second;
            }
        };
    });
    // 6. The frame is made, promise and body are moved into it, and the return object is made from its handle.
    // SAFETY: S1: `__coro_body` is what the attribute generates, which is this function's contract. Test: coro-macros/src/expanded.rs.
    unsafe { __coro_runtime::private::start(__coroutine, __coro_promise, __coro_final, __coro_body) }
}

fn main() {
    let mut machine = open_file(Path::new("Cargo.toml"));
    for click in [Button::Left, Button::Right, Button::Left, Button::Left] {
        machine.send_signal(click).expect("it waits for clicks");
    }
    let file = machine.result().expect("two left clicks in a row");
    println!("{}", if file.is_ok() { "opened" } else { "there is no such file" });
}
