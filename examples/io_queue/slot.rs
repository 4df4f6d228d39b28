//! Slots: what an operation owns while the kernel works on it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::Instant;

use super::operation::{Answer, Request};
use super::parked::Parked;
use super::waiter::Waiter;

/// The name of a slot. The generation tells its operations apart, so a late answer cannot reach a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    pub(super) fn index(self) -> usize {
        self.index as usize
    }

    pub(super) fn to_u64(self) -> u64 {
        u64::from(self.index) << 32 | u64::from(self.generation)
    }

    #[expect(clippy::cast_possible_truncation, reason = "its two halves")]
    pub(super) fn from_u64(key: u64) -> Self {
        Self { index: (key >> 32) as u32, generation: key as u32 }
    }
}

struct Slot {
    generation: u32,
    /// Whether somebody will take the answer.
    wanted: bool,
    ending: Ending,
    waiter: Option<Waiter>,
    deadline: Option<Instant>,
    stage: Stage,
}

enum Stage {
    Free,
    /// The kernel may use whatever the request owns.
    Running(Request),
    /// The kernel is done; whoever awaits it has not taken the answer yet.
    Finished(io::Result<Answer>),
}

/// Whether an operation is to end before it is done.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    No,
    Cancelled,
    TimedOut,
}

/// What is left when the awaiter of a slot goes. It is to be dropped when the slots are no longer borrowed, for it may run
/// destructors that come back here.
#[derive(Default)]
pub(super) struct Leftover {
    _waiter: Option<Waiter>,
    _stage: Option<Stage>,
}

/// All slots of a queue.
#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Finished, in this order, and not resumed yet.
    arrived: VecDeque<Key>,
    deadlines: BTreeSet<(Instant, Key)>,
    waiting: usize,
    /// How many slots are not used any more.
    retired: usize,
}

impl Slots {
    /// A slot for an operation that somebody waits for.
    #[inline]
    pub(super) fn insert(&mut self, request: Request, waiter: Waiter, deadline: Option<Instant>) -> Key {
        self.waiting += 1;
        let key = self.occupy(request, true);
        let slot = &mut self.slots[key.index()];
        slot.waiter = Some(waiter);
        if let Some(deadline) = deadline {
            slot.deadline = Some(deadline);
            self.deadlines.insert((deadline, key));
        }
        key
    }

    /// A slot for an operation of the queue's own. Once finished, it stays until it is taken if `wanted`, else it is free.
    pub(super) fn insert_internal(&mut self, request: Request, wanted: bool) -> Key {
        self.occupy(request, wanted)
    }

    #[inline]
    fn occupy(&mut self, request: Request, wanted: bool) -> Key {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let slot = &mut self.slots[index as usize];
        (slot.wanted, slot.ending, slot.stage) = (wanted, Ending::No, Stage::Running(request));
        Key { index, generation: slot.generation }
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 operations at once");
        let (generation, waiter, deadline) = (0, None, None);
        self.slots.push(Slot { generation, wanted: false, ending: Ending::No, waiter, deadline, stage: Stage::Free });
        index
    }

    #[inline]
    fn get(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots.get_mut(key.index()).filter(|slot| slot.generation == key.generation)
    }

    /// Frees the slot. From now on its key means nothing.
    #[inline]
    fn free(&mut self, key: Key) -> Stage {
        let slot = &mut self.slots[key.index()];
        match slot.generation.checked_add(1) {
            Some(next) => {
                slot.generation = next;
                self.free.push(key.index);
            }
            // One with an old key would take the next operation for its own. The slot has served long enough.
            None => self.retired += 1,
        }
        std::mem::replace(&mut slot.stage, Stage::Free)
    }

    /// What the kernel works on; `None` if it has answered already.
    #[inline]
    pub(super) fn request(&mut self, key: Key) -> Option<&mut Request> {
        match &mut self.get(key)?.stage {
            Stage::Running(request) => Some(request),
            _ => None,
        }
    }

    /// Whether the operation is to go on if it has to be started again.
    pub(super) fn goes_on(&mut self, key: Key) -> bool {
        self.get(key).is_some_and(|slot| matches!(slot.stage, Stage::Running(_)) && slot.ending == Ending::No)
    }

