//! What the kernel wants by address beside the bytes: where a datagram goes, whom to connect to.

use std::net::SocketAddr;
use std::ptr::{self, addr_of_mut};

use rustix::net::SocketAddrAny;

use super::super::slot::Key;

/// One for each slot that ever needed one. A slot's next operation starts when the kernel is done with the last one, so
/// it can have the same.
#[derive(Default)]
pub(super) struct Addresses(Vec<Option<Box<libc::sockaddr_storage>>>);

impl Addresses {
    /// The address as the kernel wants it. It stays there until the slot's next one.
    pub(super) fn set(&mut self, key: Key, address: SocketAddr) -> (*const libc::sockaddr, libc::socklen_t) {
        if self.0.len() <= key.index() {
            self.0.resize_with(key.index() + 1, || None);
        }
        let room = self.0[key.index()].get_or_insert_with(|| {
            // SAFETY: numbers, all of which may be zero. Test: none could tell.
            Box::new(unsafe { std::mem::zeroed() })
        });
        let address = SocketAddrAny::from(address);
        let length = address.addr_len();
        let room: *mut libc::sockaddr_storage = addr_of_mut!(**room);
        // SAFETY: so many bytes are initialised there, and a `sockaddr_storage` has room for any address. Test:
        // tests/io_sockets.rs.
        unsafe { ptr::copy_nonoverlapping(address.as_ptr().cast::<u8>(), room.cast(), length as usize) };
        (room.cast(), length)
    }
}
