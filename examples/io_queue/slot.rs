//! Slots: what an operation owns while the kernel works on it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::parked::Parked;
use super::request::{Ask, Job, What};
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
    stage: Stage,
    waiter: Option<Waiter>,
    deadline: Option<Instant>,
    /// Nothing is in it if the slot is free.
    job: Job,
}

#[derive(Clone, Copy)]
enum Stage {
    Free,
    /// The kernel may use whatever the job owns.
    Running,
    /// The kernel is done; whoever awaits it has not taken the answer yet.
    Finished(Result<usize, Errno>),
}

/// Whether an operation is to end before it is done.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    No,
    Cancelled,
    TimedOut,
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
    pub(super) fn insert<A: Ask>(&mut self, ask: A, waiter: Waiter, mut limit: Option<Duration>) -> Key {
        let (key, slot) = self.occupy(true);
        ask.fill(&mut slot.job, &mut limit);
        slot.waiter = Some(waiter);
        // One that is too far away never comes.
        if let Some(deadline) = limit.and_then(|limit| Instant::now().checked_add(limit)) {
            slot.deadline = Some(deadline);
            self.deadlines.insert((deadline, key));
        }
        self.waiting += 1;
        key
    }

    /// A slot for an operation of the queue's own. Once finished, it stays until it is taken if `wanted`, else it is
    /// free.
    pub(super) fn insert_internal(&mut self, job: Job, wanted: bool) -> Key {
        let (key, slot) = self.occupy(wanted);
        slot.job = job;
        key
    }

    #[inline]
    fn occupy(&mut self, wanted: bool) -> (Key, &mut Slot) {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let slot = &mut self.slots[index as usize];
        (slot.wanted, slot.ending, slot.stage) = (wanted, Ending::No, Stage::Running);
        (Key { index, generation: slot.generation }, slot)
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 operations at once");
        self.slots.push(Slot {
            generation: 0,
            wanted: false,
            ending: Ending::No,
            stage: Stage::Free,
            waiter: None,
            deadline: None,
            job: Job::new(What::Sleep),
        });
        index
    }

    #[inline]
    fn get(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots.get_mut(key.index()).filter(|slot| slot.generation == key.generation)
    }

    /// Frees the slot. From now on its key means nothing.
    #[inline]
    fn free(&mut self, key: Key) {
        let slot = &mut self.slots[key.index()];
        slot.stage = Stage::Free;
        (slot.job.socket, slot.job.data) = (None, None);
        match slot.generation.checked_add(1) {
            Some(next) => {
                slot.generation = next;
                self.free.push(key.index);
            }
            // One with an old key would take the next operation for its own. The slot has served long enough.
            None => self.retired += 1,
        }
    }

    /// What the kernel works on; `None` if it has answered already.
    #[inline]
    pub(super) fn running(&mut self, key: Key) -> Option<&mut Job> {
        let slot = self.get(key)?;
        matches!(slot.stage, Stage::Running).then_some(&mut slot.job)
    }

    /// Whether the operation is to go on if it has to be started again.
    pub(super) fn goes_on(&mut self, key: Key) -> bool {
        self.get(key).is_some_and(|slot| matches!(slot.stage, Stage::Running) && slot.ending == Ending::No)
    }

    /// The kernel has answered, and uses nothing of the operation any more.
    // Each operation comes here once, but from so many places that it would not be inlined.
    #[inline(always)]
    pub(super) fn finish(&mut self, key: Key, answer: Result<usize, Errno>) {
        let Some(slot) = self.get(key) else { return };
        let Stage::Running = slot.stage else { return };
        slot.stage = Stage::Finished(answer);
        slot.job.let_go(answer.is_err());
        let (wanted, awaited) = (slot.wanted, slot.waiter.is_some());
        if slot.deadline.is_some() {
            self.forget_deadline(key);
        }
        if awaited {
            self.arrived.push_back(key);
        } else if !wanted {
            self.free_unwanted(key);
        }
    }

    #[cold]
    fn free_unwanted(&mut self, key: Key) {
        self.free(key);
    }

    #[inline(never)]
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

    /// The answer, if it is there, as `read` understands it. The slot is then free.
    ///
    /// If the one who waits for it was not resumed for it, it is put into `waiter`, to be dropped when the slots are no
    /// longer borrowed: it may run destructors that come back here.
    #[inline]
    pub(super) fn take_answer<T>(
        &mut self,
        key: Key,
        waiter: &mut Option<Waiter>,
        read: impl FnOnce(usize, &mut Job) -> T,
    ) -> Option<io::Result<T>> {
        let slot = self.get(key)?;
        let Stage::Finished(answer) = slot.stage else { return None };
        let answer = match answer {
            Ok(number) => Ok(read(number, &mut slot.job)),
            Err(Errno::CANCELED) if slot.ending == Ending::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            Err(error) => Err(error.into()),
        };
        if slot.waiter.is_some() {
            *waiter = slot.waiter.take();
            self.waiting -= 1;
        }
        self.free(key);
        Some(answer)
    }

    /// Nobody wants the answer any more. If the kernel still works on it, it is the caller's to tell the kernel; and to
    /// drop the one who waits, as above.
    pub(super) fn abandon(&mut self, key: Key) -> (Option<Waiter>, bool) {
        let Some(slot) = self.get(key) else { return (None, false) };
        let waiter = slot.waiter.take();
        let mut must_cancel = false;
        match slot.stage {
            // One that has served long enough keeps its last generation.
            Stage::Free => {}
            Stage::Running => {
                must_cancel = slot.ending == Ending::No;
                (slot.wanted, slot.ending) = (false, Ending::Cancelled);
                self.forget_deadline(key);
            }
            Stage::Finished(_) => self.free(key),
        }
        self.waiting -= usize::from(waiter.is_some());
        (waiter, must_cancel)
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
            let job = matches!(slot.stage, Stage::Running).then_some(&slot.job);
            let limit = slot.deadline.map(|deadline| deadline.saturating_duration_since(now));
            slot.waiter.as_ref().map(|waiter| Parked::new(job, limit, waiter))
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
    Errno::CANCELED.into()
}
