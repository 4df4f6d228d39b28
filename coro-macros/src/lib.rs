//! The attributes of `coro-core`, which re-exports them: use them as `#[coro::coroutine]` and `#[coro::promise]`.

mod args;
mod body;
mod coroutine;
mod diagnostics;
#[cfg(test)]
mod expanded;
mod flow;
#[cfg(test)]
mod flow_tests;
mod key_values;
#[cfg(test)]
mod mutations;
mod params;
mod promise;
mod signature;
#[cfg(test)]
mod soup;
mod suspend;
#[cfg(test)]
mod tests;
mod text;

use proc_macro::TokenStream;

/// Makes a function a coroutine. Its return type, a coroutine type, says of which kind.
///
/// Always write it with its path: rustc has a built-in attribute named `coroutine`, so that a bare `#[coroutine]` is
/// ambiguous, however it is imported.
///
/// ```
/// use coro::Generator;
///
/// #[coro::coroutine]
/// fn countdown(from: u32) -> Generator<'static, u32> {
///     for n in (1..=from).rev() {
///         co_yield!(n);
///     }
/// }
///
/// assert_eq!(countdown(3).collect::<Vec<_>>(), [3, 2, 1]);
/// ```
///
/// In the body,
///
/// | | C++ | |
/// |---|---|---|
/// | `e.await` | `co_await e` | what `e` may be is the promise's to say |
/// | `co_await!(e)` | | the same, where `.await` cannot be written |
/// | `co_yield!(e)` | `co_yield e` | if the promise has a `yield_value`; `co_yield!()` yields `()` |
/// | `co_yield!(..e)` | | delegates to another coroutine, if the promise has a `yield_from` |
/// | `return e`, a tail, `?` | `co_return e` | gives the promise its `return_value` |
///
/// They suspend the coroutine from its own body only: not from a closure, an `async` block or a nested function. In the
/// input of another macro, `e.await` works in each part between `,` and `;` that is an expression, and the macros work
/// everywhere.
///
/// Parameters move into the coroutine and are dropped when and as a `fn` drops its own. A borrowed one is accepted if
/// the return type's lifetime allows it.
///
/// # Arguments
///
/// * `initial =` and `final =`: `suspend_always`, `suspend_never`, or an expression. Without them the promise's hooks
///   decide.
/// * `promise =`: an expression that makes the promise. Without it the promise's hook `new` does.
/// * `allocator =`: an expression that says where the frame comes from, instead of the heap: a `FrameAllocator`.
/// * `crate =`: the path of this crate, for crates that re-export it. What is there is trusted as this crate is.
///
/// These expressions see the parameters, before they move into the coroutine: `promise`, `final` and `allocator` may
/// copy or clone from them. They see the names that a pattern binds, unless it leaves a part of its parameter behind
/// (`_`, `..`) or borrows from it (`ref`). They cannot suspend.
///
/// # Other attributes
///
/// All others stay on the function. `#[track_caller]` is of no use there: by the time the body runs, whoever called the
/// function is gone, and the location is one in the body.
#[proc_macro_attribute]
pub fn coroutine(arguments: TokenStream, item: TokenStream) -> TokenStream {
    coroutine::expand(arguments.into(), &item.into()).into()
}

