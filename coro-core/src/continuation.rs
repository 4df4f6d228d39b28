//! Who drives a coroutine: the worlds, and what a continuation is in each of them.

mod by_owner;
#[cfg(feature = "alloc")]
mod detached;
#[cfg(feature = "alloc")]
mod polled;

use core::convert::Infallible;
use core::fmt;
use core::marker::PhantomData;

use crate::promise::Promise;

pub(crate) mod sealed {
    use core::fmt;
    use core::future::Future;
    use core::pin::Pin;
    use core::ptr::NonNull;
    use core::task::{Context, Poll};

    use crate::awaiter::Awaiter;
    use crate::branch::Outcome;
    use crate::drive::Turn;
    use crate::frame::{Header, Left};
    use crate::inside::Inside;
    use crate::leaf::Kept;
    use crate::private::Co;
    use crate::promise::Promise;

    /// Nobody else implements it, but a bound on the public trait lets anybody *call* these functions: so those that
    /// rely on their caller are `unsafe`, and the others take a `Co`, which nobody else has. Test: tests/ui/attacks.
    pub trait World: Sized + 'static {
        /// What a continuation holds.
        type Hold: fmt::Debug;
        /// What a suspended awaiter's frame remembers of the continuation it gave away.
        type Slot: Default;
        /// Whether a continuation may be used on another thread while its coroutine is still on the stack.
        const SHARED: bool;

        /// Whether the turn takes note of whom it enters where that was suspended by itself. Where not, such awaiters
        /// have a note in their slot.
        const FRESH: bool = true;

        /// Whether a coroutine that calls nobody is run without a turn.
        const ALONE: bool = false;

        /// Whether a callee may run in its caller's body: nobody can resume it before that is off the stack.
        const NESTS: bool;

        /// Whether there is somebody to go back to at the root: who polls it.
        const POLLED: bool = false;

        /// Polls the body of a frame as this world does.
        ///
        /// # Safety
        /// `inside` is about that frame. Its turn is on the stack, and runs this body; there is one unless this world
        /// allows to run it alone.
        #[inline]
        unsafe fn poll<B: Future>(body: Pin<&mut B>, inside: &Inside) -> Poll<B::Output> {
            inside.poll(|context| body.poll(context))
        }

        /// The body has returned `Pending`, and leaves the stack. `None` if nobody would resume it.
        ///
        /// # Safety
        /// As for [`poll`](Self::poll), and the body was polled just now.
        unsafe fn left(inside: &Inside) -> Option<Left>;

        /// The turn that runs the body of `frame`, which is on the stack and polled with this context; there is one unless
        /// this world allows to run it alone.
        #[inline]
        fn turn(frame: &Header, _context: &Context<'_>) -> Option<NonNull<Turn>> {
            Some(frame.state.turn())
        }

        /// What an awaiter's frame remembers of its coroutine.
        type Kept<P>: Kept<P>;

        /// Runs the awaiter up to the point where it has its value; pending while it waits.
        fn leaf<P, A>(co: Co<P>, awaiter: &mut A, slot: &mut Self::Slot, context: &mut Context<'_>) -> Poll<()>
        where
            P: Promise<World = Self>,
            A: Awaiter<P>;

        /// The frame to run for a continuation that a hook returned.
        ///
        /// # Safety
        /// It is now the caller's to run or to destroy.
        unsafe fn claim(next: Option<super::Continuation<Self>>) -> Option<NonNull<Header>>
        where
            Self: super::World;

        /// The frame that a continuation points at, if it points at one.
        #[inline]
        fn target(_: &super::Continuation<Self>) -> Option<NonNull<Header>>
        where
            Self: super::World,
        {
            None
        }
    }

    /// Worlds whose continuations are worth keeping.
    pub trait Parks: super::World {
        /// What a coroutine remembers of those that it awaits together.
        type Gathering: Default;

        fn resume(hold: Self::Hold);

        /// Polls the body of the frame at `frame`, which awaits `coroutines` together: all of them, or the first.
        ///
        /// # Safety
        /// The body is on the stack. The coroutines are of this world, nobody else's, and live as long as `gathering`.
        unsafe fn gather(
            frame: NonNull<Header>,
            gathering: &mut Self::Gathering,
            coroutines: &[NonNull<Header>],
            any: bool,
            context: &mut Context<'_>,
        ) -> Poll<Outcome>;
    }

    /// Worlds whose coroutines can be stopped while they wait.
    pub trait Stops: Parks {}

    pub trait Threads: 'static {
        const SHARED: bool;
    }

    pub trait CallsWorld<W> {}

    pub trait Hosts<T> {}
}

