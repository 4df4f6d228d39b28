//! Measures, and tells it in Markdown.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use crate::contestants::{self, Contestant};
use crate::measure::{self, Time};
use crate::plot;
use crate::rows::{Measured, Row};

pub struct Report {
    pub rows: Vec<Measurement>,
    machine: String,
    compilers: Vec<String>,
    skipped: Vec<String>,
}

/// What a row came to.
pub struct Measurement {
    pub row: &'static Row,
    pub entries: Vec<Entry>,
}

/// What one of a row did.
pub struct Entry {
    pub who: Contestant,
    /// Instructions or bytes; not where only time is taken.
    pub cost: Option<f64>,
    pub time: Option<Time>,
    depth: Option<u64>,
    checksum: u64,
}

/// Measures these rows, of everybody who is there.
pub fn measure(rows: &[&'static Row]) -> Report {
    let all = contestants::all(rows);
    let mut skipped = all.skipped;
    let valgrind = measure::has_valgrind();
    if !valgrind {
        skipped.push("instructions, and bytes: valgrind counts them, and is not there".to_owned());
    }
    let jobs: Vec<(&'static Row, Contestant)> = rows
        .iter()
        .flat_map(|&row| all.contestants.iter().filter(|it| it.row == row.id).map(move |it| (row, it.clone())))
        .collect();
    let costs = measure::each(&jobs, |(row, it)| cost(row, it, valgrind));
    let mut rows: Vec<Measurement> = rows.iter().map(|&row| Measurement { row, entries: vec![] }).collect();
    for ((row, who), (cost, checksum)) in jobs.into_iter().zip(costs) {
        let measured = rows.iter_mut().find(|it| it.row.id == row.id).expect("it is one of them");
        measured.entries.push(Entry { who, checksum, cost, time: None, depth: None });
    }
    for Measurement { row, entries } in &rows {
        // Who comes to another result has done other work.
        if let Some(other) = entries.iter().find(|it| it.checksum != entries[0].checksum) {
            panic!("{}: {} and {} disagree", row.id, entries[0].who.who, other.who.who);
        }
    }
    // These want the machine for themselves.
    for measured in &mut rows {
        let row = measured.row;
        if matches!(row.measured, Measured::Cost | Measured::Time) {
            let contestants: Vec<&Contestant> = measured.entries.iter().map(|it| &it.who).collect();
            let times = measure::times(row, &contestants);
            measured.entries.iter_mut().zip(times).for_each(|(entry, time)| entry.time = Some(time));
        }
        if row.measured == Measured::Depth {
            measured.entries.iter_mut().for_each(|entry| entry.depth = Some(measure::depth(&entry.who)));
        }
    }
    Report { rows, machine: machine(), compilers: all.compilers, skipped }
}

/// What one costs, and its checksum.
fn cost(row: &Row, who: &Contestant, valgrind: bool) -> (Option<f64>, u64) {
    let counted = |(cost, checksum)| (Some(cost), checksum);
    match row.measured {
        Measured::Resident => counted(measure::resident(row, who)),
        Measured::Cost | Measured::Depth if valgrind => counted(measure::instructions(row, who)),
        Measured::Bytes if valgrind => counted(measure::bytes(row, who)),
        _ => (None, who.run(&[], row.counted).0.checksum),
    }
}

impl Measurement {
    /// What `wanted` costs.
    fn of(&self, wanted: impl Fn(&Contestant) -> bool) -> Option<&Entry> {
        self.entries.iter().filter(|it| wanted(&it.who)).min_by(|one, other| one.figure().total_cmp(&other.figure()))
    }

    fn ours(&self) -> Option<&Entry> {
        self.entries.iter().find(|it| it.who.is_ours())
    }
}

impl Entry {
    /// What is compared: instructions or bytes, or else the time.
    pub fn figure(&self) -> f64 {
        self.cost.or(self.time.map(|time| time.median)).unwrap_or(f64::NAN)
    }
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    format!("{}, {cores} cores; kernel {}", model.map_or("unknown", |(_, model)| model), kernel.trim())
}

/// As people write it.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        "?".to_owned()
    } else if value < 99.95 && value.fract() > 0.05 && value.fract() < 0.95 {
        format!("{value:.1}")
    } else {
        let digits = format!("{value:.0}");
        let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|it| str::from_utf8(it).expect("digits")).collect();
        groups.join(",")
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "* Machine: {}", self.machine)?;
        for compiler in &self.compilers {
            writeln!(f, "* Compiled by {compiler}")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "* Left out: {skipped}")?;
        }
        self.summary(f)?;
        for measured in &self.rows {
            measured.fmt(f)?;
        }
        self.lost(f)
    }
}