/// Turns the hooks of a promise, written as plain methods of an `impl` block, into the trait impls they stand for.
///
/// ```
/// use coro::CoroutineHandle;
///
/// /// What the function returns.
/// struct Logged<'a>(CoroutineHandle<'a, LogPromise>);
///
/// struct LogPromise(Vec<String>);
///
/// #[coro::promise(await = none)]
/// impl LogPromise {
///     fn new() -> Self { Self(Vec::new()) }
///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Logged<'_> { Logged(handle) }
///     fn return_void(&mut self) { self.0.push("the end".to_owned()) }
///     fn yield_value(&mut self, line: &str) { self.0.push(line.to_owned()) }
///     fn yield_value(&mut self, number: u32) { self.0.push(number.to_string()) }
/// }
///
/// #[coro::coroutine]
/// fn story() -> Logged<'static> {
///     co_yield!("once");
///     co_yield!(2);
/// }
///
/// let mut story = story();
/// while !story.0.is_done() { story.0.resume(); }
/// assert_eq!(story.0.promise().0, ["once", "2", "the end"]);
/// ```
///
/// | hook | it stands for | without it |
/// |---|---|---|
/// | `fn new() -> Self` | `NewPromise` | each function says `promise =` |
/// | `fn get_return_object(handle: CoroutineHandle<'_, Self>) -> R<'_>`, or `(&mut self) -> R` where nobody keeps a handle | `Coroutine` for `R` | an error |
/// | `fn initial_suspend(&mut self) -> A`, an awaiter | `Promise` | `SuspendAlways` |
/// | `fn final_suspend(&mut self) -> F`, a `FinalSuspend` | `Promise` | `SuspendAlways` |
/// | `fn return_value(&mut self, value: V)` or `fn return_void(&mut self)` | `Promise` | an error |
/// | `fn yield_value(&mut self, value: T) -> A`, an awaiter, or nothing for `SuspendAlways` | `YieldValue<T>` | `co_yield!` is an error |
/// | `fn yield_from(&mut self, other: G) -> X`, what to await | `YieldFrom<G>` | `co_yield!(..g)` is an error |
/// | `fn await_transform(&mut self, awaited: E) -> X`, what to await instead | `AwaitTransform<E>` | everything can be awaited |
/// | `fn unhandled_exception(&mut self, panic: Panic)` | `UnhandledException` | a panic goes to the resumer, or the caller |
///
/// There may be several `yield_value`, `yield_from` and `await_transform`, for different types. With an
/// `await_transform`, only what one of them takes can be awaited.
///
/// # Arguments
///
/// * `world = ByOwner`, `Detached` or `Polled`: who drives the coroutines; `ByOwner` if it is left out.
/// * `send`: they may change threads while they are suspended, and hold only what is `Send`.
/// * `await = none`: they can await nothing.
/// * `crate =`: the path of this crate, for crates that re-export it.
///
/// # Errors
///
/// A hook that is missing, misspelt, doubled or contradicts another, and a function that is no hook, is an error at its
/// name.
#[proc_macro_attribute]
pub fn promise(arguments: TokenStream, item: TokenStream) -> TokenStream {
    promise::expand(arguments.into(), item.into()).into()
}

/// Yields a value from a coroutine: `co_yield!(value)`, C++'s `co_yield value`.
///
/// The promise's hook `yield_value` receives the value, and decides what happens then: a
/// `Generator` suspends, and the value is its next item.
/// `co_yield!()` yields `()`. `co_yield!(..other)` delegates to another coroutine, by the hook `yield_from`.
///
/// In a coroutine there is nothing to import. This macro is what the word means elsewhere: an error.
#[proc_macro]
pub fn co_yield(_: TokenStream) -> TokenStream {
    outside("co_yield").into()
}

/// Awaits in a coroutine: `co_await!(e)`, C++'s `co_await e`, is `e.await`, for where that cannot be written.
///
/// What can be awaited is the promise's to say: coroutines of the same world, awaiters, in a
/// `Task` any future.
///
/// In a coroutine there is nothing to import. This macro is what the word means elsewhere: an error.
#[proc_macro]
pub fn co_await(_: TokenStream) -> TokenStream {
    outside("co_await").into()
}

/// One of the words where it means nothing. It diverges, for then rustc has nothing to add about its value.
fn outside(word: &str) -> proc_macro2::TokenStream {
    let problem = format!("`{word}!` suspends a coroutine, and this is not the body of one");
    let fix = format!("put `#[coro::coroutine]` on the function, and write `{word}!` without a path");
    let error = diagnostics::error_at(proc_macro2::Span::call_site(), &problem, &fix).into_compile_error();
    quote::quote!({ #error loop {} })
}
