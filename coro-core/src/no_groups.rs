//! In place of `branch` and `scope` where there is no allocator: nothing is awaited together, and nothing cancelled
//! from outside.

use core::ptr::NonNull;

use crate::drive::Destroyed;
use crate::frame::Header;
use crate::panic::Payload;

pub enum Outcome {}

pub(crate) unsafe fn waiting_for(_: NonNull<Header>) -> NonNull<Header> {
    unreachable!("there are no branches")
}

pub(crate) unsafe fn destroyed(_: NonNull<Header>) -> Destroyed {
    unreachable!("there are no branches, and no members")
}

pub(crate) unsafe fn keep_panic(_: NonNull<Header>, _: Payload) {}

pub(crate) mod cancel {
    use super::{Header, NonNull};

    pub(crate) const unsafe fn clearing(_: NonNull<Header>) -> Option<NonNull<Header>> {
        None
    }

    pub(crate) const unsafe fn cancelled(_: NonNull<Header>) -> Option<NonNull<Header>> {
        None
    }
}