/// Who may run a coroutine, and what its continuation is: [`ByOwner`], [`Detached`] or [`Polled`]. A promise names its
/// world, and a coroutine calls only coroutines of its own world.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a world",
    label = "not a world",
    note = "the worlds are `ByOwner`, `Detached` and `Polled`"
)]
pub trait World: sealed::World {
    /// Whether its coroutines may change threads: [`Local`] or [`Sendable`].
    type Threads: Threads;
}

/// Whether coroutines may change threads: [`Local`] or [`Sendable`]. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a coroutine may change threads",
    label = "neither `Local` nor `Sendable`",
    note = "write `Sendable` if it may, or leave it out: it is `Local` then"
)]
pub trait Threads: sealed::Threads {}

/// Coroutines that may change threads: [`Sendable`] ones. (Whoever could implement it cannot implement [`Threads`].)
#[diagnostic::on_unimplemented(
    message = "a coroutine of a type that stays on its thread cannot be sent to another",
    label = "this coroutine, or its continuation, stays on its thread",
    note = "to let it change threads, say so in its type: `Generator<'a, T, Sendable>`, `StateMachine<'a, S, R, Sendable>`, \
            `Task<'a, T>`, or `#[coro::promise(send)]` for one of your own"
)]
pub trait ChangesThreads: Threads {}

/// What a coroutine may hold that changes threads as `Self` says. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "this coroutine may change threads, and holds something that may not",
    note = "its promise is marked `send`"
)]
pub trait Hosts<T>: sealed::Hosts<T> {}

/// Coroutines that stay on their thread and may hold anything.
#[derive(Debug)]
pub struct Local(Infallible);

/// Coroutines that may be sent to another thread while they are suspended, and hold only what is `Send`.
#[derive(Debug)]
pub struct Sendable(Infallible);

impl sealed::Threads for Local {
    const SHARED: bool = false;
}
impl Threads for Local {}
impl<T> sealed::Hosts<T> for Local {}
impl<T> Hosts<T> for Local {}
impl sealed::Threads for Sendable {
    const SHARED: bool = true;
}
impl Threads for Sendable {}
impl ChangesThreads for Sendable {}
impl<T: Send> sealed::Hosts<T> for Sendable {}
// rustc shows the next line, with its comment, where something is held that is not `Send`.
impl<T: Send> Hosts<T> for Sendable {} // a coroutine that stays on its thread may hold anything: `Task<'a, T, Polled>`

/// The world of coroutines that are resumed through the [`CoroutineHandle`](crate::CoroutineHandle) in their return
/// object: generators, state machines. They may borrow. Their continuation says only "go on at once".
#[derive(Debug)]
pub struct ByOwner<T: Threads = Local>(PhantomData<T>, Infallible);

/// The world of coroutines that are on their own: while one is suspended, its [`Continuation`] is its owner, and
/// whoever has it resumes or destroys the coroutine together with all its callers. At their root they are `'static`.
#[derive(Debug)]
pub struct Detached<T: Threads = Local>(PhantomData<T>, Infallible);

/// The world of futures: a coroutine runs when the chain's root is polled, by any executor, and can await any future.
/// Its continuation is a one-shot wake-up that points at no frame.
#[derive(Debug)]
pub struct Polled<T: Threads = Local>(PhantomData<T>, Infallible);

impl<T: Threads> World for ByOwner<T> {
    type Threads = T;
}

/// In one file with the above, where rustc lists them.
#[cfg(feature = "alloc")]
mod allocated {
    use super::{CallsWorld, Detached, Local, LocalWorld, Parks, Polled, Sendable, Stops, Threads, World, sealed};

    impl<T: Threads> World for Detached<T> {
        type Threads = T;
    }

    impl<T: Threads> World for Polled<T> {
        type Threads = T;
    }

    impl<T: Threads> Parks for Detached<T> {}
    impl<T: Threads> Parks for Polled<T> {}

    impl sealed::Stops for Detached {}
    impl Stops for Detached {}
    impl<T: Threads> sealed::Stops for Polled<T> {}
    impl<T: Threads> Stops for Polled<T> {}

    impl LocalWorld for Detached {}
    impl LocalWorld for Polled {}

    impl sealed::CallsWorld<Polled<Sendable>> for Polled<Local> {}
    impl CallsWorld<Polled<Sendable>> for Polled<Local> {}
}

