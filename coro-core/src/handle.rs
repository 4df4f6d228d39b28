//! The owner of a coroutine.

use core::fmt;
use core::marker::PhantomData;
use core::mem::forget;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

#[cfg(feature = "alloc")]
use crate::backtrace::Backtrace;
use crate::continuation::sealed::World as _;
use crate::continuation::{ByOwner, ChangesThreads, Polled, Threads, World};
use crate::drive;
use crate::frame::{Header, VTable, promise_in, promise_of};
use crate::guard::Finally;
use crate::info::Info;
use crate::location::{Doing, Location, Whereabouts};
use crate::promise::Promise;

/// Owns a coroutine whose promise is a `P` and that borrows for no longer than `'a`: C++'s
/// `std::coroutine_handle<P>` ([coroutine.handle]), but the only one of its coroutine.
///
/// A return object keeps it. Dropping it destroys the coroutine: its locals and parameters, then its promise.
///
/// ```
/// use coro::{CoroutineHandle, SuspendAlways};
///
/// /// The tutorial's first coroutine type: it can be resumed, and that is all.
/// struct Resumable<'a>(CoroutineHandle<'a, ResumablePromise>);
/// struct ResumablePromise;
///
/// #[coro::promise]
/// impl ResumablePromise {
///     fn new() -> Self { Self }
///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Resumable<'_> { Resumable(handle) }
///     fn return_void(&mut self) {}
/// }
///
/// #[coro::coroutine]
/// fn hello(name: &str) -> Resumable<'_> {
///     print!("Hello, ");
///     SuspendAlways.await;
///     println!("{name}!");
/// }
///
/// let mut hello = hello("world");
/// hello.0.resume();
/// assert_eq!(hello.0.location().expect("it is suspended").expression(), "SuspendAlways.await");
/// hello.0.resume();
/// assert!(hello.0.is_done());
/// ```
#[must_use = "dropping the handle destroys the coroutine"]
// Without a bound `Promise`: where that does not hold, rustc says so where a function becomes a coroutine, once.
pub struct CoroutineHandle<'a, P: 'a> {
    frame: NonNull<Header>,
    /// Covariant in `'a`. Invariant in `P`: a handle whose promise had a shorter lifetime could be given a value that
    /// the body keeps for longer (rule S2, `tests/ui/lifetimes`).
    holds: PhantomData<(&'a (), *mut P)>,
}

const _: () = assert!(size_of::<Option<CoroutineHandle<'_, crate::GeneratorPromise<u64>>>>() == size_of::<usize>());

// SAFETY: S1: in a world whose threads are `Sendable`, `private::start` takes only bodies and `final`s that are `Send`
// (bound `Hosts`), the promise is `Send` by this bound, and nobody else uses them. The callees it is linked to are
// `Send` as well, for `Calls` admits only the same promise or a world that is `Sendable`, and what else a two-way
// coroutine calls is in its body. Tests: tests/threads.rs, tests/ui/yielding/two_way_delegation.rs.
unsafe impl<P: Promise<World: World<Threads: ChangesThreads>> + Send> Send for CoroutineHandle<'_, P> {}

impl<'a, P: 'a> CoroutineHandle<'a, P> {
    pub(crate) const fn header(&self) -> &Header {
        // SAFETY: S2: the frame lives as long as its handle, and its header is only ever shared. Test:
        // tests/attacks.rs.
        unsafe { self.frame.as_ref() }
    }

    /// Whether the coroutine lives in a place, whose owner has lent it.
    pub(crate) const fn is_lent(&self) -> bool {
        self.header().vtable.lent
    }
}

impl<'a, P: Promise + 'a> CoroutineHandle<'a, P> {
    /// # Safety
    /// The frame's promise is a `P`, all it holds outlives `'a`, it is off the stack, and nobody else owns it.
    pub(crate) const unsafe fn new(frame: NonNull<Header>) -> Self {
        Self { frame, holds: PhantomData }
    }

    pub(crate) const fn pointer(&self) -> NonNull<Header> {
        self.frame
    }

    /// Gives up the owner, and not what it owns.
    pub(crate) const fn into_pointer(self) -> NonNull<Header> {
        let frame = self.frame;
        forget(self);
        frame
    }

