//! Who does the work: cases of this program, of its twin without recycling, and of C++ programs compiled here and now.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::rows::Row;
use crate::work;

/// Somebody who does the work of some row, in a process of its own.
#[derive(Clone, Debug)]
pub struct Contestant {
    pub row: &'static str,
    pub who: String,
    program: PathBuf,
    arguments: Vec<String>,
}

/// What the work was, as its process says.
pub struct Said {
    pub checksum: u64,
    pub nanoseconds: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}

impl Said {
    pub fn parse(line: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> = line.split_whitespace().map(|number| number.parse().ok()).collect();
        let [checksum, nanoseconds, peak_kib] = numbers?[..] else { return None };
        Some(Self { checksum, nanoseconds, peak_kib })
    }
}

impl Contestant {
    fn in_rust(program: &Path, case: work::Case, who: String) -> Self {
        let arguments = ["--work", case.row, case.who].map(str::to_owned).to_vec();
        Self { row: case.row, who, program: program.to_owned(), arguments }
    }

    pub fn is_ours(&self) -> bool {
        self.who.starts_with("ours")
    }

    pub fn is_cpp(&self) -> bool {
        self.who.contains("++")
    }

    /// Under `tool`, if it is not empty.
    fn command(&self, tool: &[&str], n: u64) -> Command {
        let mut command = match tool {
            [] => Command::new(&self.program),
            [tool, arguments @ ..] => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(&self.program);
                command
            }
        };
        command.args(&self.arguments).arg(n.to_string());
        command
    }

    /// Runs; panics if that fails.
    pub fn run(&self, tool: &[&str], n: u64) -> (Said, Output) {
        let output = self.command(tool, n).output().expect("it starts");
        let said = Said::parse(&String::from_utf8_lossy(&output.stdout));
        let said = said.filter(|_| output.status.success());
        let said = said.unwrap_or_else(|| panic!("{self:?} failed: {}", String::from_utf8_lossy(&output.stderr)));
        (said, output)
    }

    /// Whether it does so much without running out of stack.
    pub fn survives(&self, n: u64) -> bool {
        self.command(&[], n).output().expect("it starts").status.success()
    }
}

/// Our own rows, in this program.
pub fn ours() -> Vec<Contestant> {
    let this = env::current_exe().expect("a program");
    let ours = work::cases().filter(|case| case.who.starts_with("ours"));
    ours.map(|case| Contestant::in_rust(&this, case, case.who.to_owned())).collect()
}

/// Everybody, in the order of the tables.
pub struct All {
    pub contestants: Vec<Contestant>,
    /// What they were compiled by.
    pub compilers: Vec<String>,
    /// Who could not be.
    pub skipped: Vec<String>,
}

pub fn all(rows: &[&Row]) -> All {
    let mut all = All { contestants: ours(), compilers: vec![], skipped: vec![] };
    all.compilers.push(format!("{}, as `cargo bench` does; {}", rustc(), crates()));
    let this = env::current_exe().expect("a program");
    match without_recycling() {
        Some(twin) => {
            // Where no frame is freed there is nothing to recycle.
            let frees = |case: &work::Case| ["B2", "B4", "B4u", "B5a", "B5b"].contains(&case.row);
            let ours = work::cases().filter(|case| case.who.starts_with("ours") && frees(case));
            let twins = ours.map(|case| Contestant::in_rust(&twin, case, format!("{}, global allocator", case.who)));
            all.contestants.extend(twins);
        }
        None => all.skipped.push("ours with the global allocator alone: it could not be built".to_owned()),
    }
    cpp(&mut all);
    let peers = work::cases().filter(|case| !case.who.starts_with("ours"));
    all.contestants.extend(peers.map(|case| Contestant::in_rust(&this, case, case.who.to_owned())));
    all.contestants.retain(|contestant| rows.iter().any(|row| row.id == contestant.row));
    all
}

/// The releases of those that are crates.
fn crates() -> String {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = std::fs::read_to_string(lock).unwrap_or_default();
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    let names = ["async-stream", "async-trait", "corosensei", "futures", "genawaiter", "tokio"];
    names.into_iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

/// What `rustc` calls itself.
pub fn rustc() -> String {
    let rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output();
    let said = String::from_utf8(rustc.expect("rustc is there").stdout).expect("a text");
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).expect("it names its host");
    format!("{}, {host}", said.lines().next().expect("it names itself"))
}

/// This program, built again with `coro_sanitized`: its frames come from the global allocator.
fn without_recycling() -> Option<PathBuf> {
    let flags = format!("{} --cfg coro_sanitized", env::var("RUSTFLAGS").unwrap_or_default());
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--quiet", "--no-run", "--bench", "instructions", "--message-format=json"])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .env("RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("without_recycling"))
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&built.stdout);
    let program = said.lines().filter_map(|line| line.split_once(r#""executable":""#)).next_back()?.1;
    built.status.success().then(|| program.split('"').next().expect("its path").into())
}

/// Adds what the C++ compilers here make of `cpp/peers.cpp`.
fn cpp(all: &mut All) {
    let clangs = (15..=30).rev().map(|version| format!("clang++-{version}"));
    let clangs = clangs.chain(["clang++".to_owned()]).collect();
    let families = [("g++", vec!["g++".to_owned()]), ("clang++", clangs)];
    for (who, candidates) in families {
        let Some((compiler, program)) = candidates.iter().find_map(|it| Some((it, compile(it, "-O3")?))) else {
            all.skipped.push(format!("{who}: none is there that knows C++20's coroutines"));
            continue;
        };
        let version = Command::new(compiler).arg("--version").output().expect("it is there").stdout;
        let version = String::from_utf8_lossy(&version).lines().next().unwrap_or_default().to_owned();
        all.compilers.push(format!("{version}, {}", FLAGS.join(" ")));
        add_cpp(all, who, &program, |_| true);
        if let Some(program) = compile(compiler, "-O0") {
            add_cpp(all, &format!("{who} -O0"), &program, |row| row.starts_with("B5b"));
        }
    }
}

const FLAGS: [&str; 3] = ["-std=c++20", "-O3", "-pthread"];

fn compile(compiler: &str, optimization: &str) -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{compiler}{optimization}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/cpp/peers.cpp");
    let compiled = Command::new(compiler).args(FLAGS).args([optimization, "-o"]).arg(&program).arg(source).output();
    compiled.is_ok_and(|output| output.status.success()).then_some(program)
}

/// The rows that `cpp/peers.cpp` has, of those that `wanted` wants.
fn add_cpp(all: &mut All, who: &str, program: &Path, wanted: impl Fn(&str) -> bool) {
    let rows = Command::new(program).arg("--rows").output().expect("it starts").stdout;
    let rows = String::from_utf8(rows).expect("a text");
    let rows = rows.lines().filter_map(|row| crate::rows::ROWS.iter().find(|it| it.id == row));
    all.contestants.extend(rows.filter(|row| wanted(row.id)).map(|row| Contestant {
        row: row.id,
        who: who.to_owned(),
        program: program.to_owned(),
        arguments: vec![row.id.to_owned()],
    }));
}