    /// The kernel has answered, and uses nothing of the operation any more.
    pub(super) fn finish(&mut self, key: Key, mut answer: io::Result<Answer>) {
        let Some(slot) = self.get(key) else { return };
        let Stage::Running(_) = slot.stage else { return };
        if slot.ending == Ending::TimedOut && answer.as_ref().is_err_and(is_cancelled) {
            answer = Err(io::ErrorKind::TimedOut.into());
        }
        let (wanted, awaited, has_deadline) = (slot.wanted, slot.waiter.is_some(), slot.deadline.is_some());
        slot.stage = Stage::Finished(answer);
        if has_deadline {
            self.forget_deadline(key);
        }
        if !wanted {
            self.free(key);
        } else if awaited {
            self.arrived.push_back(key);
        }
    }

    fn forget_deadline(&mut self, key: Key) {
        if let Some(deadline) = self.slots[key.index()].deadline.take() {
            self.deadlines.remove(&(deadline, key));
        }
    }

    /// The next coroutine whose operation is finished.
    pub(super) fn next_arrived(&mut self) -> Option<Waiter> {
        loop {
            let key = self.arrived.pop_front()?;
            // Its awaiter may have gone in the meantime.
            if let Some(slot) = self.get(key)
                && let Some(waiter) = slot.waiter.take()
            {
                self.waiting -= 1;
                return Some(waiter);
            }
        }
    }

    /// The answer, if it is there. The slot is then free.
    ///
    /// If the one who waits for it was not resumed for it, it is put into `waiter`, to be dropped as [`Leftover`]s are.
    #[inline]
    pub(super) fn take_answer(&mut self, key: Key, waiter: &mut Option<Waiter>) -> Option<io::Result<Answer>> {
        let slot = self.get(key)?;
        let Stage::Finished(_) = slot.stage else { return None };
        *waiter = slot.waiter.take();
        self.waiting -= usize::from(waiter.is_some());
        match self.free(key) {
            Stage::Finished(answer) => Some(answer),
            _ => unreachable!("looked at above"),
        }
    }

    /// Nobody wants the answer any more. If the kernel still works on it, it is the caller's to tell the kernel.
    pub(super) fn abandon(&mut self, key: Key) -> (Leftover, bool) {
        let Some(slot) = self.get(key) else { return (Leftover::default(), false) };
        let waiter = slot.waiter.take();
        let (stage, must_cancel) = match slot.stage {
            // One that has served long enough keeps its last generation.
            Stage::Free => (None, false),
            Stage::Running(_) => {
                let must_cancel = slot.ending == Ending::No;
                (slot.wanted, slot.ending) = (false, Ending::Cancelled);
                self.forget_deadline(key);
                (None, must_cancel)
            }
            Stage::Finished(_) => (Some(self.free(key)), false),
        };
        self.waiting -= usize::from(waiter.is_some());
        (Leftover { _waiter: waiter, _stage: stage }, must_cancel)
    }

    /// The keys of all slots in use.
    pub(super) fn keys(&self) -> Vec<Key> {
        let used = self.slots.iter().enumerate().filter(|(_, slot)| !matches!(slot.stage, Stage::Free));
        used.map(|(index, slot)| Key { index: u32::try_from(index).expect("as it was"), generation: slot.generation })
            .collect()
    }

    /// Those who wait.
    pub(super) fn parked(&self) -> Vec<Parked> {
        let now = Instant::now();
        let parked = |slot: &Slot| {
            let request = match &slot.stage {
                Stage::Running(request) => Some(request),
                _ => None,
            };
            let limit = slot.deadline.map(|deadline| deadline.saturating_duration_since(now));
            slot.waiter.as_ref().map(|waiter| Parked::new(request, limit, waiter))
        };
        self.slots.iter().filter_map(parked).collect()
    }

    /// How many slots are in use.
    pub(super) fn live(&self) -> usize {
        self.slots.len() - self.free.len() - self.retired
    }

    /// How many coroutines wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether a coroutine can go on.
    pub(super) fn has_arrived(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// When the next operation runs out of time.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// An operation whose time is over. A sleep has ended as it should; any other is the caller's to cancel.
    pub(super) fn next_overdue(&mut self, now: Instant) -> Option<Key> {
        let (deadline, key) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.forget_deadline(key);
        self.slots[key.index()].ending = Ending::TimedOut;
        Some(key)
    }
}

/// What an operation that was cancelled ends with.
pub(super) fn cancelled() -> io::Error {
    rustix::io::Errno::CANCELED.into()
}

fn is_cancelled(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::CANCELED)
}