    /// The innermost coroutine that it waits for, or it.
    #[inline]
    pub(crate) fn leaf(&self) -> NonNull<Header> {
        // SAFETY: S2: the frame lives as long as its handle, which owns it. Test: tests/async_generator.rs.
        unsafe {
            // One that is suspended itself calls nobody.
            if self.header().state.is_suspended() { self.frame } else { leaf_under(self.frame) }
        }
    }

    /// Whether the coroutine has ended: by returning, by a panic, or because a panic destroyed it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.header().state.is_done()
    }

    /// The coroutine's promise.
    #[must_use]
    pub const fn promise(&self) -> &P {
        // SAFETY: S4: the body is off the stack while its handle can be borrowed. Test: tests/attacks.rs.
        unsafe { promise_of(self.frame).as_ref() }
    }

    /// The coroutine's promise.
    #[must_use]
    pub const fn promise_mut(&mut self) -> &mut P {
        // SAFETY: S4: as above, and the handle is borrowed for as long. Test: tests/attacks.rs.
        unsafe { promise_of(self.frame).as_mut() }
    }

    /// Where the coroutine is suspended, in the innermost coroutine it waits for; `None` after the end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        let leaf = self.leaf();
        // SAFETY: S2: the chain under a suspended root is alive. (In a callee `link` is the caller, but the handle of a
        // callee is in its `Call`, which shows it to nobody.) Test: tests/location.rs.
        Location::of(unsafe { leaf.as_ref() })
    }

    /// The machine that the coroutine's function is: where it can be suspended, and where it can go on from there.
    #[must_use]
    pub const fn info(&self) -> Info {
        Info::of(self.header().vtable)
    }

    /// For `Debug`.
    pub(crate) fn whereabouts(&self) -> Whereabouts {
        let leaf = if self.leaf() == self.frame { None } else { self.location().map(Doing::Waiting) };
        Whereabouts { root: Doing::of(self.header()), leaf }
    }

    /// Where the coroutine is suspended, and who waits for it there: from the innermost coroutine to this one.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn backtrace(&self) -> Backtrace {
        // SAFETY: as above.
        unsafe { Backtrace::take(self.leaf(), Some(self.frame)) }
    }
}

