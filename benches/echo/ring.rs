//! The ring of the servers that are written by hand.

use std::collections::VecDeque;
use std::io::ErrorKind;

use io_uring::{IoUring, cqueue, squeue};

pub(crate) fn open() -> IoUring {
    let mut builder = IoUring::builder();
    builder.setup_cqsize(4096).setup_submit_all().setup_single_issuer().setup_defer_taskrun();
    builder.build(512).expect("a new kernel")
}

/// Asks for all that is in the backlog, waits, and takes the answers.
///
/// # Safety
/// What the requests point at stays until they have been answered.
pub(crate) unsafe fn turn(ring: &mut IoUring, backlog: &mut VecDeque<squeue::Entry>, answers: &mut Vec<cqueue::Entry>) {
    while let Some(entry) = backlog.pop_front() {
        // SAFETY: caller's contract. Test: none, this is a benchmark.
        while unsafe { ring.submission().push(&entry) }.is_err() {
            ring.submit().expect("the ring works");
        }
    }
    match ring.submit_and_wait(1) {
        // Whoever counts its system calls interrupts it.
        Err(error) if error.kind() == ErrorKind::Interrupted => {}
        done => assert!(done.is_ok(), "the ring works: {done:?}"),
    }
    answers.extend(ring.completion());
}
