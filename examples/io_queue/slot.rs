//! Slots: what an operation owns while the kernel works on it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::ops::{Deref, DerefMut};
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
    ending: Ending,
    stage: Stage,
    /// Who will take the answer, while there is none. Without such a one nobody wants it.
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
    /// The kernel is done, and the one who waited has not taken the answer yet.
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
    lists: Lists,
}

#[derive(Default)]
struct Lists {
    free: Vec<u32>,
    /// Those who waited for what is finished, in this order. Some may have been destroyed since.
    arrived: VecDeque<Waiter>,
    deadlines: BTreeSet<(Instant, Key)>,
    /// How many wait in slots.
    waiting: usize,
    /// How many slots are not used any more.
    retired: usize,
}

/// An operation that the kernel works on: what it owns, and the way to finish it.
pub(super) struct Running<'a> {
    slot: &'a mut Slot,
    key: Key,
    lists: &'a mut Lists,
}

impl Slots {
    /// A slot for an operation that somebody waits for.
    #[inline]
    pub(super) fn insert<A: Ask>(&mut self, ask: A, waiter: Waiter, mut limit: Option<Duration>) -> Key {
        let Running { slot, key, lists } = self.occupy();
        slot.job.what = A::WHAT;
        ask.fill(&mut slot.job, &mut limit);
        slot.waiter = Some(waiter);
        lists.waiting += 1;
        // One that is too far away never comes.
        if let Some(deadline) = limit.and_then(|limit| Instant::now().checked_add(limit)) {
            slot.deadline = Some(deadline);
            lists.deadlines.insert((deadline, key));
        }
        key
    }

    /// A slot for an operation of the queue's own. Once finished, it is free.
    pub(super) fn insert_internal(&mut self, job: Job) -> Key {
        let Running { slot, key, .. } = self.occupy();
        slot.job = job;
        key
    }

    #[inline]
    fn occupy(&mut self) -> Running<'_> {
        let index = self.lists.free.pop().unwrap_or_else(|| self.grow());
        let slot = &mut self.slots[index as usize];
        (slot.ending, slot.stage) = (Ending::No, Stage::Running);
        let key = Key { index, generation: slot.generation };
        Running { slot, key, lists: &mut self.lists }
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 operations at once");
        self.slots.push(Slot {
            generation: 0,
            ending: Ending::No,
            stage: Stage::Free,
            waiter: None,
            deadline: None,
            job: Job::new(What::Sleep),
        });
        index
    }

    /// What the kernel works on; `None` if it has answered already.
    #[inline]
    pub(super) fn running(&mut self, key: Key) -> Option<Running<'_>> {
        let slot = self.slots.get_mut(key.index()).filter(|slot| slot.is(key))?;
        matches!(slot.stage, Stage::Running).then_some(Running { slot, key, lists: &mut self.lists })
    }

    /// The kernel has answered, if it has not done so before.
    #[cold]
    pub(super) fn finish(&mut self, key: Key, answer: Result<usize, Errno>) {
        if let Some(running) = self.running(key) {
            running.finish(answer);
        }
    }

    /// The next coroutine whose operation is finished.
    #[inline]
    pub(super) fn next_arrived(&mut self) -> Option<Waiter> {
        self.lists.arrived.pop_front()
    }

    /// The answer, if it is there, as `read` understands it. The slot is then free.
    #[inline]
    pub(super) fn take_answer<T>(
        &mut self,
        key: Key,
        read: impl FnOnce(usize, &mut Job) -> T,
    ) -> Option<io::Result<T>> {
        let slot = self.slots.get_mut(key.index()).filter(|slot| slot.is(key))?;
        let Stage::Finished(answer) = slot.stage else { return None };
        let answer = match answer {
            Ok(number) => Ok(read(number, &mut slot.job)),
            Err(Errno::CANCELED) if slot.ending == Ending::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            Err(error) => Err(error.into()),
        };
        slot.free(key, &mut self.lists);
        Some(answer)
    }

    /// Nobody wants the answer any more. If the kernel still works on it, it is the caller's to tell the kernel; and to
    /// drop the one who waits when the slots are no longer borrowed: that may run destructors that come back here.
    pub(super) fn abandon(&mut self, key: Key) -> (Option<Waiter>, bool) {
        if let Some(Running { slot, key, lists }) = self.running(key) {
            let must_cancel = slot.ending == Ending::No;
            slot.ending = Ending::Cancelled;
            slot.forget_deadline(key, lists);
            let waiter = slot.waiter.take();
            lists.waiting -= usize::from(waiter.is_some());
            return (waiter, must_cancel);
        }
        let _ = self.take_answer(key, |_, _| ());
        (None, false)
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
        let running = self.slots.iter().filter_map(|slot| {
            let limit = slot.deadline.map(|deadline| deadline.saturating_duration_since(now));
            slot.waiter.as_ref().map(|waiter| Parked::new(Some(&slot.job), limit, waiter))
        });
        let arrived = self.lists.arrived.iter().filter(|waiter| !waiter.is_done());
        running.chain(arrived.map(|waiter| Parked::new(None, None, waiter))).collect()
    }

    /// How many slots are in use.
    pub(super) fn live(&self) -> usize {
        self.slots.len() - self.lists.free.len() - self.lists.retired
    }

    /// Whether a coroutine waits.
    pub(super) fn is_awaited(&self) -> bool {
        self.lists.waiting > 0 || self.has_arrived()
    }

    /// Whether a coroutine can go on.
    pub(super) fn has_arrived(&self) -> bool {
        !self.lists.arrived.is_empty()
    }

    /// When the next operation runs out of time.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.lists.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// An operation whose time is over. A sleep has ended as it should; any other is the caller's to cancel.
    pub(super) fn next_overdue(&mut self, now: Instant) -> Option<Key> {
        let (deadline, key) = *self.lists.deadlines.first()?;
        if deadline > now {
            return None;
        }
        let slot = &mut self.slots[key.index()];
        slot.forget_deadline(key, &mut self.lists);
        slot.ending = Ending::TimedOut;
        Some(key)
    }
}

