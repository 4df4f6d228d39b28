//! Coroutines that yield in the place of the one that awaits them: `co_yield!(..other)` where items are awaited.
//!
//! They are linked as callees are. But what the innermost one yields goes straight to whoever visits or polls the
//! outermost one, and the next visit goes straight back, however many are between them. For that, the ends of such a
//! line know each other:
//!
//! ```text
//!            state word     callee                 callee
//!  outermost ─────────▶ Relay ────▶ … ────▶ Relay ────▶ innermost
//!      ▲                  └────── last ──────▶ │
//!      └──────────────────── top ──────────────┘
//! ```
//!
//! A [`Relay`] is in the body of the coroutine that waits. Only the first one's `last` and the last one's `top` are
//! looked at. So a line grows and shrinks, and is hung under another one, in constant time.
//!
//! Who may look at a relay: it stays where it is from its first use on, for its body is pinned. It goes with its body,
//! and that only after its callee. All it consists of are cells, and nobody makes an `&mut` to it that promises to be
//! alone, for it is not `Unpin`.

use core::cell::Cell;
use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::call::{Callee, Calls};
use crate::continuation::Parks;
use crate::frame::{Header, promise_of};
use crate::handle::CoroutineHandle;
use crate::private::Co;
use crate::promise::Promise;
use crate::trace;

/// Awaits the coroutine `X`, which yields in the place of the one that awaits it: what the hook `yield_from` gives in a
/// coroutine type whose items are awaited. Its value is what `X` returns.
///
/// What it yields is moved from the [`ItemSlot`] of its promise to that of the outermost coroutine, which is visited or
/// polled. However deep coroutines delegate to each other, an item costs the same.
///
/// ```
/// use coro::{Callee, CoroutineHandle, ItemSlot, Polled, Relayed, Task, ToVisitor, Visit};
///
/// /// Says from time to time how many bytes it has received since, and at its end how many files.
/// struct Download<'a>(CoroutineHandle<'a, DownloadPromise>);
///
/// #[derive(Default)]
/// struct DownloadPromise { received: Option<u64>, files: u32 }
///
/// #[coro::promise(world = Polled, send)]
/// impl DownloadPromise {
///     fn new() -> Self { Self::default() }
///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Download<'_> { Download(handle) }
///     fn return_value(&mut self, files: u32) { self.files = files }
///     fn yield_value(&mut self, bytes: u64) -> ToVisitor { self.received = Some(bytes); ToVisitor }
///     fn yield_from<'a>(&mut self, part: Download<'a>) -> Relayed<Download<'a>> { Relayed(part) }
/// }
///
/// impl ItemSlot for DownloadPromise {
///     type Item = u64;
///     fn item_slot(&mut self) -> &mut Option<u64> { &mut self.received }
/// }
///
/// impl<'a> Callee<'a> for Download<'a> {
///     type Promise = DownloadPromise;
///     type Output = u32;
///     fn into_handle(self) -> CoroutineHandle<'a, DownloadPromise> { self.0 }
///     fn result(promise: &mut DownloadPromise) -> u32 { promise.files }
/// }
///
/// impl<'h, 'a> Visit<'h, 'a> for &'h mut Download<'a> {
///     type Promise = DownloadPromise;
///     type Output = Option<u64>;
///     fn into_handle(self) -> &'h mut CoroutineHandle<'a, DownloadPromise> { &mut self.0 }
///     fn output(promise: &mut DownloadPromise) -> Option<u64> { promise.received.take() }
/// }
///
/// #[coro::coroutine]
/// fn file(bytes: u64) -> Download<'static> {
///     co_yield!(bytes / 2);
///     std::future::ready(()).await;
///     co_yield!(bytes - bytes / 2);
///     1
/// }
///
/// #[coro::coroutine]
/// fn directory(files: &[u64]) -> Download<'_> {
///     let mut count = 0;
///     for bytes in files {
///         count += co_yield!(..file(*bytes));
///     }
///     count
/// }
///
/// #[coro::coroutine]
/// fn total(files: &[u64]) -> Task<'_, u64> {
///     let mut download = directory(files);
///     let mut total = 0;
///     while let Some(bytes) = (&mut download).await {
///         total += bytes;
///     }
///     total
/// }
///
/// assert_eq!(futures::executor::block_on(total(&[3, 4, 10])), 17);
/// ```
#[derive(Debug)]
pub struct Relayed<X>(
    /// The coroutine.
    pub X,
);

/// A promise with a place for what its coroutine yields, from where it is taken. So coroutines with promises of
/// different types can yield in each other's place, if their items are of one type.
#[diagnostic::on_unimplemented(
    message = "coroutines whose promise is `{Self}` have no place for what another one yields for them",
    label = "not a promise whose coroutines await `coro::Relayed`",
    note = "implement `coro::ItemSlot` for `{Self}`"
)]
pub trait ItemSlot: Promise {
    /// What its coroutines yield.
    type Item;