impl Report {
    /// A line for each row: we, C++, and the best of the others.
    fn summary(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| | per operation | ours | g++ | clang++ | best other Rust coroutine | |\n|---|---|--:|--:|--:|--:|---|"
        )?;
        for measured in &self.rows {
            let cell = |entry: Option<&Entry>| entry.map_or("–".to_owned(), |it| number(it.figure()));
            let best = measured.of(|it| !it.is_ours() && !it.is_cpp() && it.who != "by hand" && it.who != "Rust");
            let unit = if measured.row.measured == Measured::Time { ", ns" } else { "" };
            writeln!(
                f,
                "| {} | {}{unit} | {} | {} | {} | {} | {} |",
                measured.row.id,
                measured.row.what,
                cell(measured.ours().or(measured.of(|it| it.who == "Rust"))),
                cell(measured.of(|it| it.who == "g++")),
                cell(measured.of(|it| it.who == "clang++")),
                cell(best),
                best.map_or("", |best| &best.who.who),
            )?;
        }
        Ok(())
    }

    /// Where somebody costs less than we do.
    fn lost(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### Who costs less than we do\n")?;
        for measured in &self.rows {
            let Some(ours) = measured.ours() else { continue };
            let cheaper = |it: &&Entry| !it.who.is_ours() && it.figure() < ours.figure();
            let cheaper: BTreeSet<String> = measured
                .entries
                .iter()
                .filter(cheaper)
                .map(|it| format!("{} ({:.2})", it.who.who, it.figure() / ours.figure()))
                .collect();
            if !cheaper.is_empty() {
                let cheaper: Vec<_> = cheaper.into_iter().collect();
                writeln!(f, "* {}: {}", measured.row.id, cheaper.join(", "))?;
            }
        }
        Ok(())
    }
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}: {}\n", self.row.id, self.row.what)?;
        match self.row.measured {
            Measured::Cost => writeln!(f, "| | instructions | of ours | ns, median | least |\n|---|--:|--:|--:|--:|")?,
            Measured::Time => writeln!(f, "| | ns, median | of ours | least |\n|---|--:|--:|--:|")?,
            Measured::Depth => writeln!(f, "| | instructions | of ours | greatest depth |\n|---|--:|--:|--:|")?,
            Measured::Bytes | Measured::Resident => writeln!(f, "| | bytes | of ours |\n|---|--:|--:|")?,
        }
        let ours = self.ours().map_or(f64::NAN, Entry::figure);
        for entry in &self.entries {
            let ratio = entry.figure() / ours;
            let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.2}") };
            write!(f, "| {} | {} | {ratio} |", entry.who.who, number(entry.figure()))?;
            match (entry.time, entry.depth) {
                (Some(time), _) if entry.cost.is_some() => write!(f, " {:.1} | {:.1} |", time.median, time.least)?,
                (Some(time), _) if self.row.measured == Measured::Cost => {
                    write!(f, " {:.1} | {:.1} |", time.median, time.least)?;
                }
                (Some(time), _) => write!(f, " {:.1} |", time.least)?,
                (None, Some(depth)) if depth >= 1_000_000 => write!(f, " 1,000,000 and more |")?,
                (None, Some(depth)) => write!(f, " {}, then overflows |", number(depth as f64))?,
                (None, None) => {}
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Puts the tables into `BENCHMARKS.md`, and the plot beside this file.
pub fn write(report: &Report) {
    const BEGIN: &str = "<!-- measured: begin -->\n";
    const END: &str = "<!-- measured: end -->\n";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("BENCHMARKS.md");
    let mut text = fs::read_to_string(&page).expect("it is there");
    let (begin, end) = text.find(BEGIN).zip(text.find(END)).expect("it says where the tables are");
    text.replace_range(begin + BEGIN.len()..end, &format!("{report}"));
    fs::write(page, text).expect("it can be written");
    fs::write(root.join("benches/instructions/plot.svg"), plot::svg(report)).expect("it can be written");
    print!("{report}");
}