impl Slot {
    #[inline]
    fn is(&self, key: Key) -> bool {
        self.generation == key.generation
    }

    /// From now on its key means nothing.
    #[inline(always)]
    fn free(&mut self, key: Key, lists: &mut Lists) {
        self.stage = Stage::Free;
        (self.job.socket, self.job.data) = (None, None);
        match self.generation.checked_add(1) {
            Some(next) => {
                self.generation = next;
                lists.free.push(key.index);
            }
            // One with an old key would take the next operation for its own. The slot has served long enough.
            None => lists.retired += 1,
        }
    }

    #[inline(never)]
    fn forget_deadline(&mut self, key: Key, lists: &mut Lists) {
        if let Some(deadline) = self.deadline.take() {
            lists.deadlines.remove(&(deadline, key));
        }
    }
}

impl Running<'_> {
    /// Whether the operation is to go on if it has to be started again.
    pub(super) fn goes_on(&self) -> bool {
        self.slot.ending == Ending::No
    }

    /// The kernel has answered, and uses nothing of the operation any more.
    // Each operation comes here once, but from so many places that it would not be inlined.
    #[inline(always)]
    pub(super) fn finish(self, answer: Result<usize, Errno>) {
        let Self { slot, key, lists } = self;
        if slot.deadline.is_some() {
            slot.forget_deadline(key, lists);
        }
        let Some(waiter) = slot.waiter.take() else { return slot.free(key, lists) };
        slot.stage = Stage::Finished(answer);
        slot.job.let_go(answer.is_err());
        lists.waiting -= 1;
        lists.arrived.push_back(waiter);
    }
}

impl Deref for Running<'_> {
    type Target = Job;

    #[inline]
    fn deref(&self) -> &Job {
        &self.slot.job
    }
}

impl DerefMut for Running<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Job {
        &mut self.slot.job
    }
}

/// What an operation that was cancelled ends with.
pub(super) fn cancelled() -> io::Error {
    Errno::CANCELED.into()
}