impl<'a, T: Threads, P: Promise<World = ByOwner<T>> + 'a> CoroutineHandle<'a, P> {
    /// Runs the coroutine to its next suspension or its end.
    ///
    /// # Panics
    /// If the coroutine has ended, naming it; and with what its body panics, if its promise has no
    /// `unhandled_exception`.
    #[inline]
    pub fn resume(&mut self) {
        if !self.try_resume() {
            resumed_after_end(self.header().vtable.name);
        }
    }

    /// As [`resume`](Self::resume), but returns `false` if the coroutine has ended.
    ///
    /// # Panics
    /// With what its body panics, if its promise has no `unhandled_exception`.
    #[inline]
    pub fn try_resume(&mut self) -> bool {
        let root = self.frame;
        // SAFETY: S2, S3: the root is ours by `&mut` and suspended, so is the chain under it. Tests: tests/attacks.rs,
        // tests/generator.rs, tests/delegation.rs.
        unsafe {
            let state = &root.as_ref().state;
            if !state.is_suspended() {
                return resume_chain(root);
            }
            drive::run_alone(root);
            if !state.is_suspended() {
                run_callee(root);
            }
        }
        true
    }

    /// What `take` finds in the promise of the innermost coroutine; if that is nothing, resumes and looks again. `None`
    /// at the end, and where there is still nothing: what an iterator over the items of a coroutine does.
    ///
    /// It is [`innermost_promise_mut`](Self::innermost_promise_mut) and [`try_resume`](Self::try_resume) in one, and
    /// faster.
    ///
    /// ```
    /// use coro::{CoroutineHandle, YieldValue};
    ///
    /// struct Letters<'a>(CoroutineHandle<'a, LettersPromise>);
    /// struct LettersPromise { letter: Option<char> }
    ///
    /// #[coro::promise(await = none)]
    /// impl LettersPromise {
    ///     fn new() -> Self { Self { letter: None } }
    ///     fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Letters<'_> { Letters(handle) }
    ///     fn return_void(&mut self) {}
    ///     fn yield_value(&mut self, letter: char) { self.letter = Some(letter) }
    /// }
    ///
    /// impl Iterator for Letters<'_> {
    ///     type Item = char;
    ///     fn next(&mut self) -> Option<char> { self.0.pull(|promise| promise.letter.take()) }
    /// }
    ///
    /// #[coro::coroutine]
    /// fn hi() -> Letters<'static> {
    ///     co_yield!('h');
    ///     co_yield!('i');
    /// }
    ///
    /// assert_eq!(hi().collect::<String>(), "hi");
    /// ```
    ///
    /// # Panics
    /// With what its body panics, if its promise has no `unhandled_exception`.
    #[inline]
    pub fn pull<I>(&mut self, mut take: impl FnMut(&mut P) -> Option<I>) -> Option<I> {
        let root = self.frame;
        // SAFETY: S2, S3, S4: as for `try_resume` and `promise_mut`; while the root is suspended itself, it is the
        // innermost. Test: tests/generator.rs.
        unsafe {
            let state = &root.as_ref().state;
            if !state.is_suspended() {
                return self.pull_from_chain(take);
            }
            if let Some(there) = take(promise_of(root).as_mut()) {
                return Some(there);
            }
            drive::run_alone(root);
            if state.is_suspended() {
                return take(promise_of(root).as_mut());
            }
            run_callee(root);
        }
        take(self.innermost_promise_mut())
    }

    /// As [`pull`](Self::pull), for promises that are empty once they were looked at. So nobody looks before the
    /// coroutine is resumed, unless [`load`](Self::load) has said that there is something; and what is in the root when
    /// that has run, is what is next.
    #[inline]
    pub(crate) fn pull_next<I>(&mut self, mut take: impl FnMut(&mut P) -> Option<I>) -> Option<I> {
        let root = self.frame;
        // SAFETY: as for `pull`. Test: tests/generator.rs.
        unsafe {
            if root.as_ref().state.is_suspended() {
                drive::run_alone(root);
                if let Some(there) = take(promise_of(root).as_mut()) {
                    return Some(there);
                }
                if !root.as_ref().state.is_calling() {
                    return None;
                }
                run_callee(root);
                return take(self.innermost_promise_mut());
            }
        }
        self.pull_from_chain(take)
    }

    /// There is something in the promise that [`pull_next`](Self::pull_next) has to give first.
    pub(crate) fn load(&mut self) {
        // SAFETY: S2: the coroutine is ours by `&mut`. Test: tests/generator.rs.
        unsafe { self.header().state.load() }
    }

    #[cold]
    fn pull_from_chain<I>(&mut self, mut take: impl FnMut(&mut P) -> Option<I>) -> Option<I> {
        if let Some(there) = take(self.innermost_promise_mut()) {
            return Some(there);
        }
        if !self.try_resume() {
            return None;
        }
        take(self.innermost_promise_mut())
    }

    /// The promise of the coroutine that runs at the next [`resume`](Self::resume): the innermost one that this one
    /// delegates to with `co_yield!(..other)`, or its own. In this world a coroutine calls only coroutines with the
    /// same promise type. (But for those of a [`TwoWay`](crate::TwoWay): of these it is always the own one.)
    #[inline]
    #[must_use]
    pub fn innermost_promise_mut(&mut self) -> &mut P {
        let leaf = if P::MIXED { self.frame } else { self.leaf() };
        // SAFETY: S4 as for `promise_mut`; where promises are not mixed, `Calls` links only frames with the very type
        // `P` here. Tests: tests/generator.rs, tests/attacks_owners.rs.
        unsafe { promise_of(leaf).as_mut() }
    }

    /// What the innermost promise begins with.
    ///
    /// # Safety
    /// `P` begins with an `I`, and so does each promise under it, in layout.
    #[inline]
    pub(crate) unsafe fn innermost_part_mut<I>(&mut self) -> &mut I {
        let leaf = self.leaf();
        // SAFETY: S4 as for `promise_mut`; caller's contract. Test: tests/two_way_delegation.rs.
        unsafe {
            let promise = if leaf == self.frame { promise_of::<P>(leaf).cast() } else { promise_in(leaf) };
            promise.cast().as_mut()
        }
    }
}

