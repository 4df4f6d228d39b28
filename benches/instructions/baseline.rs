//! The regression guard: our instructions are those in `baseline.txt`.
//!
//! They depend on the compiler, and those of long chains on the allocator of the C library, so the file has a section for each
//! pair that was blessed. With another one nothing is compared, and that is said: ratios to C++ of the same run would depend
//! on its compiler, too, and one that is off by two per cent already for that reason guards nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::contestants::{self, Contestant};
use crate::measure;
use crate::rows::{FLAT, Measured, ROWS, Row};

/// How far a count may be from its baseline.
const TOLERANCE: f64 = 0.02;

/// `row | who | instructions`
type Line = (&'static str, String, f64);

/// Compares; `false` if something costs more, or less, than it did.
pub fn guard() -> bool {
    if !measure::has_valgrind() {
        println!("SKIPPED: instructions are counted by valgrind, which is not there");
        return true;
    }
    let counts = count();
    let mut failures = not_flat(&counts);
    let toolchain = toolchain();
    match blessed(&toolchain) {
        Some(blessed) => failures.extend(differing(&counts, &blessed)),
        None => println!("NOT COMPARED: `baseline.txt` has no counts for {toolchain}; `-- bless` would add them"),
    }
    for failure in &failures {
        println!("FAILED: {failure}");
    }
    failures.is_empty()
}

/// Writes what is counted now into the section of this toolchain.
pub fn bless() {
    assert!(measure::has_valgrind(), "instructions are counted by valgrind, which is not there");
    let toolchain = toolchain();
    let mut file = fs::read_to_string(path()).unwrap_or_default();
    if let Some((start, end)) = section(&file, &toolchain) {
        file.replace_range(start..end, "");
    }
    write!(file, "[{toolchain}]\n{}", text(&count())).expect("a text");
    fs::write(path(), file).expect("it can be written");
}

/// What the counts depend on besides our code.
fn toolchain() -> String {
    let libc = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let libc = libc.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{}, {}", contestants::rustc(), if libc.is_empty() { "another C library" } else { &libc })
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/baseline.txt")
}

fn count() -> Vec<Line> {
    let counted: Vec<(&Row, Contestant)> = contestants::ours()
        .into_iter()
        .filter_map(|it| Some((ROWS.iter().find(|row| row.id == it.row)?, it)))
        .filter(|(row, _)| matches!(row.measured, Measured::Cost | Measured::Depth))
        .collect();
    let counts = measure::each(&counted, |(row, contestant)| measure::instructions(row, contestant).0);
    let lines: Vec<Line> = counted.into_iter().zip(counts).map(|((row, it), count)| (row.id, it.who, count)).collect();
    print!("{}", text(&lines));
    lines
}

fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for (row, who, count) in lines {
        writeln!(text, "{row} | {who} | {count:.1}").expect("a text");
    }
    text
}

/// Where the section of `toolchain` is.
fn section(file: &str, toolchain: &str) -> Option<(usize, usize)> {
    let start = file.find(&format!("[{toolchain}]\n"))?;
    let length = file[start + 1..].find("\n[").map_or(file.len() - start, |end| end + 2);
    Some((start, start + length))
}

/// The lines of the section of `toolchain`.
fn blessed(toolchain: &str) -> Option<Vec<(String, f64)>> {
    let file = fs::read_to_string(path()).ok()?;
    let (start, end) = section(&file, toolchain)?;
    let line = |line: &str| {
        let (name, count) = line.rsplit_once(" | ").expect("a name and a count");
        (name.to_owned(), count.parse().expect("a number"))
    };
    Some(file[start..end].lines().skip(1).map(line).collect())
}

fn differing(counts: &[Line], blessed: &[(String, f64)]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut gone: Vec<&str> = blessed.iter().map(|(name, _)| &**name).collect();
    for (row, who, count) in counts {
        let name = format!("{row} | {who}");
        gone.retain(|it| *it != name);
        match blessed.iter().find(|(it, _)| *it == name) {
            None => failures.push(format!("{name}: it has no baseline")),
            Some((_, before)) if (count - before).abs() > before * TOLERANCE => {
                let what = if count > before { "dearer" } else { "cheaper, so bless it" };
                failures.push(format!("{name}: {count:.1} instructions, and {before:.1} before: {what}"));
            }
            Some(_) => {}
        }
    }
    failures.extend(gone.into_iter().map(|name| format!("{name}: it is not counted any more")));
    failures
}

/// Whoever of us pays for depth.
fn not_flat(counts: &[Line]) -> Vec<String> {
    let deep = |who: &str| counts.iter().find(|(row, it, _)| *row == FLAT.1 && it == who).map(|(_, _, count)| *count);
    counts
        .iter()
        .filter(|(row, ..)| *row == FLAT.0)
        .filter_map(|(_, who, shallow)| Some((who, shallow, deep(who)?)))
        .filter(|(_, shallow, deep)| (deep - *shallow).abs() > *shallow / 10.0)
        .map(|(who, shallow, deep)| {
            format!("{who}: {shallow:.1} instructions in {}, and {deep:.1} in {}", FLAT.0, FLAT.1)
        })
        .collect()
}
