//! What is measured.

/// Work that several do.
#[derive(Debug)]
pub struct Row {
    pub id: &'static str,
    /// An operation, in words.
    pub what: &'static str,
    pub measured: Measured,
    /// It is counted for so many and for twice as many, and the difference is taken.
    pub counted: u64,
    /// How many operations one of them is.
    pub operations: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Instructions and time.
    Cost,
    /// Time, where threads take turns.
    Time,
    /// Instructions, and how deep it goes on the stack that a program has.
    Depth,
    /// What is asked of the allocator.
    Bytes,
    /// What is resident at most.
    Resident,
}

const fn row(id: &'static str, what: &'static str, measured: Measured, counted: u64) -> Row {
    Row { id, what, measured, counted, operations: 1 }
}

/// How often `fibonacci(25)` calls.
const CALLS: u64 = 242_785;

pub const ROWS: &[Row] = &[
    row("B0", "80 bytes from the global allocator and back, for comparison", Measured::Cost, 1000),
    row("B1", "one item of an erased generator", Measured::Cost, 1000),
    row("B1u", "the same in place, where the optimizer sees all", Measured::Cost, 1000),
    row("B2", "an erased generator created, one value, finished, dropped", Measured::Cost, 1000),
    row("B3", "one signal to an erased state machine", Measured::Cost, 1000),
    row("B4", "an erased task that completes at once, awaited", Measured::Cost, 1000),
    row("B4u", "the same where the optimizer sees all", Measured::Cost, 1000),
    Row { operations: CALLS, ..row("B5a", "one call of fib(25) by tasks that await themselves", Measured::Cost, 1) },
    row("B5b", "one level of a chain, created and completed", Measured::Depth, 10_000),
    row("B5b-drop", "one level of a chain, dropped half-way", Measured::Depth, 10_000),
    row("B5c-1", "the leaf suspended and resumed, at depth 1", Measured::Cost, 1000),
    row("B5c-10", "at depth 10", Measured::Cost, 1000),
    row("B5c-100", "at depth 100", Measured::Cost, 1000),
    row("B5c-1000", "at depth 1,000", Measured::Cost, 1000),
    row("B6", "control handed from one coroutine to another", Measured::Cost, 1000),
    row("B7-generator", "bytes of a counting generator", Measured::Bytes, 1000),
    row("B7-task", "bytes of a task that returns a number", Measured::Bytes, 1000),
    row("M1", "bytes of one of 1,000,000 coroutines that wait in a queue", Measured::Resident, 500_000),
    row("T1", "one hop through a queue that two threads take from", Measured::Time, 64_000),
    row("T2", "one pause, four calls deep, on a pool of two threads", Measured::Time, 64_000),
];

/// Going on at the leaf does not depend on the depth: in each of these, the second costs what the first costs.
pub const FLAT: (&str, &str) = ("B5c-1", "B5c-1000");
