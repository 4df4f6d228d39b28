//! The backend that hands the work to the kernel: `io_uring`.
//!
//! What a turn starts is submitted in one system call, the one that waits, and all that is finished is taken at once.

mod accepting;
mod buffers;
mod message;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{FromRawFd as _, IntoRawFd as _, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use io_uring::squeue::Flags;
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use rustix::io::Errno;

use self::accepting::Accepting;
use self::buffers::Buffers;
use self::message::Messages;
use super::backend::Backend;
use super::buffer::{IoBuf, Pool};
use super::operation::{Answer, Datagram, Request};
use super::slot::{Key, Slots, cancelled};
use super::socket::Socket;

/// As many requests fit into one submission.
const REQUESTS: u32 = 512;
/// As many answers fit into the ring; more of them wait in the kernel.
const ANSWERS: u32 = 4096;
/// The name of a request to cancel another: no slot has it.
const NOBODY: u64 = u64::MAX;
/// `IORING_RECVSEND_POLL_FIRST`: there is most likely nothing to receive yet.
const POLL_FIRST: u16 = 1;

pub(super) struct Uring {
    // Closed before the memory goes that the kernel was told of.
    ring: IoUring,
    buffers: Buffers,
    messages: Messages,
    accepting: Accepting,
    /// Requests for which the ring has no room yet, in order.
    backlog: VecDeque<squeue::Entry>,
    /// The answers of this turn; kept for its memory.
    answers: Vec<cqueue::Entry>,
}

impl Uring {
    pub(super) fn new(pool: Rc<Pool>) -> io::Result<Self> {
        let ring = build(|builder| builder.setup_single_issuer().setup_defer_taskrun())
            .or_else(|_| build(|builder| builder.setup_coop_taskrun()))?;
        if !ring.params().is_feature_nodrop() || !ring.params().is_feature_ext_arg() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // As old as accepting many connections with one request: where there is one, there is the other.
        let buffers = Buffers::register(&ring.submitter(), pool)?;
        Ok(Self {
            ring,
            buffers,
            messages: Messages::default(),
            accepting: Accepting::default(),
            backlog: VecDeque::new(),
            answers: Vec::new(),
        })
    }

    /// Hands the request of a slot to the kernel.
    fn submit(&mut self, slots: &mut Slots, key: Key) {
        let Some(request) = slots.request(key) else { return };
        let entry = match request {
            Request::Accept(_) => unreachable!("it waits for an `AcceptMany`"),
            Request::AcceptMany(listener) => {
                opcode::AcceptMulti::new(Fd(listener.raw())).flags(libc::SOCK_CLOEXEC).build()
            }
            Request::Connect(socket, address) => {
                let (address, length) = self.messages.address(key, *address);
                opcode::Connect::new(Fd(socket.raw()), address, length).build()
            }
            Request::Recv(socket) => {
                let hint = if socket.more_to_read.get() { 0 } else { POLL_FIRST };
                opcode::Recv::new(Fd(socket.raw()), std::ptr::null_mut(), 0)
                    .ioprio(hint)
                    .buf_group(buffers::GROUP)
                    .build()
                    .flags(Flags::BUFFER_SELECT)
            }
            Request::Send(socket, data) => opcode::Send::new(Fd(socket.raw()), data.as_ptr(), clamped(data.len()))
                .flags(libc::MSG_NOSIGNAL)
                .build(),
            // The kernel does not tell whether more datagrams wait, so it is to look.
            Request::RecvFrom(socket) => opcode::RecvMsg::new(Fd(socket.raw()), self.messages.receiving(key))
                .buf_group(buffers::GROUP)
                .build()
                .flags(Flags::BUFFER_SELECT),
            Request::SendTo(socket, data, to) => {
                opcode::SendMsg::new(Fd(socket.raw()), self.messages.sending(key, data, *to))
                    .flags(libc::MSG_NOSIGNAL.cast_unsigned())
                    .build()
            }
            Request::Close(Some(socket)) => opcode::Close::new(Fd(socket.raw())).build(),
            Request::Close(None) | Request::Sleep(_) => return slots.finish(key, Ok(Answer::Done)),
        };
        self.push(entry.user_data(key.to_u64()));
    }

    fn submit_cancel(&mut self, key: Key) {
        self.push(opcode::AsyncCancel::new(key.to_u64()).build().user_data(NOBODY).flags(Flags::SKIP_SUCCESS));
    }

    fn push(&mut self, entry: squeue::Entry) {
        // SAFETY: what the entry points at stays where it is until the answer to it: buffers and sockets belong to the slot,
        // which is not free until then; messages are boxed, one for each slot. Tests: tests/io_destruction.rs.
        if !self.backlog.is_empty() || unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.backlog.push_back(entry);
        }
    }

    /// Makes room in the ring until everything is in it, or the kernel wants its answers to be taken first.
    fn submit_backlog(&mut self) {
        while !self.backlog.is_empty() {
            let mut ring = self.ring.submission();
            while let Some(entry) = self.backlog.front() {
                // SAFETY: as in `push`.
                if unsafe { ring.push(entry) }.is_err() {
                    break;
                }
                self.backlog.pop_front();
            }
            drop(ring);
            // The error comes again when it waits.
            if self.backlog.is_empty() || self.ring.submit().is_err() {
                return;
            }
        }
    }

