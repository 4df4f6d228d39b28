//! Accepting many connections with one request.
//!
//! It belongs to the listener, not to the coroutine that awaits a connection: what comes while nobody waits is kept for the
//! next one.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

use rustix::io::Errno;

use super::super::operation::{Answer, Request};
use super::super::slot::{Key, Slots};
use super::super::socket::Socket;
use super::Uring;

/// If so many connections wait and nobody takes them, the rest waits in the kernel.
const ENOUGH: usize = 64;

/// The listeners somebody has accepted from. They are open, so their descriptors tell them apart.
#[derive(Default)]
pub(super) struct Accepting(HashMap<RawFd, Line>);

/// Connections that wait for coroutines, or coroutines that wait for connections.
#[derive(Default)]
struct Line {
    /// The slot of the request while it runs.
    request: Option<Key>,
    pausing: bool,
    accepted: VecDeque<Result<Rc<Socket>, Errno>>,
    waiting: VecDeque<Key>,
}

impl Accepting {
    /// This one does not wait any more.
    pub(super) fn leave(&mut self, listener: &Socket, key: Key) {
        if let Some(line) = self.0.get_mut(&listener.raw()) {
            line.waiting.retain(|waiting| *waiting != key);
        }
    }
}

impl Uring {
    /// The next connection for this slot: one that is there already, or the first to come.
    pub(super) fn accept(&mut self, slots: &mut Slots, key: Key, listener: &Rc<Socket>) {
        let line = self.accepting.0.entry(listener.raw()).or_default();
        if let Some(accepted) = line.accepted.pop_front() {
            return slots.finish(key, accepted.map(Answer::Socket).map_err(io::Error::from));
        }
        line.waiting.push_back(key);
        self.accept_many(slots, listener);
    }

    fn accept_many(&mut self, slots: &mut Slots, listener: &Rc<Socket>) {
        let Some(line) = self.accepting.0.get_mut(&listener.raw()) else { return };
        if line.request.is_none() {
            let request = slots.insert_internal(Request::AcceptMany(listener.clone()), false);
            (line.request, line.pausing) = (Some(request), false);
            self.submit(slots, request);
        }
    }

    /// The request has accepted a connection, or it has failed. It may go on.
    pub(super) fn accepted(&mut self, slots: &mut Slots, key: Key, accepted: Result<Rc<Socket>, Errno>, more: bool) {
        let Some(Request::AcceptMany(listener)) = slots.request(key) else { unreachable!("the caller looked") };
        let listener = listener.clone();
        let line = self.accepting.0.get_mut(&listener.raw()).filter(|line| line.request == Some(key));
        // Without one the listener is closed, and so is a connection that comes too late.
        if let Some(line) = line {
            match accepted {
                Err(Errno::CANCELED) => {}
                accepted => match line.waiting.pop_front() {
                    Some(waiting) => {
                        slots.finish(waiting, accepted.map(Answer::Socket).map_err(io::Error::from));
                    }
                    None => line.accepted.push_back(accepted),
                },
            }
            if !more {
                line.request = None;
                if !line.waiting.is_empty() {
                    self.accept_many(slots, &listener);
                }
            } else if line.accepted.len() >= ENOUGH && !line.pausing {
                line.pausing = true;
                self.submit_cancel(key);
            }
        }
        if !more {
            slots.finish(key, Ok(Answer::Done));
        }
    }

    pub(super) fn close_accepting(&mut self, slots: &mut Slots, listener: &Socket) {
        let Some(line) = self.accepting.0.remove(&listener.raw()) else { return };
        if let Some(request) = line.request
            && !line.pausing
        {
            self.submit_cancel(request);
        }
        for waiting in line.waiting {
            slots.finish(waiting, Err(Errno::CANCELED.into()));
        }
    }
}
