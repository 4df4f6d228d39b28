//! What the tests of the completion queue share: every test runs on each backend, and must leave nothing behind.
#![allow(dead_code)]

#[path = "../../examples/io_queue/mod.rs"]
pub mod io_queue;

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::abort;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use io_queue::{BackendKind, Connection, IoQueue, Options};

/// Makes two tests out of each function, in the modules `uring` and `poll`.
#[macro_export]
macro_rules! on_both_backends {
    ($(fn $name:ident($io:ident: &IoQueue) $body:block)+) => {
        $(fn $name($io: &IoQueue) $body)+

        mod uring {
            $(#[test] fn $name() { $crate::io_support::check($crate::io_support::io_queue::BackendKind::Uring, super::$name); })+
        }

        mod poll {
            $(#[test] fn $name() { $crate::io_support::check($crate::io_support::io_queue::BackendKind::Poll, super::$name); })+
        }
    };
}

/// The size of the buffers in these tests.
pub const BUFFER: usize = 1000;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Held by a coroutine, it is counted.
pub struct Live(());

impl Live {
    pub fn new() -> Self {
        LIVE.fetch_add(1, SeqCst);
        Self(())
    }

    /// How many there are.
    pub fn count() -> usize {
        LIVE.load(SeqCst)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, SeqCst);
    }
}

/// Runs the test on a queue with this backend, if it is to be had. Afterwards no frame and no descriptor may be left.
pub fn check(backend: BackendKind, test: fn(&IoQueue)) {
    let _one = one_at_a_time();
    let _watchdog = watchdog();

    LIVE.store(0, SeqCst);
    let before = open_files();
    let io = match IoQueue::new(Options { backend: Some(backend), buffer: BUFFER }) {
        Ok(io) => io,
        Err(error) if backend == BackendKind::Uring => return eprintln!("SKIPPED: {error}"),
        Err(error) => panic!("{error}"),
    };
    test(&io);
    io.shut_down().expect("the queue works");
    assert_eq!(Live::count(), 0, "coroutines are left");
    drop(io);
    // A thread that ends, or one that prints, may have some for a moment.
    let deadline = Instant::now() + Duration::from_secs(10);
    while open_files() > before {
        assert!(Instant::now() < deadline, "{} descriptors are left", open_files() - before);
        thread::sleep(Duration::from_millis(5));
    }
}

/// The tests count what belongs to the process, so whoever opens descriptors must hold this.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lost wake-up would hang the test for ever.
fn watchdog() -> mpsc::Sender<()> {
    let (alive, dead) = mpsc::channel();
    let name = thread::current().name().unwrap_or_default().to_owned();
    thread::spawn(move || {
        if dead.recv_timeout(Duration::from_secs(120)) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            abort();
        }
    });
    alive
}

pub fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// A connection, and its other end for the test.
pub fn pair(io: &IoQueue) -> (Connection, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    theirs.set_read_timeout(Some(Duration::from_secs(60))).expect("an open socket");
    (io.adopt(ours).expect("an open socket"), theirs)
}

/// Bytes that differ from place to place.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i % 251).expect("small")).collect()
}
