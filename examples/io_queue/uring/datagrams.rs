//! Datagrams as the kernel gives them, if one request receives many: the block has a header, then the address of the
//! sender, then the bytes.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use io_uring::types::RecvMsgOut;
use rustix::io::Errno;

use super::super::buffer::{Blank, IoBuf};

/// As many bytes of a block come before those of the datagram.
pub(super) const BEFORE: usize = HEADER + ADDRESS;
/// The size of an `io_uring_recvmsg_out`.
const HEADER: usize = 16;
/// Room for an address of either kind; what follows is aligned.
const ADDRESS: usize = 32;

/// What the kernel is asked for. It only reads it, so there is one for all requests.
pub(super) struct Format(Box<libc::msghdr>);

impl Format {
    pub(super) fn new() -> Self {
        // SAFETY: numbers and pointers, all of which may be zero. Test: none could tell.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_namelen = libc::socklen_t::try_from(ADDRESS).expect("small");
        Self(Box::new(header))
    }

    pub(super) fn header(&self) -> *const libc::msghdr {
        &raw const *self.0
    }

    /// The datagram in a block: what it says, who sent it, and whether it was too large.
    pub(super) fn read(&self, mut blank: Blank) -> Result<(IoBuf, SocketAddr, bool), Errno> {
        let message = RecvMsgOut::parse(blank.bytes(), &self.0).map_err(|()| Errno::INVAL)?;
        let from = address(message.name_data()).ok_or(Errno::AFNOSUPPORT)?;
        let (length, truncated) = (message.payload_data().len(), message.is_payload_truncated());
        Ok((blank.filled(BEFORE..BEFORE + length), from, truncated))
    }
}

/// A `sockaddr_in` or a `sockaddr_in6`.
fn address(bytes: &[u8]) -> Option<SocketAddr> {
    let (family, rest) = bytes.split_first_chunk()?;
    let (port, rest) = rest.split_first_chunk()?;
    let port = u16::from_be_bytes(*port);
    match i32::from(u16::from_ne_bytes(*family)) {
        libc::AF_INET => Some((Ipv4Addr::from(*rest.first_chunk::<4>()?), port).into()),
        libc::AF_INET6 => {
            let (flow, rest) = rest.split_first_chunk()?;
            let (host, rest) = rest.split_first_chunk::<16>()?;
            let (flow, scope) = (u32::from_ne_bytes(*flow), u32::from_ne_bytes(*rest.first_chunk()?));
            Some(SocketAddrV6::new(Ipv6Addr::from(*host), port, flow, scope).into())
        }
        _ => None,
    }
}
