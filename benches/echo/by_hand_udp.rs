//! The UDP server over a ring, written out: one request receives every datagram into a block that the kernel chooses,
//! and the answer is sent from where it lies.

use std::collections::VecDeque;
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::{BufRingEntry, Fd};
use io_uring::{cqueue, opcode, squeue};

use super::ring::{open, turn};

const RECEIVE: u64 = u64::MAX;
const BLOCKS: u16 = 256;
/// In a block come first an `io_uring_recvmsg_out`, then a `sockaddr_in`, then the bytes.
const HEADER: usize = 16;
const ADDRESS: usize = 16;

/// What the kernel takes blocks from.
#[repr(C, align(4096))]
struct Entries([BufRingEntry; BLOCKS as usize]);

pub(crate) fn serve(buffer: usize) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    println!("listening on {}", socket.local_addr().expect("it has one"));
    let mut ring = open();
    let size = HEADER + ADDRESS + buffer;
    let mut memory = vec![0; size * usize::from(BLOCKS)];
    // SAFETY: numbers, all of which may be zero. Test: none, this is a benchmark.
    let mut entries: Box<Entries> = Box::new(unsafe { std::mem::zeroed() });
    // SAFETY: the entries are as many as we say, aligned to a page, and stay until the process ends. Test: none.
    unsafe { ring.submitter().register_buf_ring_with_flags(&raw mut *entries as u64, BLOCKS, 0, 0) }.expect("it can");
    let mut tail = 0;
    let mut provide = |block: u16, memory: &mut [u8]| {
        let entry = &mut entries.0[usize::from(tail % BLOCKS)];
        entry.set_addr(memory[usize::from(block) * size..].as_mut_ptr() as u64);
        entry.set_len(u32::try_from(size).expect("small"));
        entry.set_bid(block);
        tail = tail.wrapping_add(1);
        // SAFETY: the tail is a field of the first entry that nothing else uses. Test: none.
        let shared = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(&raw const entries.0[0]).cast_mut()) };
        shared.store(tail, Ordering::Release);
    };
    for block in 0..BLOCKS {
        provide(block, &mut memory);
    }
    // SAFETY: numbers and pointers, all of which may be zero. Test: none.
    let mut format: Box<libc::msghdr> = Box::new(unsafe { std::mem::zeroed() });
    format.msg_namelen = libc::socklen_t::try_from(ADDRESS).expect("small");
    let fd = Fd(socket.as_raw_fd());
    let receive = || opcode::RecvMsgMulti::new(fd, &raw const *format, 0).build().user_data(RECEIVE);
    let mut backlog: VecDeque<squeue::Entry> = VecDeque::from([receive()]);
    let mut answers: Vec<cqueue::Entry> = Vec::new();
    loop {
        // SAFETY: the socket and the blocks stay until the process ends. Test: none.
        unsafe { turn(&mut ring, &mut backlog, &mut answers) };
        for answer in answers.drain(..) {
            if answer.user_data() != RECEIVE {
                provide(u16::try_from(answer.user_data()).expect("a block"), &mut memory);
                continue;
            }
            if !cqueue::more(answer.flags()) {
                backlog.push_back(receive());
            }
            let block = cqueue::buffer_select(answer.flags());
            if let (Some(block), Ok(length)) = (block, usize::try_from(answer.result())) {
                let block_bytes = &memory[usize::from(block) * size..];
                let length = u32::try_from(length - HEADER - ADDRESS).expect("small");
                let send = opcode::Send::new(fd, block_bytes[HEADER + ADDRESS..].as_ptr(), length)
                    .dest_addr(block_bytes[HEADER..].as_ptr().cast())
                    .dest_addr_len(format.msg_namelen);
                backlog.push_back(send.build().user_data(block.into()));
            }
        }
    }
}
