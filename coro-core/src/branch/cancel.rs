//! Walking down from a caller, to destroy those that it does not wait for any more.
//!
//! A coroutine that is suspended is destroyed, leaf first; what is still out there, its continuation, may only release
//! memory from then on. One that is *busy*, on the stack below the very code that cancels it, or about to be, goes on
//! to its next suspension. The turn that runs it was told, and looks there whether to destroy it ([`cancelled`]). Its
//! group waits for it.

use core::ptr::NonNull;

use super::{Branch, Group, keep_panic};
use crate::drive::destroy_all;
use crate::frame::{Header, Kind};
use crate::panic::catch;
use crate::scope;
use crate::state::Found;

/// Where the coroutines under a frame wait.
enum Leaf {
    /// This one is suspended, and claimed.
    Parked(NonNull<Header>),
    Group(NonNull<Group>),
    /// On the stack, or on its way to whoever waits for it. If it suspends it is seen by [`cancelled`].
    Busy,
}

/// # Safety
/// The frame at `root` is alive and stays on its thread, and what is under it is to be destroyed.
unsafe fn leaf(root: NonNull<Header>) -> Leaf {
    let mut frame = root;
    loop {
        // SAFETY: S2: the callee of a suspended caller is alive. Test: tests/together.rs.
        let header = unsafe { frame.as_ref() };
        if header.vtable.kind == Kind::Starter {
            return Leaf::Group(frame.cast());
        }
        match header.state.cancel() {
            Found::Calling(callee) => frame = callee,
            Found::Parked => return Leaf::Parked(frame),
            Found::Busy => return Leaf::Busy,
        }
    }
}

/// The next one to destroy in a group whose branches are cancelled: the leaf of one, also of a group inside. `None` if
/// those that are left are busy.
///
/// # Safety
/// The group at `cancelled` is local, alive, and its frame will not run on before all branches are gone.
pub(super) unsafe fn victim(cancelled: NonNull<Group>) -> Option<NonNull<Header>> {
    let mut group = cancelled;
    loop {
        // SAFETY: S2: a group is alive while it has a branch that has not arrived. Test: tests/together.rs.
        unsafe {
            let this = group.as_ref();
            let Some(branch) = this.branches.get(this.cursor.get()) else {
                if group == cancelled {
                    return None;
                }
                group = this.outer.get().expect("it was left for this one");
                continue;
            };
            this.cursor.set(branch.index + 1);
            // One that has not been started never is: the starter will see that it need not.
            if branch.arrived.get() || branch.index >= this.started.get() {
                continue;
            }
            match leaf(branch.coroutine) {
                Leaf::Parked(leaf) => return Some(leaf),
                Leaf::Group(inner) => {
                    inner.as_ref().doom();
                    inner.as_ref().outer.set(Some(group));
                    group = inner;
                }
                Leaf::Busy => {}
            }
        }
    }
}

/// The leaf to destroy, if a coroutine that suspends was cancelled while it was busy.
///
/// # Safety
/// The chain at `current` is alive, suspended, and stays on its thread.
pub(crate) unsafe fn cancelled(current: NonNull<Header>) -> Option<NonNull<Header>> {
    // SAFETY: S2: the callers of a suspended coroutine are alive, and so are the groups they are in. Test:
    // tests/together_busy.rs.
    unsafe {
        let mut top = None;
        let mut root = root(current);
        loop {
            root = match root.as_ref().vtable.kind {
                Kind::Branch => {
                    let group = root.cast::<Branch>().as_ref().group.as_ref();
                    if group.is_doomed() || group.decided.get().is_some() {
                        top = Some(root);
                    }
                    self::root(group.frame)
                }
                Kind::Member => {
                    if scope::is_cancelled(root) {
                        top = Some(root);
                    }
                    break;
                }
                Kind::Coroutine | Kind::Starter => break,
            };
        }
        let top = top?;
        let mut root = self::root(current);
        while root != top {
            let group = root.cast::<Branch>().as_ref().group.as_ref();
            group.doom();
            root = self::root(group.frame);
        }
        first_victim(current)
    }
}

/// The group that has to hear of a panic in the chain at `leaf`, should that be destroyed: the outermost one that waits
/// for it to be gone, in order to go on.
///
/// # Safety
/// As for [`cancelled`], or the chain may change threads.
pub(crate) unsafe fn clearing(leaf: NonNull<Header>) -> Option<NonNull<Group>> {
    let mut clearing = None;
    // SAFETY: S2: as above.
    unsafe {
        let mut root = root(leaf);
        while root.as_ref().vtable.kind == Kind::Branch {
            let group = root.cast::<Branch>().as_ref().group;
            if !group.as_ref().shared && group.as_ref().decided.get().is_some() && !group.as_ref().is_doomed() {
                clearing = Some(group);
            }
            root = self::root(group.as_ref().frame);
        }
    }
    clearing
}

/// The first frame to destroy of all that is under a frame that was cancelled; the rest follows when that is destroyed.
/// `None` if it is busy.
///
/// # Safety
/// As for [`leaf`].
pub(crate) unsafe fn first_victim(root: NonNull<Header>) -> Option<NonNull<Header>> {
    // SAFETY: caller's contract.
    unsafe {
        match leaf(root) {
            Leaf::Parked(leaf) => Some(leaf),
            Leaf::Group(group) => {
                group.as_ref().doom();
                victim(group)
            }
            Leaf::Busy => None,
        }
    }
}

/// # Safety
/// The chain at `leaf` is alive.
unsafe fn root(leaf: NonNull<Header>) -> NonNull<Header> {
    let mut root = leaf;
    // SAFETY: caller's contract.
    while let Some(caller) = unsafe { root.as_ref() }.link.get() {
        root = caller;
    }
    root
}

/// Destroys the branches that are left, all of them even if one panics.
///
/// # Safety
/// The group at `group` is local, and its frame is on the stack.
pub(super) unsafe fn clear(group: NonNull<Group>) {
    // SAFETY: S2: caller's contract. Tests: tests/together.rs, tests/together_panics.rs.
    unsafe {
        while let Some(leaf) = victim(group) {
            if let Err(panic) = catch(|| destroy_all(leaf), || clear(group)) {
                keep_panic(group, panic);
            }
        }
    }
}