/// The worlds whose continuations can be kept, in a queue or an event, and resumed from there: [`Detached`] and
/// [`Polled`]. A leaf awaiter for all of them is one impl. This trait is sealed.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use coro::{Awaiter, Continuation, ContinuationOf, Parks, Promise};
///
/// /// A place where one coroutine can wait.
/// struct Bench<W: Parks>(Rc<RefCell<Option<Continuation<W>>>>);
///
/// impl<P: Promise<World: Parks>> Awaiter<P> for Bench<P::World> {
///     type Output = ();
///     fn await_suspend(&mut self, _: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
///         self.0.replace(Some(me));
///         None
///     }
///     fn await_resume(&mut self, _: &mut P) {}
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "continuations of the world `{Self}` cannot be kept and resumed",
    note = "coroutines of the world `ByOwner` are resumed by their owner alone"
)]
pub trait Parks: sealed::Parks {}

/// The worlds in which a coroutine that waits can be stopped by another, as [`when_any`](crate::when_any) stops the
/// losers: all that [`Parks`] but `Detached<Sendable>`, whose coroutines may be running on other threads just then.
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "coroutines of the world `{Self}` cannot be stopped from outside",
    note = "they may be running on other threads; in the world `Polled<Sendable>`, whose coroutines are a `Task<'_, T>` by default, \
            they can"
)]
pub trait Stops: Parks + sealed::Stops {}

/// The worlds of coroutines that await each other and stay on their thread: [`Detached`] and [`Polled`], both
/// [`Local`]. A helper that is generic over them is written once and serves both. This trait is sealed.
///
/// ```
/// use coro::{LocalWorld, Task};
///
/// #[coro::coroutine]
/// fn length<'a, W: LocalWorld>(text: &'a str) -> Task<'a, usize, W> {
///     text.len()
/// }
///
/// #[coro::coroutine]
/// fn twice<'a, W: LocalWorld>(text: &'a str) -> Task<'a, usize, W> {
///     length(text).await + length(text).await
/// }
/// ```
pub trait LocalWorld: World<Threads = Local> + Stops + CallsWorld<Self> {}

/// Whether a coroutine of this world may call one of the world `W`: of the same, and a [`Local`] one in [`Polled`] also
/// one that is [`Sendable`]. (In [`Detached`] never: a continuation that may change threads owns the callers, too.)
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "a coroutine of the world `{Self}` cannot await one of the world `{W}`",
    label = "a coroutine of another world",
    note = "a coroutine awaits those of its own world: write the same one in both types, such as `Task<'_, T, {Self}>`",
    note = "a `Task<'_, T>` is of the world `Polled<Sendable>`; a `Task<'_, T, Polled>` stays on its thread, and so can be \
            awaited only by one that does: write `Polled` in both types, or in neither"
)]
pub trait CallsWorld<W>: sealed::CallsWorld<W> {}

// The only impl for `Detached`: so rustc infers the world of a generic helper from the coroutine that awaits it.
impl<W: Parks> sealed::CallsWorld<W> for W {}
impl<W: Parks> CallsWorld<W> for W {}

/// The suspended coroutine, as [`Awaiter::await_suspend`](crate::Awaiter::await_suspend) receives it.
///
/// * In the world [`ByOwner`] it is a token of no size: return it to go on at once, drop it to stay suspended until
///   the owner resumes.
/// * In the world [`Detached`] it *is* the suspended coroutine: [`resume`](Continuation::resume) runs it here and now,
///   dropping it destroys it, returning it from a hook lets it run next on the same stack.
/// * In the world [`Polled`] it is a wake-up: resuming *or dropping* it lets the executor poll the coroutine again. So
///   `await_resume` must cope with nothing having happened.
#[must_use = "in the detached world, dropping a continuation destroys its coroutine"]
pub struct Continuation<W: World = ByOwner> {
    hold: W::Hold,
}

/// The continuation that the awaiters of a promise `P` receive.
pub type ContinuationOf<P> = Continuation<<P as Promise>::World>;

impl<W: World> fmt::Debug for Continuation<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Continuation").field(&self.hold).finish()
    }
}

impl<W: Parks> Continuation<W> {
    /// Lets the coroutine go on.
    ///
    /// A detached one runs here and now, until it waits again or ends; then whoever it hands control to. Inside the
    /// `await_suspend` that received it, it asks for the coroutine to go on when that has returned. Inside a body it
    /// nests like any call; to hand control over on a constant stack, return the continuation from a hook instead. A
    /// polled one is woken.
    ///
    /// # Panics
    /// With what a detached coroutine panics, if its promise has no `unhandled_exception`.
    pub fn resume(self) {
        W::resume(self.hold);
    }
}
