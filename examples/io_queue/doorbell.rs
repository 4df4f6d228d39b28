//! Wake-ups from other threads.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Wake, Waker};

use super::backend::Backend;
use super::request::{Job, What};
use super::slot::{Key, Slots};
use super::socket::Socket;

/// Wakes the queue: a flag, and a byte in a stream for a queue that sleeps in the kernel.
pub(super) struct Doorbell {
    button: Arc<Button>,
    bell: Rc<Socket>,
    listening: Cell<Option<Key>>,
}

/// The waker.
struct Button {
    rung: AtomicBool,
    asleep: AtomicBool,
    stream: UnixStream,
}

impl Doorbell {
    pub(super) fn new(adopt: impl FnOnce(OwnedFd) -> io::Result<Rc<Socket>>) -> io::Result<Self> {
        let (stream, bell) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let button = Arc::new(Button { rung: AtomicBool::new(false), asleep: AtomicBool::new(false), stream });
        Ok(Self { button, bell: adopt(bell.into())?, listening: Cell::new(None) })
    }

    pub(super) fn waker(&self) -> Waker {
        self.button.clone().into()
    }

    /// Whether it has rung since the last time.
    pub(super) fn has_rung(&self) -> bool {
        self.button.rung.swap(false, SeqCst)
    }

    /// Has the kernel wait for the byte, if it does not do so already.
    pub(super) fn listen(&self, slots: &mut Slots, backend: &mut Backend) {
        if let Some(key) = self.listening.get()
            && slots.running(key).is_some()
        {
            return;
        }
        let key = slots.insert_internal(Job::on(What::Recv, self.bell.clone()));
        self.listening.set(Some(key));
        backend.start(slots, key, What::Recv);
    }

    /// Runs `sleep` with whether it may block, which it may not if the bell has rung. From then on ringing writes the
    /// byte.
    pub(super) fn sleep<T>(&self, sleep: impl FnOnce(bool) -> T) -> T {
        self.button.asleep.store(true, SeqCst);
        // It looks at one flag after setting the other, and so does whoever rings: one of the two sees the other's.
        let slept = sleep(!self.button.rung.load(SeqCst));
        self.button.asleep.store(false, SeqCst);
        slept
    }
}

impl Wake for Button {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, SeqCst) && self.asleep.load(SeqCst) {
            // If the stream is full, there is a byte in it.
            let _ = (&self.stream).write(&[0]);
        }
    }
}
