//! Bytes that coroutines and the kernel share.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, Range, RangeFrom};
use std::rc::{Rc, Weak};

/// As many unused blocks are kept, so a burst does not occupy memory for ever.
const KEPT: usize = 1024;

/// Bytes with any number of owners, none of which can change them.
///
/// An operation that sends them is one of the owners until the kernel is done. The last one gives the memory back to the
/// queue's pool.
pub struct IoBuf {
    block: Rc<Block>,
    range: Range<usize>,
}

struct Block {
    bytes: Box<[u8]>,
    pool: Weak<Pool>,
}

impl IoBuf {
    fn new(block: Rc<Block>, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= block.bytes.len(), "a part of the block");
        Self { block, range }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.end - self.range.start
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.start == self.range.end
    }

    /// A part of the bytes, without copying.
    #[must_use]
    pub fn slice(&self, from: RangeFrom<usize>) -> Self {
        let start = self.range.start + from.start;
        assert!(start <= self.range.end, "the slice starts within the buffer");
        Self { block: self.block.clone(), range: start..self.range.end }
    }
}

impl Clone for IoBuf {
    fn clone(&self) -> Self {
        self.slice(0..)
    }
}

impl Deref for IoBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.block.bytes[self.range.clone()]
    }
}

impl From<Vec<u8>> for IoBuf {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self::new(Rc::new(Block { bytes: bytes.into(), pool: Weak::new() }), range)
    }
}

impl Drop for IoBuf {
    fn drop(&mut self) {
        if Rc::strong_count(&self.block) == 1 {
            Pool::give_back(&self.block);
        }
    }
}

impl fmt::Debug for IoBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// A block with one owner, to be filled.
pub(super) struct Blank(Rc<Block>);

impl Blank {
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut Rc::get_mut(&mut self.0).expect("a blank has one owner").bytes
    }

    /// The part of it that has been filled.
    pub(super) fn filled(self, range: Range<usize>) -> IoBuf {
        IoBuf::new(self.0, range)
    }
}

/// Blocks of one size that nobody uses at the moment.
pub(super) struct Pool {
    size: usize,
    unused: RefCell<Vec<Rc<Block>>>,
}

impl Pool {
    pub(super) fn new(size: usize) -> Rc<Self> {
        Rc::new(Self { size, unused: RefCell::default() })
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// A block: a used one, or else a new one.
    pub(super) fn take(self: &Rc<Self>) -> Blank {
        self.take_unused().unwrap_or_else(|| {
            let bytes = vec![0; self.size].into();
            Blank(Rc::new(Block { bytes, pool: Rc::downgrade(self) }))
        })
    }

    pub(super) fn take_unused(&self) -> Option<Blank> {
        self.unused.borrow_mut().pop().map(Blank)
    }

    /// Keeps a block that its last owner lets go, if its pool is still there.
    // Apart from the drop, which then is small enough to be a part of whatever drops.
    #[inline(never)]
    fn give_back(block: &Rc<Block>) {
        let Some(pool) = block.pool.upgrade() else { return };
        let mut unused = pool.unused.borrow_mut();
        if unused.len() < KEPT {
            unused.push(block.clone());
        }
    }
}
