//! What the kernel wants by address beside the bytes: where a datagram goes or comes from, whom to connect to.

use std::net::SocketAddr;
use std::ptr::{self, addr_of_mut, null_mut};

use rustix::io::Errno;
use rustix::net::SocketAddrAny;

use super::super::buffer::IoBuf;
use super::super::slot::Key;

/// One for each slot that ever needed one. A slot's next operation starts when the kernel is done with the last one, so it
/// can have the same.
#[derive(Default)]
pub(super) struct Messages(Vec<Option<Box<Message>>>);

struct Message {
    header: libc::msghdr,
    piece: libc::iovec,
    address: libc::sockaddr_storage,
}

impl Messages {
    /// Room for a datagram, but not for its bytes: the kernel chooses a buffer.
    pub(super) fn receiving(&mut self, key: Key) -> *mut libc::msghdr {
        let message = self.get(key);
        message.piece = libc::iovec { iov_base: null_mut(), iov_len: 0 };
        message.point(libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).expect("small"))
    }

    /// A datagram. Its bytes must stay where they are.
    pub(super) fn sending(&mut self, key: Key, data: &IoBuf, to: SocketAddr) -> *const libc::msghdr {
        let message = self.get(key);
        message.piece = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
        let length = message.set_address(to);
        message.point(length)
    }

    /// An address by itself.
    pub(super) fn address(&mut self, key: Key, address: SocketAddr) -> (*const libc::sockaddr, libc::socklen_t) {
        let message = self.get(key);
        let length = message.set_address(address);
        (addr_of_mut!(message.address).cast(), length)
    }

    /// Who sent the datagram that the kernel has received, and whether it was too large.
    pub(super) fn received(&mut self, key: Key) -> Result<(SocketAddr, bool), Errno> {
        let message = self.get(key);
        let length = message.header.msg_namelen;
        if usize::try_from(length).is_ok_and(|length| length < size_of::<libc::sa_family_t>()) {
            return Err(Errno::AFNOSUPPORT);
        }
        // SAFETY: `SocketAddrAny::read`: the kernel has written as many bytes of an address. Test: tests/io_sockets.rs.
        let from = unsafe { SocketAddrAny::read(addr_of_mut!(message.address).cast(), length) };
        let from = SocketAddr::try_from(from).map_err(|_| Errno::AFNOSUPPORT)?;
        Ok((from, message.header.msg_flags & libc::MSG_TRUNC != 0))
    }

    fn get(&mut self, key: Key) -> &mut Message {
        if self.0.len() <= key.index() {
            self.0.resize_with(key.index() + 1, || None);
        }
        self.0[key.index()].get_or_insert_with(|| {
            // SAFETY: numbers and pointers, all of which may be zero. Test: none could tell.
            Box::new(unsafe { std::mem::zeroed() })
        })
    }
}

impl Message {
    fn set_address(&mut self, address: SocketAddr) -> libc::socklen_t {
        let address = SocketAddrAny::from(address);
        let length = address.addr_len();
        // SAFETY: so many bytes are initialised there, and a `sockaddr_storage` has room for any address. Test:
        // tests/io_sockets.rs.
        unsafe {
            let to: *mut u8 = addr_of_mut!(self.address).cast();
            ptr::copy_nonoverlapping(address.as_ptr().cast(), to, length as usize);
        }
        length
    }

    /// The header, which points at the rest. The kernel uses them until the operation is done, and nobody else does.
    fn point(&mut self, address_length: libc::socklen_t) -> *mut libc::msghdr {
        self.header.msg_name = addr_of_mut!(self.address).cast();
        self.header.msg_namelen = address_length;
        self.header.msg_iov = addr_of_mut!(self.piece);
        self.header.msg_iovlen = 1;
        self.header.msg_flags = 0;
        addr_of_mut!(self.header)
    }
}
