//! The backend that hands the work to the kernel: `io_uring`.
//!
//! What a turn starts is submitted in one system call, the one that waits, and all that is finished is taken at once.

mod addresses;
mod buffers;
mod datagrams;
mod lines;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{FromRawFd as _, IntoRawFd as _, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use io_uring::squeue::Flags;
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use rustix::io::Errno;

use self::addresses::Addresses;
use self::buffers::Buffers;
use self::datagrams::Format;
use self::lines::Lines;
use super::buffer::Pool;
use super::request::{Job, What};
use super::slot::{Key, Slots};
use super::socket::Socket;

/// As many requests fit into one submission.
const REQUESTS: u32 = 512;
/// As many answers fit into the ring; more of them wait in the kernel.
const ANSWERS: u32 = 4096;
/// The name of a request to cancel another: no slot has it.
const NOBODY: u64 = u64::MAX;
/// The buffers for what is received from streams.
const STREAMS: u16 = 0;
/// Those for datagrams.
const DATAGRAMS: u16 = 1;
/// `IORING_RECVSEND_POLL_FIRST`: there is most likely nothing to receive yet.
const POLL_FIRST: u16 = 1;

pub(super) struct Uring {
    // Closed before the memory goes that the kernel was told of.
    ring: IoUring,
    streams: Buffers,
    datagrams: Buffers,
    format: Format,
    addresses: Addresses,
    lines: Lines,
    /// Requests for which the ring has no room yet, in order.
    backlog: VecDeque<squeue::Entry>,
}

impl Uring {
    pub(super) fn new(pool: Rc<Pool>) -> io::Result<Self> {
        // A kernel that knows the last of these, 6.1, knows everything else that we need, too.
        let mut builder = IoUring::builder();
        builder.setup_cqsize(ANSWERS).setup_submit_all().setup_single_issuer().setup_defer_taskrun();
        let ring: IoUring = builder.build(REQUESTS)?;
        // Of their own, for there is more to a datagram than its bytes.
        let blocks = Pool::new(pool.size() + datagrams::BEFORE);
        let streams = Buffers::register(&ring.submitter(), STREAMS, pool)?;
        let datagrams = Buffers::register(&ring.submitter(), DATAGRAMS, blocks)?;
        Ok(Self {
            ring,
            streams,
            datagrams,
            format: Format::new(),
            addresses: Addresses::default(),
            lines: Lines::default(),
            backlog: VecDeque::new(),
        })
    }

    pub(super) fn adopt(&self, fd: OwnedFd) -> io::Result<Rc<Socket>> {
        // One that does not block would not wait, either.
        rustix::io::ioctl_fionbio(&fd, false)?;
        Ok(Socket::new(fd, self.streams.pool()))
    }

    pub(super) fn cancel(&mut self, slots: &mut Slots, key: Key) {
        match slots.running(key) {
            Some(job) if matches!(job.what, What::Accept | What::RecvFrom) => {
                self.lines.leave(job.socket(), key);
                job.finish(Err(Errno::CANCELED));
            }
            Some(_) => self.submit_cancel(key),
            None => {}
        }
    }

    pub(super) fn stop_listening(&mut self, slots: &mut Slots, socket: &Socket) {
        self.close_line(slots, socket);
    }

