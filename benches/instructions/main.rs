//! What coroutines cost, beside C++ and everybody else in Rust: instructions, counted under callgrind, times, memory.
//!
//! `cargo bench --bench instructions` measures everything and prints tables; with names of rows behind `--` only those.
//! `-- write` also puts the tables and the plot into `BENCHMARKS.md`. `-- guard` only compares our counts with
//! `baseline.txt`, and `-- bless` renews that. `cargo test --bench instructions` only checks that all come to the same result.

mod baseline;
mod contestants;
mod measure;
mod plot;
mod report;
mod rows;
mod work;

use std::env;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use rows::ROWS;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(|it| &**it).filter(|it| *it != "--bench").collect();
    if let ["--work", row, who, n] = words[..] {
        work_for(row, who, n.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if words.len() == arguments.len() {
        all_agree();
        return ExitCode::SUCCESS;
    }
    match words[..] {
        ["guard"] => return if baseline::guard() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        ["bless"] => baseline::bless(),
        ["write"] => report::write(&report::measure(&ROWS.iter().collect::<Vec<_>>())),
        [] => print!("{}", report::measure(&ROWS.iter().collect::<Vec<_>>())),
        ref names => {
            let wanted: Vec<_> = ROWS.iter().filter(|row| names.contains(&row.id)).collect();
            assert_eq!(wanted.len(), names.len(), "some of {names:?} is no row");
            print!("{}", report::measure(&wanted));
        }
    }
    ExitCode::SUCCESS
}

/// The process of one contestant.
fn work_for(row: &str, who: &str, n: u64) {
    let case = work::cases().find(|case| case.row == row && case.who == who).expect("a case");
    let start = Instant::now();
    let checksum = (case.run)(n);
    let nanoseconds = start.elapsed().as_nanos();
    println!("{checksum} {nanoseconds} {}", peak_kib());
}

/// The most of this process that was ever resident.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|peak| peak.parse().ok()).unwrap_or(0)
}

/// Everybody in a row has the same result.
fn all_agree() {
    for row in ROWS {
        let n = row.counted.min(1280);
        let mut results: Vec<_> = work::cases().filter(|it| it.row == row.id).map(|it| ((it.run)(n), it.who)).collect();
        results.sort_unstable();
        let (first, last) = (results.first().expect("somebody"), results.last().expect("somebody"));
        assert_eq!(first.0, last.0, "{}: {} and {} disagree", row.id, first.1, last.1);
    }
}
