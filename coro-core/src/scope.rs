//! A place that owns detached coroutines.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::vec::{self, Vec};
use core::cell::{Cell, RefCell};
use core::fmt;
use core::ptr::NonNull;

use crate::awaiter::Awaiter;
use crate::branch::bodiless;
use crate::branch::cancel::first_victim;
use crate::call::Callee;
use crate::continuation::sealed::World as _;
use crate::continuation::{ContinuationOf, Detached, Parks};
use crate::drive::{self, Destroyed, Turn};
use crate::frame::{Header, Kind, Left, VTable};
use crate::guard::Finally;
use crate::location::{Doing, Whereabouts};
use crate::panic::{catch, discard};
use crate::promise::Promise;
use crate::trace::Traced;

/// Owns detached coroutines: starts them, waits for them, and destroys what is left of them when it is dropped.
///
/// Clones are the same scope; it is dropped with its last clone.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise, Scope, Task};
///
/// /// Where coroutines wait for the bell.
/// #[derive(Clone, Default)]
/// struct Bell(Rc<RefCell<Vec<Continuation<Detached>>>>);
///
/// impl<P: Promise<World = Detached>> Awaiter<P> for Bell {
///     type Output = ();
///     fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
///         self.0.borrow_mut().push(me);
///         None
///     }
///     fn await_resume(&mut self, _: &mut P) {}
/// }
///
/// #[coro::coroutine]
/// fn work(name: &'static str, bell: Bell) -> Task<'static, (), Detached> {
///     bell.await;
///     println!("{name} is done");
/// }
///
/// #[coro::coroutine(initial = suspend_never, final = suspend_never)]
/// fn day(scope: Scope, bell: Bell) -> FireAndForget {
///     scope.spawn(work("early", bell.clone()));
///     let late = scope.spawn(work("late", bell.clone()));
///     late.cancel();
///     scope.join().await;
///     println!("all are done");
/// }
///
/// let bell = Bell::default();
/// day(Scope::new(), bell.clone());
/// let waiting = bell.0.take();
/// waiting.into_iter().for_each(Continuation::resume); // "early is done", "all are done"
/// ```
#[derive(Clone, Default)]
pub struct Scope(Rc<Owned>);

/// Drops with the last clone of a [`Scope`]; members have the other half.
#[derive(Default)]
struct Owned(Rc<Members>);

/// Called, it gives the frame to run, if that is to be run and not woken.
type Joining = Box<dyn FnOnce() -> Option<NonNull<Header>>>;

#[derive(Default)]
struct Members {
    members: RefCell<Vec<Rc<Member>>>,
    /// Who awaits that there are none.
    joining: RefCell<VecDeque<Joining>>,
}

/// Stands for the caller of a coroutine that a scope owns.
#[repr(C)]
struct Member {
    header: Header,
    /// `None` once it has ended or was destroyed.
    coroutine: Cell<Option<NonNull<Header>>>,
    cancelled: Cell<bool>,
    scope: Rc<Members>,
    place: Cell<usize>,
}

static MEMBER: VTable = bodiless(Kind::Member, ended);

impl Scope {
    /// A scope without coroutines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a coroutine, and runs it here until it waits. What it returns is dropped.
    ///
    /// # Panics
    /// With what the coroutine panics before it waits for the first time. Later a panic goes to whoever resumed it.
    /// Either way it has left the scope.
    pub fn spawn<X>(&self, coroutine: X) -> Spawned
    where
        X: Callee<'static, Promise: Promise<World = Detached>>,
    {
        let coroutine = coroutine.into_handle().into_pointer();
        let scope = &self.0.0;
        let place = Cell::new(scope.members.borrow().len());
        let member = Rc::new(Member {
            header: Header::new(&MEMBER, Traced::nobody()),
            coroutine: Cell::new(Some(coroutine)),
            cancelled: Cell::new(false),
            scope: scope.clone(),
            place,
        });
        scope.members.borrow_mut().push(member.clone());
        let spawned = Spawned(Rc::downgrade(&member));
        // SAFETY: S2, S3: the handle was the only owner of the coroutine, which is suspended before its body, is
        // `'static`, and belongs to the member from here on, which is alive until it has ended. Test: tests/scope.rs.
        unsafe {
            if coroutine.as_ref().state.is_done() {
                member.leave().into_iter().for_each(run);
            } else {
                coroutine.as_ref().link.set(Some(member.pointer()));
                drive::run(coroutine);
            }
        }
        spawned
    }

