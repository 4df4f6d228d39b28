//! The same server as a state machine over a ring: what coroutines and the queue would have to cost nothing against.
//!
//! It serves well-behaved clients only, does not end, and holds a buffer for each connection.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, RawFd};

use io_uring::types::Fd;
use io_uring::{cqueue, opcode, squeue};

use super::ring::{open, turn};

const ACCEPT: u64 = u64::MAX;

/// A connection either receives into its buffer, or sends what is in it.
struct Connection {
    fd: RawFd,
    buffer: Box<[u8]>,
    received: usize,
    sent: usize,
    sending: bool,
}

pub(crate) fn serve(buffer: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("listening on {}", listener.local_addr().expect("it has one"));
    let mut ring = open();
    let mut connections: Vec<Connection> = Vec::new();
    let mut backlog = VecDeque::from([opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).build().user_data(ACCEPT)]);
    let mut answers: Vec<cqueue::Entry> = Vec::new();
    loop {
        // SAFETY: descriptors and buffers stay until the process ends. Test: none, this is a benchmark.
        unsafe { turn(&mut ring, &mut backlog, &mut answers) };
        for answer in answers.drain(..) {
            let Ok(result) = usize::try_from(answer.result()) else { continue };
            let index = if answer.user_data() == ACCEPT {
                let fd = answer.result();
                let buffer = vec![0; buffer].into();
                connections.push(Connection { fd, buffer, received: 0, sent: 0, sending: false });
                connections.len() - 1
            } else {
                let index = usize::try_from(answer.user_data()).expect("an index");
                let connection = &mut connections[index];
                if connection.sending {
                    connection.sent += result;
                    connection.sending = connection.sent < connection.received;
                } else if result == 0 {
                    continue;
                } else {
                    (connection.received, connection.sent, connection.sending) = (result, 0, true);
                }
                index
            };
            backlog.push_back(connections[index].next().user_data(index as u64));
        }
    }
}

impl Connection {
    fn next(&mut self) -> squeue::Entry {
        if self.sending {
            let rest = &self.buffer[self.sent..self.received];
            let length = u32::try_from(rest.len()).expect("small");
            opcode::Send::new(Fd(self.fd), rest.as_ptr(), length).flags(libc::MSG_NOSIGNAL).build()
        } else {
            let length = u32::try_from(self.buffer.len()).expect("small");
            // There is nothing to receive yet (`IORING_RECVSEND_POLL_FIRST`).
            opcode::Recv::new(Fd(self.fd), self.buffer.as_mut_ptr(), length).ioprio(1).build()
        }
    }
}
