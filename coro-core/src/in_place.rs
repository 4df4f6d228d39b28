//! Coroutines that live where their caller puts them: on the stack, or in another value.
//!
//! A function whose return type is `impl InPlace<R>` returns a place: until it is pinned and used for the first time it
//! holds the function's parameters, and from then on a frame. The place owns the coroutine. What it lends is the same
//! return object that the function would give otherwise; with the place's borrow its lifetime ends.

use core::convert::Infallible;
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr::NonNull;

use crate::continuation::{ByOwner, ChangesThreads, Threads, World};
use crate::frame::{self, Frame, Header};
use crate::handle::{CoroutineHandle, destroy_root, lend_root};
use crate::memory::Lent;
use crate::private::{Co, Function};
use crate::promise::{Coroutine, FinalSuspend, Handle, Promise};
use crate::start::begin;
use crate::trace;

/// A place in which a coroutine lives that is otherwise an `R`: what a function returns as `impl InPlace<R>`.
///
/// Such a coroutine is not allocated. It lives where its place is [pinned](core::pin), and is used through
/// [`coroutine`](Self::coroutine), which gives an `R` that borrows the place. This works without the feature `alloc`.
///
/// ```
/// use core::pin::pin;
/// use coro::{Generator, InPlace};
///
/// #[coro::coroutine]
/// fn squares(numbers: &[u64]) -> impl InPlace<Generator<'_, u64>> {
///     for n in numbers {
///         co_yield!(n * n);
///     }
/// }
///
/// let squares = pin!(squares(&[1, 2, 3]));
/// assert_eq!(squares.coroutine().sum::<u64>(), 14);
/// ```
///
/// Inside another value it is pinned with that; each use borrows it for as long as it likes:
///
/// ```
/// use core::pin::Pin;
/// use coro::{InPlace, Signal, StateMachine};
///
/// #[coro::coroutine]
/// fn greeting() -> impl InPlace<StateMachine<'static, char, bool>> {
///     Signal.await == 'h' && Signal.await == 'i'
/// }
///
/// struct Connection<M> { bytes: usize, machine: M }
///
/// impl<M: InPlace<StateMachine<'static, char, bool>>> Connection<Pin<&mut M>> {
///     fn receive(&mut self, byte: char) -> Option<bool> {
///         self.bytes += 1;
///         let mut machine = self.machine.as_mut().coroutine();
///         machine.send_signal(byte).ok()?;
///         machine.result()
///     }
/// }
///
/// let machine = core::pin::pin!(greeting());
/// let mut connection = Connection { bytes: 0, machine };
/// assert_eq!(connection.receive('h'), None);
/// assert_eq!(connection.receive('i'), Some(true));
/// assert_eq!(connection.bytes, 2);
/// ```
///
/// `R` is a coroutine type that its owner resumes and that has a lifetime ([`Lendable`]):
/// [`Generator`](crate::Generator), [`StateMachine`](crate::StateMachine), [`TwoWay`](crate::TwoWay) (which
/// [`two_way_in`](crate::two_way_in) resumes), or one made with
/// [`#[coro::promise]`](macro@crate::promise).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a place for `{R}`",
    label = "not a coroutine that lives where its caller puts it",
    note = "a function with `#[coro::coroutine]` that returns `impl InPlace<{R}>` gives one"
)]
#[must_use = "a coroutine does nothing until its place is pinned and used"]
pub trait InPlace<R: Lendable> {
    /// The coroutine. Dropping what this gives leaves the coroutine where it is; the next call gives it again. It goes
    /// with its place.
    ///
    /// One whose function says `initial = suspend_never` runs to its first suspension in the first call.
    ///
    /// # Panics
    /// With what such a coroutine panics. It has ended then.
    fn coroutine<'f>(self: Pin<&'f mut Self>) -> R::Lent<'f>
    where
        R: 'f;
}

/// Coroutine types of which each lifetime makes one, so that a place can lend its coroutine for any.
///
/// [`#[coro::promise]`](macro@crate::promise) writes this for a type in the world [`ByOwner`](crate::ByOwner) with a
/// lifetime.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot live where its caller puts it",
    label = "not a coroutine type for `impl InPlace<…>`",
    note = "that takes a coroutine type of the world `ByOwner` whose return object has a lifetime, such as `Generator` or \
            `StateMachine`"
)]
pub trait Lendable {
    /// Its promise.
    type Promise: Promise<World: Resumed, Owner = Handle>;

    /// The same type for the lifetime `'f`.
    type Lent<'f>: Coroutine<'f, Promise = Self::Promise>
    where
        Self: 'f;
}