    /// How many of its coroutines have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.0.members.borrow().len()
    }

    /// Whether none of its coroutines is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cancels all of its coroutines; see [`Spawned::cancel`]. The scope can be used again.
    pub fn cancel_all(&self) {
        self.0.0.cancel_all();
    }

    /// Waits until none of its coroutines is left.
    ///
    /// It may be awaited in the worlds [`Detached`] and [`Polled`](crate::Polled), also by several; if one of them
    /// fills the scope again, the others go on waiting. Whoever waits goes on where the last coroutine ends, or where
    /// it is cancelled.
    pub fn join(&self) -> Join {
        Join(self.0.0.clone())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing: Vec<_> = self.0.0.members.borrow().iter().filter_map(|member| member.whereabouts()).collect();
        f.write_str("Scope")?;
        f.debug_list().entries(doing).finish()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.cancel_all();
    }
}

impl Members {
    /// Cancels those that are there now, all of them even if one panics.
    fn cancel_all(&self) {
        let members: Vec<_> = self.members.borrow().iter().map(|member| Spawned(Rc::downgrade(member))).collect();
        cancel_each(&mut members.into_iter());
    }

    /// Lets those go on who wait until it is empty, as long as it is. The last one is returned, to be run on the
    /// caller's stack; the others are run here, all of them even if one panics.
    fn join(&self) -> Option<NonNull<Header>> {
        while self.members.borrow().is_empty() {
            let joining = self.joining.borrow_mut().pop_front()?;
            let frame = joining();
            if self.joining.borrow().is_empty() {
                return frame;
            }
            let rest = Finally::new(|| self.join().into_iter().for_each(run));
            frame.into_iter().for_each(run);
            rest.defuse();
        }
        None
    }
}

/// Runs what waited for a scope. In a thread that panics already, a second panic would abort: it is swallowed.
fn run(joining: NonNull<Header>) {
    let run = || {
        // SAFETY: S2: it was claimed just now, to be run. Test: tests/scope.rs.
        unsafe { drive::run(joining) };
    };
    #[cfg(feature = "std")]
    if std::thread::panicking() {
        return catch(run, || {}).unwrap_or_else(discard);
    }
    run();
}

fn cancel_each(members: &mut vec::IntoIter<Spawned>) {
    while let Some(member) = members.next() {
        let rest = Finally::new(|| cancel_each(members));
        member.cancel();
        rest.defuse();
    }
}

/// A coroutine that a [`Scope`] owns, to be cancelled from outside. Dropping this changes nothing.
#[derive(Clone)]
pub struct Spawned(Weak<Member>);

impl Spawned {
    /// Destroys the coroutine with all it waits for, leaf first. One that is on the stack goes on to its next
    /// suspension, and is destroyed there. One that has ended is left alone.
    ///
    /// # Panics
    /// With what a destructor in the coroutine panics.
    pub fn cancel(&self) {
        let Some(member) = self.0.upgrade() else { return };
        let Some(coroutine) = member.coroutine.get() else { return };
        member.cancelled.set(true);
        // SAFETY: S2, S4: the coroutine is alive until the member has left, and stays on this thread. Tests:
        // tests/scope.rs, tests/together_busy.rs.
        unsafe {
            if let Some(leaf) = first_victim(coroutine) {
                drive::destroy_chain(leaf).into_iter().for_each(run);
            }
        }
    }

    /// Whether the coroutine has ended, or was destroyed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.upgrade().is_none_or(|member| member.coroutine.get().is_none())
    }
}

impl fmt::Debug for Spawned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.upgrade().and_then(|member| member.whereabouts()) {
            Some(doing) => f.debug_tuple("Spawned").field(&doing).finish(),
            None => f.write_str("Spawned(ended)"),
        }
    }
}

