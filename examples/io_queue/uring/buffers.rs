//! Buffers the kernel chooses from when there is something to receive: so one that waits needs none.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;
use io_uring::{Submitter, cqueue};

use super::super::buffer::{Blank, Pool};

/// As many buffers are in the ring at most, a power of two.
const ROOM: u16 = 1024;
/// As many are there from the start. There will be as many as are ever received into at once.
const AT_FIRST: u16 = 16;

/// The ring that the kernel takes them from, and the buffers in it.
pub(super) struct Buffers {
    group: u16,
    ring: NonNull<BufRingEntry>,
    tail: u16,
    provided: Vec<Option<Blank>>,
    /// Which of those are `None`.
    vacant: Vec<u16>,
    pool: Rc<Pool>,
}

impl Buffers {
    const LAYOUT: Layout = match Layout::from_size_align(size_of::<BufRingEntry>() * ROOM as usize, 4096) {
        Ok(layout) => layout,
        Err(_) => panic!("a page and some more"),
    };

    /// A group of buffers, each of which is a block of the pool.
    pub(super) fn register(kernel: &Submitter<'_>, group: u16, pool: Rc<Pool>) -> io::Result<Self> {
        // SAFETY: the layout is not empty. Test: any that receives.
        let Some(ring) = NonNull::new(unsafe { alloc_zeroed(Self::LAYOUT) }) else {
            handle_alloc_error(Self::LAYOUT);
        };
        let provided = (0..ROOM).map(|_| None).collect();
        let mut buffers = Self { group, ring: ring.cast(), tail: 0, provided, vacant: (0..ROOM).collect(), pool };
        // SAFETY: the ring is as large as we say, zeroed, and aligned to a page; it is freed after the kernel's side of it is
        // closed, for it comes after it in `Uring`. Test: any that receives.
        unsafe { kernel.register_buf_ring_with_flags(buffers.ring.as_ptr() as u64, ROOM, group, 0)? };
        for _ in 0..AT_FIRST {
            buffers.provide_one();
        }
        Ok(buffers)
    }

    /// The name of the group.
    pub(super) fn group(&self) -> u16 {
        self.group
    }

    pub(super) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    /// Puts everything back that was received and read.
    pub(super) fn refill(&mut self) {
        while let Some(id) = self.vacant.pop() {
            let Some(blank) = self.pool.take_unused() else {
                self.vacant.push(id);
                break;
            };
            self.provide(id, blank);
        }
        self.publish();
    }

    /// One more, if there is room.
    pub(super) fn provide_one(&mut self) {
        if let Some(id) = self.vacant.pop() {
            let blank = self.pool.take();
            self.provide(id, blank);
            self.publish();
        }
    }

    /// One more, which the kernel sees when it is [published](Self::publish).
    #[inline(always)]
    fn provide(&mut self, id: u16, mut blank: Blank) {
        let bytes = blank.bytes();
        let index = usize::from(self.tail % ROOM);
        // SAFETY: within the ring, and not the kernel's: it has taken the buffer out that was there before, for there are never
        // more buffers than room. Test: any that receives; tests/io_sockets.rs has them go round.
        let entry = unsafe { self.ring.add(index).as_mut() };
        entry.set_addr(bytes.as_mut_ptr() as u64);
        entry.set_len(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        entry.set_bid(id);
        self.provided[usize::from(id)] = Some(blank);
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&self) {
        // SAFETY: the tail is a field of the first entry that nothing else uses, and the kernel only reads it. Test: as above.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.ring.as_ptr()).cast_mut()) };
        // What is written above, the kernel sees with it.
        tail.store(self.tail, Ordering::Release);
    }

    /// The buffer that the kernel has chosen for an answer, if any, whether it has filled it or not.
    pub(super) fn taken(&mut self, answer: &cqueue::Entry) -> Option<Blank> {
        let id = cqueue::buffer_select(answer.flags())?;
        self.vacant.push(id);
        let blank = self.provided[usize::from(id)].take();
        Some(blank.expect("the kernel chooses from what it was given"))
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated in `register`, with this layout. Test: any, under LeakSanitizer.
        unsafe { dealloc(self.ring.as_ptr().cast(), Self::LAYOUT) };
    }
}