/// The worlds whose coroutines are resumed by their owner, and known to nobody else: [`ByOwner`]. This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "coroutines of the world `{Self}` cannot live where their caller puts them",
    note = "a continuation of theirs may outlive the place; those of the world `ByOwner` can"
)]
pub trait Resumed: sealed::Resumed {}

mod sealed {
    pub trait Resumed {}
}

impl<T: Threads> sealed::Resumed for ByOwner<T> {}
impl<T: Threads> Resumed for ByOwner<T> {}

/// The place of a coroutine of the function `M`, that borrows for `'a`.
pub struct Place<'a, M, P, F, C, B> {
    contents: Contents<P, F, C, B>,
    is_begun: bool,
    /// The frame points at itself.
    _pinned: PhantomPinned,
    /// Invariant in `P`, as [`CoroutineHandle`] is, and for the same reason.
    invariant: PhantomData<fn(P) -> P>,
    borrows: PhantomData<&'a ()>,
    function: PhantomData<fn(M)>,
}

/// Which one it is, the place says.
#[repr(C)]
union Contents<P, F, C, B> {
    /// In the order in which they are dropped.
    unbegun: ManuallyDrop<(C, F, P)>,
    frame: ManuallyDrop<Frame<P, B, F, Lent>>,
}

// SAFETY: S1: as for `CoroutineHandle`; `private::in_place` takes only bodies that are `Send` in such a world. Test:
// tests/in_place.rs.
unsafe impl<M, P: Promise<World: World<Threads: ChangesThreads>> + Send, F: Send, C: Send, B> Send
    for Place<'_, M, P, F, C, B>
{
}

impl<M, P, F, C, B> Place<'_, M, P, F, C, B> {
    /// # Safety
    /// As for [`frame::create`]; all that is given and the body outlives `'a`, and is `Send` if the promise's world
    /// says so.
    pub(crate) const unsafe fn new(promise: P, finish: F, body: C) -> Self
    where
        C: FnOnce(Co<P>) -> B,
    {
        let contents = Contents { unbegun: ManuallyDrop::new((body, finish, promise)) };
        Self {
            contents,
            is_begun: false,
            _pinned: PhantomPinned,
            invariant: PhantomData,
            borrows: PhantomData,
            function: PhantomData,
        }
    }

    fn header(&mut self) -> NonNull<Header> {
        NonNull::from(&mut self.contents).cast()
    }
}

impl<'a, M, P, F, C, B, R> InPlace<R> for Place<'a, M, P, F, C, B>
where
    M: Function,
    P: Promise + 'a,
    F: FinalSuspend<P>,
    C: FnOnce(Co<P>) -> B,
    B: Future<Output = P::Value>,
    R: Lendable<Promise = P>,
{
    fn coroutine<'f>(self: Pin<&'f mut Self>) -> R::Lent<'f>
    where
        R: 'f,
    {
        // SAFETY: S1: it is not moved from here on, for it is pinned, and what is begun stays so. What the frame holds
        // outlives `'a`, and so `'f`. Tests: tests/in_place.rs, tests/in_place_leaking.rs.
        let handle = unsafe {
            let place = self.get_unchecked_mut();
            if place.is_begun {
                lend_root(place.header());
                CoroutineHandle::new(place.header())
            } else {
                let (body, finish, promise) = ManuallyDrop::take(&mut place.contents.unbegun);
                let frame = NonNull::from(&mut place.contents).cast();
                let frame = frame::build::<M, P, B, F, Lent, true>(frame, Lent, promise, finish, body);
                place.is_begun = true;
                let mut handle = CoroutineHandle::<P>::new(frame);
                begin::<M, P>(&mut handle);
                trace::event(handle.header(), "get_return_object", "");
                handle
            }
        };
        lend::<R>(handle)
    }
}

/// That a lendable coroutine's owner has a handle is known of `R::Promise`, and not of what it is.
fn lend<'f, R: Lendable + 'f>(handle: CoroutineHandle<'f, R::Promise>) -> R::Lent<'f> {
    R::Lent::get_return_object(handle)
}

impl<M, P, F, C, B> Drop for Place<'_, M, P, F, C, B> {
    fn drop(&mut self) {
        // SAFETY: S2: the place is the owner, and what it had lent is gone with its borrow, or was leaked. Tests:
        // tests/in_place.rs, tests/in_place_leaking.rs.
        unsafe {
            if self.is_begun {
                destroy_root(self.header());
            } else {
                ManuallyDrop::drop(&mut self.contents.unbegun);
            }
        }
    }
}

/// What a function returns that the attribute could not understand.
impl<R: Lendable> InPlace<R> for Infallible {
    fn coroutine<'f>(self: Pin<&'f mut Self>) -> R::Lent<'f>
    where
        R: 'f,
    {
        match *self {}
    }
}