    /// Where the last item is until somebody takes it.
    fn item_slot(&mut self) -> &mut Option<Self::Item>;
}

/// See the module's documentation.
#[repr(align(16))]
pub(crate) struct Relay {
    callee: NonNull<Header>,
    /// The outermost coroutine of the line. Of the last relay only.
    top: Cell<NonNull<Header>>,
    /// Of the first relay only.
    last: Cell<NonNull<Self>>,
    /// Moves the item from the callee to who is at the top of the line, where this finds the slot.
    hand_up: unsafe fn(NonNull<Header>, NonNull<Header>, Slot),
    /// Finds the slot of the coroutine whose body this is in.
    slot: Slot,
}

/// The `Option<Item>` in a promise.
type Slot = unsafe fn(NonNull<Header>) -> NonNull<()>;

// SAFETY: S1: it is part of a body, which changes threads only together with the whole line, and is checked for the
// rest. Test: tests/async_delegation.rs.
unsafe impl Send for Relay {}

impl Relay {
    /// The innermost coroutine of the line that begins with this relay; or the one above it, if that is still on the
    /// stack, or has heard of its end, or is about to.
    ///
    /// # Safety
    /// It is the first one of a line, and its coroutine waits.
    pub(crate) unsafe fn innermost(&self) -> NonNull<Header> {
        // SAFETY: S5: the last relay leaves the line before it goes, and so before its callee's frame and its caller's.
        // Test: tests/async_delegation.rs.
        unsafe {
            let callee = self.last.get().as_ref().callee;
            match callee.as_ref().link.get() {
                Some(above) if !above.as_ref().state.is_calling() => above,
                _ => callee,
            }
        }
    }

    /// The outermost coroutine of the line that ends with this relay.
    pub(crate) const fn top(&self) -> NonNull<Header> {
        self.top.get()
    }

    /// Moves what the innermost coroutine has yielded to the outermost one.
    ///
    /// # Safety
    /// It is the last one of a line whose innermost coroutine runs.
    pub(crate) unsafe fn hand_up(&self) {
        let top = self.top();
        // SAFETY: S4, S5: those above are suspended, and alive while the innermost one is; nobody else uses their
        // promises. Each relay of a line was made for the same type of items. Test: tests/async_delegation.rs.
        unsafe {
            let first = top.as_ref().state.relay().expect("it is the top of a line");
            (self.hand_up)(self.callee, top, first.as_ref().slot);
        }
    }

    /// Hangs what is under the relay of the coroutine at `own` under the line that this coroutine belongs to.
    ///
    /// # Safety
    /// The body of `own` is on the stack, and waits for the callee from now on, which is off the stack. The relay stays
    /// where it is.
    unsafe fn join(&self, own: NonNull<Header>) {
        let this = NonNull::from(self);
        // SAFETY: S5: all of both lines is alive. Test: tests/async_delegation.rs.
        unsafe {
            let last = self.callee.as_ref().state.relay().map_or(this, |first| first.as_ref().last.get());
            let (top, first) = match above(own) {
                None => (own, this),
                Some(above) => {
                    let top = above.as_ref().top();
                    (top, top.as_ref().state.relay().expect("it is the top of a line"))
                }
            };
            last.as_ref().top.set(top);
            first.as_ref().last.set(last);
        }
    }

    /// The line ends above this relay, whose callee has ended, or was destroyed.
    ///
    /// # Safety
    /// The relay has joined the line of the coroutine at `own`, whose body is on the stack again, or is dropped now.
    unsafe fn leave(&self, own: NonNull<Header>) {
        // SAFETY: S5: those above are destroyed later, and what was below has left before. Test:
        // tests/async_delegation.rs.
        unsafe {
            if let Some(above) = above(own) {
                let top = self.top();
                above.as_ref().top.set(top);
                let first = top.as_ref().state.relay().expect("it is the top of a line");
                first.as_ref().last.set(above);
            }
        }
    }
}

/// The relay that leads to the coroutine at `own`, if it yields in the place of its caller.
///
/// # Safety
/// The body of `own` is on the stack.
pub(crate) unsafe fn above(own: NonNull<Header>) -> Option<NonNull<Relay>> {
    // SAFETY: S2: whoever is linked waits for this coroutine, and so does a relay. Test: tests/async_delegation.rs.
    unsafe {
        let relay = own.as_ref().link.get()?.as_ref().state.relay()?;
        (relay.as_ref().callee == own).then_some(relay)
    }
}

/// # Safety
/// The promise at `header` is a `P`, and nobody else uses it.
unsafe fn slot<P: ItemSlot>(header: NonNull<Header>) -> NonNull<()> {
    // SAFETY: S4: caller's contract.
    NonNull::from(unsafe { promise_of::<P>(header).as_mut() }.item_slot()).cast()
}

