//! Requests that are answered many times: one accepts many connections, one receives many datagrams.
//!
//! Such a request belongs to the socket, not to the coroutine that awaits one answer: what comes while nobody waits is
//! kept for the next one.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::RawFd;
use std::rc::Rc;

use rustix::io::Errno;

use super::super::request::{Job, What};
use super::super::slot::{Key, Slots};
use super::super::socket::Socket;
use super::Uring;

/// If so many answers wait and nobody takes them, the rest waits in the kernel.
const ENOUGH: usize = 64;

/// The sockets somebody has waited at. They are open, so their descriptors tell them apart.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<RawFd, Line>);

/// An answer: its number, and what the one who waits for it gets.
type Arrived = Result<(usize, Job), Errno>;

/// Answers that wait for coroutines, or coroutines that wait for answers.
struct Line {
    what: What,
    /// The slot of the request while it runs.
    request: Option<Key>,
    pausing: bool,
    arrived: VecDeque<Arrived>,
    waiting: VecDeque<Key>,
}

impl Line {
    fn new(what: What) -> Self {
        Self { what, request: None, pausing: false, arrived: VecDeque::new(), waiting: VecDeque::new() }
    }
}

impl Lines {
    /// This one does not wait any more.
    pub(super) fn leave(&mut self, socket: &Socket, key: Key) {
        if let Some(line) = self.0.get_mut(&socket.raw()) {
            line.waiting.retain(|waiting| *waiting != key);
        }
    }
}

impl Uring {
    /// The next answer for this slot: one that is there already, or the first to come when the kernel is asked for `what`.
    pub(super) fn line_up(&mut self, slots: &mut Slots, key: Key, socket: &Rc<Socket>, what: What) {
        let line = self.lines.0.entry(socket.raw()).or_insert_with(|| Line::new(what));
        if let Some(arrived) = line.arrived.pop_front() {
            return give(slots, key, arrived);
        }
        line.waiting.push_back(key);
        if line.request.is_none() {
            self.ask(slots, socket);
        }
    }

    fn ask(&mut self, slots: &mut Slots, socket: &Rc<Socket>) {
        let Some(line) = self.lines.0.get_mut(&socket.raw()) else { return };
        let what = line.what;
        let request = slots.insert_internal(Job::on(what, socket.clone()));
        (line.request, line.pausing) = (Some(request), false);
        self.start(slots, request, what);
    }

    /// The request of a line has been answered, if not with nothing; `more` answers may follow.
    pub(super) fn arrived(
        &mut self,
        slots: &mut Slots,
        key: Key,
        socket: &Rc<Socket>,
        answer: Option<Arrived>,
        more: bool,
    ) {
        let line = self.lines.0.get_mut(&socket.raw()).filter(|line| line.request == Some(key));
        // Without one nobody listens any more; a connection that comes too late is closed.
        if let Some(line) = line {
            match (answer, line.waiting.pop_front()) {
                (Some(answer), Some(waiting)) => give(slots, waiting, answer),
                (Some(answer), None) => line.arrived.push_back(answer),
                (None, Some(waiting)) => line.waiting.push_front(waiting),
                (None, None) => {}
            }
            if !more {
                line.request = None;
                if !line.waiting.is_empty() {
                    self.ask(slots, socket);
                }
            } else if line.arrived.len() >= ENOUGH && !line.pausing {
                line.pausing = true;
                self.submit_cancel(key);
            }
        }
        if !more {
            slots.finish(key, Ok(0));
        }
    }

    pub(super) fn close_line(&mut self, slots: &mut Slots, socket: &Socket) {
        let Some(line) = self.lines.0.remove(&socket.raw()) else { return };
        if let Some(request) = line.request
            && !line.pausing
        {
            self.submit_cancel(request);
        }
        for waiting in line.waiting {
            slots.finish(waiting, Err(Errno::CANCELED));
        }
    }
}

/// The one who waits gets what has come.
fn give(slots: &mut Slots, key: Key, arrived: Arrived) {
    let Some(mut running) = slots.running(key) else { return };
    let number = arrived.map(|(number, came)| {
        *running = came;
        number
    });
    running.finish(number);
}