    pub(super) fn wait(&mut self, slots: &mut Slots, timeout: Option<Duration>) -> io::Result<()> {
        self.streams.refill();
        self.datagrams.refill();
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

    /// Hands the request of a slot to the kernel.
    // Where it is known what is asked for, little is left of it.
    #[inline(always)]
    pub(super) fn start(&mut self, slots: &mut Slots, key: Key, what: What) {
        let Some(job) = slots.running(key) else { return };
        let Some(socket) = &job.socket else {
            // It has other owners, who will close it.
            return job.finish(Ok(0));
        };
        let fd = Fd(socket.raw());
        let entry = match what {
            What::Accept => {
                let listener = socket.clone();
                return self.line_up(slots, key, &listener, What::AcceptMany);
            }
            What::RecvFrom => {
                let socket = socket.clone();
                return self.line_up(slots, key, &socket, What::ReceiveMany);
            }
            What::AcceptMany => opcode::AcceptMulti::new(fd).flags(libc::SOCK_CLOEXEC).build(),
            What::Connect => {
                let (address, length) = self.addresses.set(key, job.address.expect("it connects to one"));
                opcode::Connect::new(fd, address, length).build()
            }
            What::Recv => {
                let hint = if socket.more_to_read.get() { 0 } else { POLL_FIRST };
                opcode::Recv::new(fd, std::ptr::null_mut(), 0)
                    .ioprio(hint)
                    .buf_group(self.streams.group())
                    .build()
                    .flags(Flags::BUFFER_SELECT)
            }
            What::ReceiveMany => opcode::RecvMsgMulti::new(fd, self.format.header(), self.datagrams.group()).build(),
            What::Send => send(fd, &job).build(),
            What::SendTo => {
                let (address, length) = self.addresses.set(key, job.address.expect("it goes to one"));
                send(fd, &job).dest_addr(address).dest_addr_len(length).build()
            }
            What::Close => opcode::Close::new(fd).build(),
            What::Sleep | What::SleepTooLong => unreachable!("the kernel is not asked for that"),
        };
        self.push(entry.user_data(key.to_u64()));
    }

    fn submit_cancel(&mut self, key: Key) {
        self.push(opcode::AsyncCancel::new(key.to_u64()).build().user_data(NOBODY).flags(Flags::SKIP_SUCCESS));
    }

    fn push(&mut self, entry: squeue::Entry) {
        // SAFETY: what the entry points at stays where it is until the answer to it: buffers and sockets belong to the
        // slot, which is not free until then; addresses are boxed, one for each slot, and so is the format of
        // datagrams, which stays as long as the ring. Tests: tests/io_destruction.rs, tests/io_datagrams.rs.
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
        // Taking one may put something into the ring, which is borrowed for no longer than it takes to copy an answer.
        let next = |ring: &mut IoUring| ring.completion().next();
        while let Some(answer) = next(&mut self.ring) {
            if answer.user_data() != NOBODY {
                self.take_answer(slots, &answer);
            }
        }
    }

    fn take_answer(&mut self, slots: &mut Slots, entry: &cqueue::Entry) {
        let key = Key::from_u64(entry.user_data());
        let (result, more) = (result(entry.result()), cqueue::more(entry.flags()));
        let Some(mut job) = slots.running(key) else { return };
        match job.what {
            What::Recv if result == Err(Errno::NOBUFS) => {
                if job.goes_on() {
                    self.streams.provide_one();
                    return self.start(slots, key, What::Recv);
                }
                return job.finish(Err(Errno::CANCELED));
            }
            What::Recv => {
                job.socket().more_to_read.set(cqueue::sock_nonempty(entry.flags()));
                let count = result.unwrap_or(0);
                let blank = self.streams.taken(entry);
                job.data = Some(blank.map_or_else(|| Vec::new().into(), |blank| blank.filled(0..count)));
            }
            What::Send | What::SendTo | What::Connect => {}
            What::AcceptMany => {
                let listener = job.socket().clone();
                let accepted = result.map(|fd| {
                    let fd = i32::try_from(fd).expect("as the kernel gave it");
                    // SAFETY: I/O safety: the kernel has just made this descriptor for us. Test: tests/io_sockets.rs,
                    // which counts descriptors.
                    let socket = Socket::new(unsafe { OwnedFd::from_raw_fd(fd) }, self.streams.pool());
                    (0, Job::on(What::Accept, socket))
                });
                let accepted = (!is_cancelled(&accepted)).then_some(accepted);
                return self.arrived(slots, key, &listener, accepted, more);
            }
            What::ReceiveMany => {
                let socket = job.socket().clone();
                let blank = self.datagrams.taken(entry);
                // The kernel had no buffer left: it gets one more. The datagram waits until it is asked for again.
                let ran_out = result == Err(Errno::NOBUFS);
                if ran_out {
                    self.datagrams.provide_one();
                }
                let received = result.and_then(|_| self.format.read(blank.ok_or(Errno::NOBUFS)?));
                let received = received.map(|(data, from, truncated)| {
                    let job = Job { data: Some(data), address: Some(from), ..Job::new(What::RecvFrom) };
                    (usize::from(truncated), job)
                });
                let received = (!ran_out && !is_cancelled(&received)).then_some(received);
                return self.arrived(slots, key, &socket, received, more);
            }
            What::Close => {
                // Unless it did not come to that, the descriptor is gone, even if the kernel reports an error.
                if result != Err(Errno::CANCELED)
                    && let Some(socket) = job.socket.take().and_then(Rc::into_inner)
                {
                    let _ = socket.into_fd().into_raw_fd();
                }
            }
            What::Accept | What::RecvFrom | What::Sleep | What::SleepTooLong => {
                unreachable!("the kernel was not asked")
            }
        }
        job.finish(result);
    }
}

/// What is sent is the job's: it stays until the answer is taken.
#[inline]
fn send(fd: Fd, job: &Job) -> opcode::Send {
    let data = job.data.as_ref().expect("there is something to send");
    opcode::Send::new(fd, data.as_ptr(), clamped(data.len())).flags(libc::MSG_NOSIGNAL)
}

fn is_cancelled<T>(result: &Result<T, Errno>) -> bool {
    matches!(result, Err(Errno::CANCELED))
}

/// What the kernel says: a count or a descriptor, or an error.
fn result(code: i32) -> Result<usize, Errno> {
    usize::try_from(code).map_err(|_| Errno::from_raw_os_error(-code))
}

/// The length of a request; the kernel does not do more than that at once anyway.
fn clamped(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(i32::MAX.cast_unsigned())
}