impl<'a, T: Threads, P: Promise<World = Polled<T>> + 'a> CoroutineHandle<'a, P> {
    /// Polls the coroutine, as a future polls: to its end, or to a suspension that wakes `context` when it is over.
    ///
    /// A coroutine whose promise handles panics may have ended when it was created: ask [`is_done`](Self::is_done)
    /// first.
    ///
    /// # Panics
    /// If the coroutine has ended, naming it; and with what its body panics, if its promise has no
    /// `unhandled_exception`.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_done() {
            resumed_after_end(self.header().vtable.name);
        }
        // SAFETY: S2, S3: the root is ours by `&mut` and suspended, so is the chain under it. Tests: tests/attacks.rs,
        // tests/stack.rs.
        let waits = unsafe { poll_under(self.frame, context) };
        debug_assert_eq!(waits.is_none(), self.is_done());
        if waits.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<'a, P: Promise + 'a> CoroutineHandle<'a, P> {
    /// Drops the handle, without looking what there is to destroy.
    ///
    /// # Safety
    /// The coroutine has ended.
    #[inline]
    pub(crate) unsafe fn drop_ended(self) {
        debug_assert!(self.is_done());
        let frame = self.into_pointer();
        // SAFETY: S2: as for `drop`, and there is nothing to destroy first. Only where an owner resumes a frame may be
        // lent. Tests: tests/calls.rs, tests/in_place.rs.
        unsafe {
            let VTable { lent, release, .. } = frame.as_ref().vtable;
            if !(P::World::ALONE && *lent) {
                release(frame);
            }
        }
    }

    /// Runs a new coroutine to its first suspension.
    #[inline]
    pub(crate) fn start(&mut self) {
        // SAFETY: S5: nobody else knows the frame; a detached coroutine with a handle waits for its caller at once
        // (`UntilCalled`), and in the other worlds continuations own nothing. Test: tests/hook_order.rs.
        let leaf = unsafe {
            if P::World::ALONE {
                drive::run_by_owner(self.frame, None)
            } else {
                drive::start(self.frame, &mut Context::from_waker(Waker::noop()))
            }
        };
        if leaf != Some(self.frame) {
            self.header().link.set(leaf);
        }
    }
}

/// Resumes a root that is not suspended itself, unless it has ended.
///
/// # Safety
/// The caller owns the root, which is off the stack.
#[cold]
unsafe fn resume_chain(root: NonNull<Header>) -> bool {
    // SAFETY: S2: caller's contract. Test: tests/delegation.rs.
    unsafe {
        let resumes = !root.as_ref().state.is_done();
        if resumes {
            run_under(root, |leaf| drive::run_by_owner(leaf, None));
        }
        resumes
    }
}

/// Runs whom the root has called while it ran alone, if it has.
///
/// # Safety
/// As for [`resume_chain`].
#[cold]
unsafe fn run_callee(root: NonNull<Header>) {
    // SAFETY: S2: caller's contract. Test: tests/delegation.rs.
    unsafe {
        let header = root.as_ref();
        if header.state.is_calling() {
            link_leaf(root, drive::run_by_owner(innermost(root), None));
        }
    }
}

/// Polls the chain under a root; returns the leaf that waits, or `None` if the root has ended.
///
/// # Safety
/// The caller owns the root, which is suspended, in the world of futures.
pub(crate) unsafe fn poll_under(root: NonNull<Header>, context: &mut Context<'_>) -> Option<NonNull<Header>> {
    // SAFETY: S2: caller's contract. Tests: tests/attacks.rs, tests/tasks_stack.rs.
    unsafe { run_under(root, |leaf| drive::run_polled(leaf, context)) }
}

/// Runs the chain under a root, by `run` from its leaf; returns the leaf that waits, or `None` if the root has ended.
///
/// # Safety
/// The caller owns the root, which is suspended; `run` runs it in its world.
#[inline]
unsafe fn run_under(
    root: NonNull<Header>,
    run: impl FnOnce(NonNull<Header>) -> Option<NonNull<Header>>,
) -> Option<NonNull<Header>> {
    // SAFETY: S2: caller's contract. In the worlds that are resumed or polled, frames stay until their owner goes, so
    // the last one is alive. Tests: tests/attacks.rs, tests/stack.rs.
    unsafe {
        let leaf = leaf_under(root);
        root.as_ref().link.set(None);
        link_leaf(root, run(leaf))
    }
}

