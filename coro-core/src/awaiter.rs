//! What `e.await` does: awaiters, and the two that everybody needs.

use crate::continuation::{ByOwner, ContinuationOf, Threads};
use crate::promise::Promise;

/// Suspends a coroutine whose promise is `P`, and says how it goes on: C++'s awaiter ([expr.await]).
///
/// `e.await` asks [`await_ready`](Self::await_ready); if that says no, it suspends the coroutine and calls
/// [`await_suspend`](Self::await_suspend); once the coroutine is resumed, [`await_resume`](Self::await_resume) gives
/// the value of the expression. The awaiter lives until the end of its `.await`.
///
/// An awaiter for one promise names it; one for every promise of a world is an impl over `P` (and one for every world
/// that can wait is `impl<P: Promise<World: Parks>> Awaiter<P>`, which gets a [`ContinuationOf<P>`]):
///
/// ```
/// use std::{cell::RefCell, collections::VecDeque, rc::Rc};
/// use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};
///
/// type Queue = Rc<RefCell<VecDeque<Continuation<Detached>>>>;
///
/// /// Awaited, it puts the coroutine at the end of a queue.
/// struct Park(Queue);
///
/// impl<P: Promise<World = Detached>> Awaiter<P> for Park {
///     type Output = ();
///     fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
///         self.0.borrow_mut().push_back(me);
///         None
///     }
///     fn await_resume(&mut self, _: &mut P) {}
/// }
///
/// #[coro::coroutine(initial = suspend_never, final = suspend_never)]
/// fn say_later(text: &'static str, queue: Queue) -> FireAndForget {
///     Park(queue).await;
///     println!("{text}");
/// }
///
/// let queue = Queue::default();
/// say_later("hello", queue.clone());
/// let parked = queue.borrow_mut().pop_front();
/// parked.expect("it waits").resume();
/// ```
///
/// A coroutine that has a clone of the queue in which it waits keeps itself alive: [the guide](crate::guide::executor)
/// says who should own a queue.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited in a coroutine whose promise is `{P}`",
    label = "not an awaiter for `{P}`",
    note = "implement `coro::Awaiter<{P}>` for `{Self}`"
)]
pub trait Awaiter<P: Promise> {
    /// The value of the `.await` expression.
    type Output;

    /// Whether it is [`ToVisitor`](crate::ToVisitor), which the runtime carries out.
    #[doc(hidden)]
    const TO_VISITOR: bool = false;

    /// Whether the value is there without suspending. By default it is not.
    fn await_ready(&mut self, promise: &mut P) -> bool {
        let _ = promise;
        false
    }

    /// Receives the suspended coroutine, and returns who runs next.
    ///
    /// `None` goes back to whoever resumed the coroutine (C++: `void`, `true`), the continuation it was given goes on
    /// at once (C++: `false`), another one is a symmetric transfer on a constant stack.
    ///
    /// # Panics
    /// A panic goes on in the coroutine's body. If the continuation has been given away by then, it only releases
    /// memory.
    fn await_suspend(&mut self, promise: &mut P, continuation: ContinuationOf<P>) -> Option<ContinuationOf<P>>;

    /// Makes the value once the coroutine goes on.
    fn await_resume(&mut self, promise: &mut P) -> Self::Output;
}

/// What can be awaited through an awaiter that it makes: C++'s `operator co_await`. What is an [`Awaiter`] itself needs
/// no impl of this.
///
/// ```
/// use coro::{Awaitable, SuspendAlways};
/// # use coro::{CoroutineHandle, Promise, ByOwner};
/// # struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
/// # struct StepsPromise;
/// # #[coro::promise]
/// # impl StepsPromise {
/// #     fn new() -> Self { Self }
/// #     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> { Steps(handle) }
/// #     fn return_void(&mut self) {}
/// # }
/// struct Step;
///
/// impl<P: Promise<World = ByOwner>> Awaitable<P> for Step {
///     type Awaiter = SuspendAlways;
///     fn into_awaiter(self) -> SuspendAlways { SuspendAlways }
/// }
///
/// #[coro::coroutine]
/// fn two_steps() -> Steps<'static> {
///     Step.await;
///     Step.await;
/// }
///
/// let mut steps = two_steps();
/// for _ in 0..3 { steps.0.resume(); }
/// assert!(steps.0.is_done());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited in a coroutine whose promise is `{P}`",
    label = "not awaitable here",
    note = "what can be awaited: an `Awaiter<{P}>`, an `Awaitable<{P}>`, or a coroutine of the same world; futures only in \
            the world `Polled`, such as in a `coro::Task<'_, T>`"
)]
pub trait Awaitable<P: Promise> {
    /// The awaiter it makes.
    type Awaiter: Awaiter<P>;

    /// Makes the awaiter.
    fn into_awaiter(self) -> Self::Awaiter;
}

/// Suspends, and stays suspended until the owner resumes: C++'s `std::suspend_always` ([coroutine.trivial.awaitables]).
///
/// As an awaiter it fits the world [`ByOwner`]; in the detached world nobody could resume the coroutine any more.
/// For `initial` and `final`, write `suspend_always`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspendAlways;

/// Goes on at once: C++'s `std::suspend_never` ([coroutine.trivial.awaitables]). For `initial` and `final`, write
/// `suspend_never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspendNever;

impl<T: Threads, P: Promise<World = ByOwner<T>>> Awaiter<P> for SuspendAlways {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

impl<P: Promise> Awaiter<P> for SuspendNever {
    type Output = ();

    fn await_ready(&mut self, _: &mut P) -> bool {
        true
    }

    fn await_suspend(&mut self, _: &mut P, continuation: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        Some(continuation)
    }

    fn await_resume(&mut self, _: &mut P) {}
}