impl Member {
    /// For `Debug`. `None` once the coroutine has ended.
    fn whereabouts(&self) -> Option<Whereabouts> {
        let root = self.coroutine.get()?;
        // SAFETY: S2: the coroutine is alive until the member has left, and so are those that it waits for; all stay on
        // this thread. Test: tests/debug.rs.
        unsafe {
            let mut leaf = root.as_ref();
            while let Some(callee) = leaf.state.callee()
                && callee.as_ref().vtable.kind == Kind::Coroutine
            {
                leaf = callee.as_ref();
            }
            let leaf = (NonNull::from(leaf) != root).then(|| Doing::of(leaf));
            Some(Whereabouts { root: Doing::of(root.as_ref()), leaf })
        }
    }

    fn pointer(self: &Rc<Self>) -> NonNull<Header> {
        NonNull::new(Rc::as_ptr(self).cast_mut().cast()).expect("it is no null pointer")
    }

    /// Its coroutine has ended: gives it up, and leaves the scope. Returns who is to be run now.
    fn leave(&self) -> Option<NonNull<Header>> {
        let coroutine = self.coroutine.take()?;
        // SAFETY: S2: the member owns the coroutine, and its body is gone. Test: tests/scope.rs.
        let release = || unsafe { (coroutine.as_ref().vtable.release)(coroutine) };
        match catch(release, || self.left().into_iter().for_each(run)) {
            Ok(()) => self.left(),
            Err(panic) => {
                self.left().into_iter().for_each(run);
                crate::panic::resume(panic)
            }
        }
    }

    /// Is no member any more. Returns who is to be run now.
    fn left(&self) -> Option<NonNull<Header>> {
        let mut members = self.scope.members.borrow_mut();
        let place = self.place.get();
        let _this = members.swap_remove(place);
        if let Some(moved) = members.get(place) {
            moved.place.set(place);
        }
        drop(members);
        self.scope.join()
    }
}

/// # Safety
/// `member` is one that has not left its scope.
unsafe fn member(member: NonNull<Header>) -> Rc<Member> {
    let member = member.cast::<Member>().as_ptr();
    // SAFETY: S2: the scope has it, and it came from `Rc::as_ptr`. Test: tests/scope.rs.
    unsafe {
        Rc::increment_strong_count(member);
        Rc::from_raw(member)
    }
}

/// # Safety
/// `current` is a member whose coroutine has ended, and `turn` has its panic.
unsafe fn ended(current: NonNull<Header>, turn: NonNull<Turn>) -> Left {
    // SAFETY: S2: caller's contract. Test: tests/scope.rs.
    let (member, panic) = unsafe { (member(current), turn.as_ref().panic.take()) };
    let Some(panic) = panic else { return Left::gone(member.leave()) };
    // It comes before what the promise panics with as it is dropped.
    match catch(|| member.leave(), || {}) {
        Ok(joining) => joining.into_iter().for_each(run),
        Err(second) => discard(second),
    }
    crate::panic::resume(panic)
}

/// The coroutine of the member at `current` was destroyed.
///
/// # Safety
/// `current` is a member that has not left its scope.
pub(crate) unsafe fn destroyed(current: NonNull<Header>) -> Destroyed {
    // SAFETY: caller's contract.
    unsafe { member(current) }.leave().map_or(Destroyed::Last, Destroyed::Run)
}

/// # Safety
/// `current` is a member that has not left its scope.
pub(crate) unsafe fn is_cancelled(current: NonNull<Header>) -> bool {
    // SAFETY: caller's contract.
    unsafe { current.cast::<Member>().as_ref() }.cancelled.get()
}

/// Waits until a scope is empty; see [`Scope::join`].
#[must_use = "awaiters do nothing unless awaited"]
pub struct Join(Rc<Members>);

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("left", &self.0.members.borrow().len()).finish()
    }
}

#[diagnostic::do_not_recommend]
impl<P: Promise<World: Parks>> Awaiter<P> for Join {
    type Output = ();

    fn await_ready(&mut self, _: &mut P) -> bool {
        self.0.members.borrow().is_empty()
    }

    fn await_suspend(&mut self, _: &mut P, continuation: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.joining.borrow_mut().push_back(Box::new(|| {
            // SAFETY: S2: `Members::join` runs it. Test: tests/scope.rs.
            unsafe { P::World::claim(Some(continuation)) }
        }));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}