/// # Safety
/// The promise of `callee` is a `C`, `slot` finds an `Option<C::Item>` in that of `top`, and nobody else uses them.
unsafe fn hand_up<C: ItemSlot>(callee: NonNull<Header>, top: NonNull<Header>, slot: Slot) {
    // SAFETY: S4: caller's contract. What a hook answers is looked at before another one is asked.
    unsafe {
        if let Some(item) = promise_of::<C>(callee).as_mut().item_slot().take() {
            *slot(top).cast::<Option<C::Item>>().as_mut() = Some(item);
        }
    }
}

/// An `.await` of a [`Relayed`] `X`, whose promise is `C`. That is a parameter of its own for the reason that
/// [`Call`](crate::call::Call) has.
#[must_use = "futures do nothing unless polled"]
pub struct Relaying<'a, P, C: Promise, X> {
    co: Co<P>,
    callee: Cell<Option<CoroutineHandle<'a, C>>>,
    waits: Cell<bool>,
    relay: Relay,
    relayed: PhantomData<fn() -> X>,
    /// The relay is pointed at.
    _pinned: PhantomPinned,
}

impl<'a, P, C, X> Relaying<'a, P, C, X>
where
    P: ItemSlot<World: Calls<P, C> + Parks>,
    C: ItemSlot<Item = P::Item>,
    X: Callee<'a, Promise = C>,
{
    pub(crate) fn new(co: Co<P>, relayed: X) -> Self {
        let callee = relayed.into_handle();
        let pointer = callee.pointer();
        let (top, last) = (Cell::new(co.pointer()), Cell::new(NonNull::dangling()));
        Self {
            co,
            callee: Cell::new(Some(callee)),
            waits: Cell::new(false),
            relay: Relay { callee: pointer, top, last, hand_up: hand_up::<C>, slot: slot::<P> },
            relayed: PhantomData,
            _pinned: PhantomPinned,
        }
    }
}

impl<'a, P, C, X> Future for Relaying<'a, P, C, X>
where
    P: ItemSlot<World: Calls<P, C> + Parks>,
    C: ItemSlot<Item = P::Item>,
    X: Callee<'a, Promise = C>,
{
    type Output = X::Output;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<X::Output> {
        let this = self.into_ref().get_ref();
        let own = this.co.header();
        // SAFETY: S4: its own body is on the stack, so is the turn that runs it. Test: tests/async_delegation.rs.
        let turn = unsafe { own.state.turn().as_ref() };
        if this.leave() {
            if let Some(payload) = turn.panic.take() {
                crate::panic::resume(payload);
            }
        } else if let Some(leaf) = this.begin() {
            turn.next.set(Some(leaf));
            own.state.wait_for_relay(NonNull::from(&this.relay));
            return Poll::Pending;
        }
        Poll::Ready(this.finish())
    }
}

impl<P, C: Promise, X> Relaying<'_, P, C, X> {
    /// Says whether the callee had been begun.
    fn leave(&self) -> bool {
        let waited = self.waits.take();
        if waited {
            // SAFETY: S4, S5: it has joined the line; its own body is on the stack, or is dropped, and the callee has
            // ended, or was destroyed before. Test: tests/async_delegation.rs.
            unsafe { self.relay.leave(self.co.pointer()) };
        }
        waited
    }
}

impl<P, C: Promise, X> Drop for Relaying<'_, P, C, X> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<'a, P, C: Promise, X: Callee<'a, Promise = C>> Relaying<'a, P, C, X> {
    /// Links the callee, and says who runs next; nobody, if it had ended.
    fn begin(&self) -> Option<NonNull<Header>> {
        let callee = self.take_callee();
        let leaf = if callee.is_done() {
            trace::ready(self.co.header(), true);
            None
        } else {
            let leaf = callee.leaf();
            trace::event_to(self.co.header(), "await_suspend", "relays", callee.header());
            callee.header().link.set(Some(self.co.pointer()));
            // SAFETY: S4: the body of its own coroutine is on the stack and waits now, the callee is off the stack, for
            // its handle is here, and this is pinned, for it is polled. Test: tests/async_delegation.rs.
            unsafe { self.relay.join(self.co.pointer()) };
            self.waits.set(true);
            Some(leaf)
        };
        self.callee.set(Some(callee));
        leaf
    }

    /// The callee has ended: takes its result.
    fn finish(&self) -> X::Output {
        let mut callee = self.take_callee();
        let result = X::result(callee.promise_mut());
        trace::event(self.co.header(), "await_resume", "");
        // Here, where the result is dropped if this panics (rust-lang/rust#47949).
        drop(callee);
        result
    }

    fn take_callee(&self) -> CoroutineHandle<'a, C> {
        self.callee.take().expect("it is there until the end")
    }
}
