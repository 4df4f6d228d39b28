//! What `#[coro::coroutine]` makes of the generator in `fibonacci.rs`, commented. A test compares it with what the attribute
//! really emits (`coro-macros/src/expanded.rs`), and it compiles and runs.
//!
//! It is for reading: what is called here in `coro::private` changes without notice.
//!
//! Run: `cargo run --example fibonacci-expanded`

// What is emitted is silent; written by hand, it is not.
#![allow(clippy::all, unreachable_code, unused)]

use coro::Generator;

#[rustfmt::skip]
pub fn fibonacci() -> Generator<'static, u64> {
    // 1. The runtime, by a name of ours; `crate = …` puts another path here. In the real expansion no name of ours can meet one of
    //    the user's: they have a hygiene of their own.
    use ::coro as __coro_runtime;
    // What is known of the function: its name, and where it can be suspended.
    static __CORO_ABOUT: __coro_runtime::private::About<[__coro_runtime::private::Point; 4]> = __coro_runtime::private::About {
        name: "fibonacci",
        // Which of them may come after which: the state machine, for its diagram.
        edges: &[(0, 1), (0, 2), (1, 1), (1, 2), (2, 3), (3, 4)],
        // Whether it need not be run to find out whether it begins suspended: the promise knows.
        starts: __coro_runtime::private::Starts::AsThePromiseSays,
        // The lines of the function, and of each suspension.
        points: [
            __coro_runtime::private::Point::new("initial suspend"),
            __coro_runtime::private::Point::new("co_yield!(this)"),
            __coro_runtime::private::Point::new("co_yield!(this)"),
            __coro_runtime::private::Point::new("co_yield!(next)")
        ],
    };
    // 2. A type named after the function, which carries that name into panics, backtraces, `type_name`s.
    let __coroutine = {
        struct FibonacciFrame;
        impl __coro_runtime::private::Function for FibonacciFrame {
            const ABOUT: &'static __coro_runtime::private::About = &__CORO_ABOUT;
        }
        __coro_runtime::private::begin(FibonacciFrame)
    };
    // 3. Never run: from this `return` rustc infers which coroutine type the function returns, whatever it is called here.
    if false { return __coroutine.returns(__coro_runtime::Coroutine::__coroutine_type); }
    // And of that type, its promise: the one place that reports a type without one.
    let __coroutine = __coroutine.typed();
    // 4. The promise, and what decides what happens at the end. Both may look at the parameters, which have not moved yet.
    let __coro_promise = __coro_runtime::NewPromise::new();
    let __coro_final = __coro_runtime::private::FromPromise;
    // 5. The body: an `async` block, of which rustc makes the state machine. `_coroutine` is a pointer to the frame it will be in.
    let __coro_body = __coroutine.body(move |_coroutine| async move {
        // Never run: the type of what the body returns, for `return`, `?` and coercions.
        if false { return _coroutine.never(); }
        // The initial suspension is the first await of all. It gives the frame again, so that it need not be kept meanwhile.
        let mut _coroutine = _coroutine.starts_as_promised(__coro_runtime::private::StartsWith::wait).await;
        // What the user wrote, in a block with a label that only code of this body can `break` to.
        return 'coroutine_body: {
            // How something is awaited is found by calling a method: the impls of this trait take turns.
            use __coro_runtime::private::probe::Via as _;
            let (mut this, mut next) = (0_u64, 1);
            while let Some(sum) = this.checked_add(next) {
                (
                    // Never run: this `break` does not compile where a macro has moved the suspension out of the body.
                    if false { use __coro_runtime::private::co_yield as _; loop { break 'coroutine_body _coroutine.never(); } },
                    // The promise's `yield_value` is asked for an awaiter, which is awaited.
                    // With the value comes the frame again.
                    match _coroutine.give(__coro_runtime::YieldValue::yield_value, (this,), &__CORO_ABOUT.points[1]).await {
                        (__coro_value, __coro_here) => { _coroutine = __coro_here; __coro_value }
                    }
                ).1;
                (this, next) = (next, sum);
            }
            (
                if false { use __coro_runtime::private::co_yield as _; loop { break 'coroutine_body _coroutine.never(); } },
                match _coroutine.give(__coro_runtime::YieldValue::yield_value, (this,), &__CORO_ABOUT.points[2]).await {
                    (__coro_value, __coro_here) => { _coroutine = __coro_here; __coro_value }
                }
            ).1;
            (
                if false { use __coro_runtime::private::co_yield as _; loop { break 'coroutine_body _coroutine.never(); } },
                match _coroutine.give(__coro_runtime::YieldValue::yield_value, (next,), &__CORO_ABOUT.points[3]).await {
                    (__coro_value, __coro_here) => { _coroutine = __coro_here; __coro_value }
                }
            ).1;
        };
    });
    // 6. The frame is made, promise and body are moved into it, and the return object is made from its handle.
    // SAFETY: S1: `__coro_body` is what the attribute generates, which is this function's contract. Test: coro-macros/src/expanded.rs.
    unsafe { __coro_runtime::private::start(__coroutine, __coro_promise, __coro_final, __coro_body) }
}

fn main() {
    for number in fibonacci().take_while(|number| *number < 100) {
        println!("{number}");
    }
}