/// Links the root to its leaf, which waits now; returns that.
///
/// # Safety
/// The root is alive.
#[inline]
pub(crate) unsafe fn link_leaf(root: NonNull<Header>, leaf: Option<NonNull<Header>>) -> Option<NonNull<Header>> {
    if leaf != Some(root) {
        // SAFETY: S2: caller's contract. Test: tests/delegation.rs.
        unsafe { root.as_ref() }.link.set(leaf);
    }
    leaf
}

/// The innermost coroutine that the root of a chain waits for, or it.
///
/// # Safety
/// The root is alive and suspended.
#[inline]
pub(crate) unsafe fn leaf_under(root: NonNull<Header>) -> NonNull<Header> {
    // SAFETY: S2: caller's contract. What is linked is its leaf, or a visitor that was leaked, which is never freed.
    // Tests: tests/async_generator_leaking.rs, tests/async_delegation.rs.
    unsafe {
        let linked = root.as_ref().link.get().unwrap_or(root);
        // Most leaves wait for no coroutine.
        if linked.as_ref().state.is_calling() { leaf_of_waiting(root, linked) } else { linked }
    }
}

/// # Safety
/// As for [`leaf_under`]; `linked` is what the root is linked to, or it.
#[cold]
unsafe fn leaf_of_waiting(root: NonNull<Header>, linked: NonNull<Header>) -> NonNull<Header> {
    // SAFETY: S2: as there.
    unsafe {
        let state = &linked.as_ref().state;
        if linked == root {
            // What has yielded in its place, if that was the last to run.
            state.relay().map_or(root, |first| first.as_ref().innermost())
        } else if state.callee() == Some(root) {
            innermost(root)
        } else {
            linked
        }
    }
}

/// Walks down to the leaf.
///
/// # Safety
/// The frame at `caller` is alive, and suspended or done.
pub(crate) unsafe fn innermost(caller: NonNull<Header>) -> NonNull<Header> {
    let mut leaf = caller;
    // SAFETY: S2: the callee of a suspended caller is alive. Test: tests/async_generator.rs.
    while let Some(callee) = unsafe { leaf.as_ref() }.state.callee() {
        leaf = callee;
    }
    leaf
}

#[cold]
fn resumed_after_end(name: &str) -> ! {
    panic!("coroutine `{name}` was resumed after its end")
}

impl<'a, P: 'a> Drop for CoroutineHandle<'a, P> {
    #[inline]
    fn drop(&mut self) {
        if self.is_lent() {
            return;
        }
        // SAFETY: S2: the handle is the owner of a frame that is off the stack; a callee's body has been destroyed
        // before, or has ended, when its caller drops its handle. Tests: tests/attacks.rs, tests/stack.rs.
        unsafe {
            if self.header().state.is_done() {
                (self.header().vtable.release)(self.frame);
            } else {
                destroy_root(self.frame);
            }
        }
    }
}

/// Destroys a root with all that it calls, and its promise.
///
/// # Safety
/// The caller owns the root, which is off the stack, and gives it up.
pub(crate) unsafe fn destroy_root(root: NonNull<Header>) {
    // SAFETY: S2: caller's contract. Tests: tests/attacks.rs, tests/stack.rs.
    unsafe {
        let header = root.as_ref();
        let release = header.vtable.release;
        let _released_last = Finally::new(|| release(root));
        if !header.state.is_done() {
            let leaf = leaf_under(root);
            header.link.set(None);
            drive::destroy_all(drive::own_leaf(leaf, root));
        }
    }
}

/// Makes a root of a coroutine that its owner lends again: whoever had called it and was leaked waits no longer.
///
/// # Safety
/// The caller owns the coroutine, which is off the stack.
pub(crate) unsafe fn lend_root(root: NonNull<Header>) {
    // SAFETY: S2: a caller that was leaked is never freed; one that was destroyed had destroyed this one before. Test:
    // tests/in_place_leaking.rs.
    unsafe {
        let header = root.as_ref();
        let leaf = if header.state.is_done() { root } else { leaf_under(root) };
        header.link.set((leaf != root).then_some(leaf));
    }
}

impl<'a, P: Promise + 'a> fmt::Debug for CoroutineHandle<'a, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CoroutineHandle").field(&self.whereabouts()).finish()
    }
}
