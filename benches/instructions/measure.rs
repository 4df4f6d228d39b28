//! How each quantity is measured.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{process, thread};

use crate::contestants::{Contestant, Said};
use crate::rows::Row;

/// As often is a time taken.
const ROUNDS: usize = 9;
/// A time is taken of at least so much work.
const LONG_ENOUGH: u64 = 10_000_000;

/// What `f` says of each, two or more at a time.
pub fn each<T: Sync, U: Send>(items: &[T], f: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|it| Some((it, items.get(it)?)))
        {
            done.push((index, f(item)));
        }
        done
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, Into::into);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, done)| done).collect()
}

pub fn has_valgrind() -> bool {
    process::Command::new("valgrind").arg("--version").output().is_ok()
}

/// Instructions for an operation, and the checksum.
///
/// The same on each run, so two runs are enough: what comes before and after the operations goes in their difference.
pub fn instructions(row: &Row, contestant: &Contestant) -> (f64, u64) {
    let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    per_operation(row, contestant, |n| {
        let (said, output) = contestant.run(&tool, n);
        let text = String::from_utf8_lossy(&output.stderr);
        let collected = text.lines().find_map(|line| line.split_once("Collected :"));
        let (_, count) = collected.unwrap_or_else(|| panic!("no count in: {text}"));
        (count.trim().parse().expect("a number"), said.checksum)
    })
}

/// Bytes that an operation asks the allocator for.
pub fn bytes(row: &Row, contestant: &Contestant) -> (f64, u64) {
    let tool = ["valgrind", "--leak-check=no"];
    per_operation(row, contestant, |n| {
        let (said, output) = contestant.run(&tool, n);
        let text = String::from_utf8_lossy(&output.stderr);
        let usage = text.lines().find_map(|line| line.split_once("total heap usage:"));
        let (_, usage) = usage.unwrap_or_else(|| panic!("no heap usage in: {text}"));
        let bytes = usage.trim().rsplit(", ").next().and_then(|bytes| bytes.strip_suffix(" bytes allocated"));
        let bytes = bytes.unwrap_or_else(|| panic!("no bytes in: {usage}"));
        (bytes.replace(',', "").parse().expect("a number"), said.checksum)
    })
}

/// Bytes that are resident for an operation, at most.
pub fn resident(row: &Row, contestant: &Contestant) -> (f64, u64) {
    per_operation(row, contestant, |n| {
        let Said { checksum, peak_kib, .. } = contestant.run(&[], n).0;
        (peak_kib * 1024, checksum)
    })
}

fn per_operation(row: &Row, contestant: &Contestant, total: impl Fn(u64) -> (u64, u64)) -> (f64, u64) {
    let ((once, checksum), (twice, _)) = (total(row.counted), total(2 * row.counted));
    assert!(twice > once, "{contestant:?}: it does nothing");
    ((twice - once) as f64 / (row.counted * row.operations) as f64, checksum)
}

/// The greatest depth up to a million that does not overflow the stack, within one per cent.
pub fn depth(contestant: &Contestant) -> u64 {
    const ENOUGH: u64 = 1_000_000;
    if contestant.survives(ENOUGH) {
        return ENOUGH;
    }
    let (mut good, mut bad) = (0, ENOUGH);
    while bad - good > bad / 100 {
        let depth = u64::midpoint(good, bad);
        *(if contestant.survives(depth) { &mut good } else { &mut bad }) = depth;
    }
    good
}

/// Nanoseconds for an operation.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    pub median: f64,
    pub least: f64,
}

/// Takes times, of one after the other in each round, so that what the machine does meanwhile happens to all.
pub fn times(row: &Row, contestants: &[&Contestant]) -> Vec<Time> {
    let enough: Vec<u64> = contestants.iter().map(|it| enough(row, it)).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for _ in 0..ROUNDS {
        for ((contestant, n), times) in contestants.iter().zip(&enough).zip(&mut times) {
            let said = contestant.run(&[], *n).0;
            times.push(said.nanoseconds as f64 / (n * row.operations) as f64);
        }
    }
    let time = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        Time { median: times[ROUNDS / 2], least: times[0] }
    };
    times.into_iter().map(time).collect()
}

/// How many operations take long enough to be timed.
fn enough(row: &Row, contestant: &Contestant) -> u64 {
    let mut n = row.counted;
    while contestant.run(&[], n).0.nanoseconds < LONG_ENOUGH {
        n *= 4;
    }
    n
}