    fn take_answers(&mut self, slots: &mut Slots) {
        let mut answers = std::mem::take(&mut self.answers);
        answers.extend(self.ring.completion());
        for answer in answers.drain(..) {
            if answer.user_data() != NOBODY {
                self.take_answer(slots, &answer);
            }
        }
        self.answers = answers;
    }

    fn take_answer(&mut self, slots: &mut Slots, entry: &cqueue::Entry) {
        let key = Key::from_u64(entry.user_data());
        let result = result(entry.result());
        // The kernel has taken the buffer out of its ring, whatever we make of it.
        let blank = cqueue::buffer_select(entry.flags()).map(|id| self.buffers.taken(id));
        let Some(request) = slots.request(key) else { return };
        let answer = match request {
            Request::AcceptMany(_) => {
                let accepted = result.map(|fd| {
                    let fd = i32::try_from(fd).expect("as the kernel gave it");
                    // SAFETY: I/O safety: the kernel has just made this descriptor for us. Test: tests/io_sockets.rs, which
                    // counts descriptors.
                    Socket::new(unsafe { OwnedFd::from_raw_fd(fd) }, self.buffers.pool())
                });
                return self.accepted(slots, key, accepted, cqueue::more(entry.flags()));
            }
            // The kernel had no buffer left: it gets one more.
            Request::Recv(_) | Request::RecvFrom(_) if result == Err(Errno::NOBUFS) => {
                if slots.goes_on(key) {
                    self.buffers.provide_one();
                    return self.submit(slots, key);
                }
                Err(Errno::CANCELED)
            }
            Request::Recv(socket) => {
                socket.more_to_read.set(cqueue::sock_nonempty(entry.flags()));
                result.map(|count| Answer::Received(blank.map_or_else(|| Vec::new().into(), |it| it.filled(count))))
            }
            Request::RecvFrom(_) => result.and_then(|count| {
                let data = blank.map_or_else(|| IoBuf::from(Vec::new()), |it| it.filled(count));
                let (from, truncated) = self.messages.received(key)?;
                Ok(Answer::Datagram(Datagram { data, from, truncated }))
            }),
            Request::Send(..) | Request::SendTo(..) => result.map(Answer::Sent),
            Request::Connect(socket, _) => {
                let socket = socket.clone();
                result.map(|_| Answer::Socket(socket))
            }
            Request::Close(socket) => {
                // Unless it did not come to that, the descriptor is gone, even if the kernel reports an error.
                if result != Err(Errno::CANCELED)
                    && let Some(socket) = socket.take()
                {
                    let _ = socket.into_fd().into_raw_fd();
                }
                result.map(|_| Answer::Done)
            }
            Request::Accept(_) | Request::Sleep(_) => unreachable!("the kernel was not asked"),
        };
        slots.finish(key, answer.map_err(io::Error::from));
    }
}

impl Backend for Uring {
    fn adopt(&self, fd: OwnedFd) -> io::Result<Rc<Socket>> {
        // One that does not block would not wait, either.
        rustix::io::ioctl_fionbio(&fd, false)?;
        Ok(Socket::new(fd, self.buffers.pool()))
    }

    fn start(&mut self, slots: &mut Slots, key: Key) {
        match slots.request(key) {
            Some(Request::Accept(listener)) => {
                let listener = listener.clone();
                self.accept(slots, key, &listener);
            }
            _ => self.submit(slots, key),
        }
    }

    fn cancel(&mut self, slots: &mut Slots, key: Key) {
        match slots.request(key) {
            Some(Request::Accept(listener)) => {
                self.accepting.leave(listener, key);
                slots.finish(key, Err(cancelled()));
            }
            Some(_) => self.submit_cancel(key),
            None => {}
        }
    }

    fn stop_accepting(&mut self, slots: &mut Slots, listener: &Rc<Socket>) {
        self.close_accepting(slots, listener);
    }

    fn wait(&mut self, slots: &mut Slots, timeout: Option<Duration>) -> io::Result<()> {
        self.buffers.refill();
        self.submit_backlog();
        let waited = match timeout {
            None => self.ring.submit_and_wait(1),
            Some(timeout) => {
                let timeout = Timespec::from(timeout);
                self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&timeout))
            }
        };
        self.take_answers(slots);
        match waited {
            // Time is over, a signal came, or there are answers to take before anything else.
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::TIME | Errno::INTR | Errno::BUSY | Errno::AGAIN) => Ok(()),
                _ => Err(error),
            },
            Ok(_) => Ok(()),
        }
    }
}

fn build(kind: impl FnOnce(&mut io_uring::Builder) -> &mut io_uring::Builder) -> io::Result<IoUring> {
    kind(IoUring::builder().setup_cqsize(ANSWERS).setup_submit_all()).build(REQUESTS)
}

/// What the kernel says: a count or a descriptor, or an error.
fn result(code: i32) -> Result<usize, Errno> {
    usize::try_from(code).map_err(|_| Errno::from_raw_os_error(-code))
}

/// The length of a request; the kernel does not do more than that at once anyway.
fn clamped(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(i32::MAX.cast_unsigned())
}
