//! What 500 coroutines cost the compiler, beside the same functions under async-trait and as plain `async fn`s: user time of `cargo
//! check`. `cargo bench --bench compile_time`, or with `-- build` that of `cargo build --release`, too, and with `-- exact` the
//! instructions of `cargo check`'s rustc under callgrind, which are the same on each run.
//!
//! For each measure all three are run in turn, so that whatever the machine does meanwhile happens to all of them. Of each time
//! the same for an empty crate that has the same dependencies is taken off.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

const FUNCTIONS: usize = 500;
const ROUNDS: usize = 5;
/// At most so many times what async-trait's cost.
const GOAL: f64 = 1.5;

/// How the same functions are written.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Boxed,
    Ours,
}

const KINDS: [(Kind, &str); 3] = [(Kind::Plain, "async fn"), (Kind::Boxed, "async-trait"), (Kind::Ours, "coroutine")];

fn main() {
    let wants = |what: &str| env::args().any(|argument| argument == what);
    let exact = wants("exact");
    let place = env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let place = place.join("compile_time");
    let packages: Vec<[Package; 3]> = KINDS
        .iter()
        .map(|&(kind, _)| [0, FUNCTIONS / 2, FUNCTIONS].map(|count| Package::write(&place, kind, count)))
        .collect();
    let members: Vec<_> = packages.iter().flatten().map(|package| format!("{:?}", package.name)).collect();
    fs::write(
        place.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n[profile.release]\nstrip = true\n", members.join(", ")),
    )
    .expect("a file can be written");
    println!("{FUNCTIONS} functions, in microseconds of user time for each");
    let check = if exact { instructions(&place, &packages) } else { times(&place, &packages, &["check"]) };
    report(if exact { "instructions of rustc, check" } else { "cargo check" }, &check);
    if wants("build") {
        report("cargo build --release", &times(&place, &packages, &["build", "--release"]));
        let bytes =
            packages.iter().map(|[_, half, all]| (size(&place, all) - size(&place, half)) / (FUNCTIONS / 2) as f64);
        report("bytes of the program", &bytes.collect::<Vec<_>>());
    }
    if check[2] > check[1] * GOAL {
        println!("the goal, {GOAL} of async-trait's, is missed");
    }
}

fn report(what: &str, each: &[f64]) {
    println!("\n{what}");
    for ((_, name), one) in KINDS.iter().zip(each) {
        println!("{one:10.0}  {:5.2} of async-trait's  {name}", one / each[1]);
    }
}

/// A crate of so many functions.
struct Package {
    name: String,
}

impl Package {
    fn write(place: &Path, kind: Kind, count: usize) -> Self {
        let name = match kind {
            Kind::Plain => format!("plain{count}"),
            Kind::Boxed => format!("boxed{count}"),
            Kind::Ours => format!("ours{count}"),
        };
        let package = place.join(&name);
        fs::create_dir_all(package.join("src")).expect("a directory can be made");
        let dependency = match kind {
            Kind::Plain => String::new(),
            Kind::Boxed => "async-trait = \"0.1\"\n".to_owned(),
            Kind::Ours => {
                format!(
                    "coro = {{ package = \"coro-core\", path = {:?} }}\n",
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("coro-core")
                )
            }
        };
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n{dependency}");
        fs::write(package.join("Cargo.toml"), manifest).expect("a file can be written");
        fs::write(package.join("src/main.rs"), source(kind, count)).expect("a file can be written");
        Self { name }
    }

    fn source(&self, place: &Path) -> PathBuf {
        place.join(&self.name).join("src/main.rs")
    }
}

/// Ten functions to a type, as a program has them; under async-trait each type has a trait of its own.
fn source(kind: Kind, count: usize) -> String {
    let mut text = String::from(
        "#![allow(warnings)]\nuse std::future::{Future, Ready, ready};\nuse std::pin::pin;\nuse std::task::{Context, Poll, Waker};\n\
         pub struct Source(u32);\npub struct Error;\n\
         impl Source { fn get(&self, n: u32) -> Ready<Result<u32, Error>> { ready(Ok(self.0 + n)) } }\n\
         fn run<T>(task: impl Future<Output = Result<T, Error>>) -> Option<T> {\n\
         match pin!(task).poll(&mut Context::from_waker(Waker::noop())) { Poll::Ready(Ok(value)) => Some(value), _ => None } }\n",
    );
    let mut main = String::new();
    for group in 0..count / 10 {
        let (mut declared, mut defined) = (String::new(), String::new());
        for index in 0..10 {
            let sync = kind == Kind::Ours;
            let (attribute, keyword) = if sync { ("#[coro::coroutine] ", "") } else { ("", "async ") };
            let returns = if sync { "coro::Task<'_, Result<u32, Error>>" } else { "Result<u32, Error>" };
            let visible = if kind == Kind::Boxed { "" } else { "pub " };
            let signature = format!("fn f{index}(&self, n: u32) -> {returns}");
            let _ = writeln!(declared, "{keyword}{signature};");
            let _ = writeln!(defined, "{attribute}{visible}{keyword}{signature} {{ {} }}", body(group, index));
            let _ =
                writeln!(main, "sum += run(it.{group}.f{index}(n)).unwrap_or(1);", group = format_args!("t{group}"));
        }
        let head = match kind {
            Kind::Boxed => format!(
                "#[async_trait::async_trait] pub trait Of{group} {{ {declared} }}\n\
                 #[async_trait::async_trait] impl Of{group} for T{group}"
            ),
            _ => format!("impl T{group}"),
        };
        let _ = writeln!(text, "pub struct T{group}(Source);\n{head} {{\n{defined}}}");
    }
    let fields: String = (0..count / 10).map(|group| format!("t{group}: T{group},")).collect();
    let values: String = (0..count / 10).map(|group| format!("t{group}: T{group}(Source(n)),")).collect();
    let _ = writeln!(
        text,
        "pub struct All {{ {fields} }}\nfn main() {{ let n = std::env::args().count() as u32; let mut sum = Source(n).0; \
         let it = All {{ {values} }}; {main} println!(\"{{}}\", sum + run(Source(n).get(n)).unwrap_or(0)); drop(it); }}"
    );
    text
}

/// What functions do: await, ask, loop, and call each other.
fn body(group: usize, index: usize) -> String {
    let before = index.saturating_sub(1);
    match index % 5 {
        0 => "let first = self.0.get(n).await?; let second = self.0.get(first).await?; Ok(first + second)".to_owned(),
        1 => format!(
            "let mut sum = 0; for k in 0..n {{ let got = self.0.get(k).await?; if got == {group} {{ return Ok(sum); }} sum += got; }} Ok(sum)"
        ),
        2 => format!(
            "match self.f{before}(n).await {{ Ok(value) if value > {index} => Ok(value), Ok(_) => Err(Error), Err(error) => Err(error) }}"
        ),
        3 => format!(
            "let name = String::from(\"{group}\"); let got = self.f{before}(n).await? + self.0.get(n).await?; Ok(got + name.len() as u32)"
        ),
        _ => "if n > 7 { Err(Error) } else { Ok(n) }".to_owned(),
    }
}

fn cargo(place: &Path, package: &Package, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).args(["--quiet", "--package", &package.name]).current_dir(place);
    command.env("CARGO_TARGET_DIR", place.join("target")).env("CARGO_INCREMENTAL", "0");
    command
}

/// User time of cargo and rustc, in microseconds for each function.
fn times(place: &Path, packages: &[[Package; 3]], arguments: &[&str]) -> Vec<f64> {
    let mut samples = vec![[const { Vec::new() }; 2]; packages.len()];
    for round in 0..=ROUNDS {
        for (packages, samples) in packages.iter().zip(&mut samples) {
            for (package, samples) in [&packages[0], &packages[2]].into_iter().zip(samples) {
                let time = time(|| {
                    let text = fs::read(package.source(place)).expect("it was written");
                    fs::write(package.source(place), text).expect("a file can be written");
                    assert!(cargo(place, package, arguments).status().expect("cargo runs").success());
                });
                // The first builds the dependencies.
                if round > 0 {
                    samples.push(time.as_secs_f64() * 1e6 / FUNCTIONS as f64);
                }
            }
        }
    }
    samples.iter_mut().map(|[empty, all]| median(all) - median(empty)).collect()
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// User time of the children that `run` waits for.
fn time(run: impl FnOnce()) -> Duration {
    let before = children();
    run();
    children() - before
}

fn children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("it runs on Linux");
    // Behind the name, which is in parentheses and may be anything; in hundredths of a second.
    let ticks = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(13)).expect("proc(5) has it");
    Duration::from_millis(10 * ticks.parse::<u64>().expect("a number"))
}

/// Instructions of rustc itself, for each function.
fn instructions(place: &Path, packages: &[[Package; 3]]) -> Vec<f64> {
    let wrapper = place.join("under-callgrind");
    let count = |package: &Package| {
        assert!(cargo(place, package, &["check"]).status().expect("cargo runs").success());
        let text = fs::read(package.source(place)).expect("it was written");
        fs::write(package.source(place), text).expect("a file can be written");
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *src/main.rs*) exec valgrind --tool=callgrind --callgrind-out-file=/dev/null \
             --log-file={:?} \"$@\";; esac\nexec \"$@\"\n",
            place.join("log")
        );
        fs::write(&wrapper, script).expect("a file can be written");
        let _ = Command::new("chmod").arg("+x").arg(&wrapper).status();
        let mut command = cargo(place, package, &["check"]);
        command.env("RUSTC_WORKSPACE_WRAPPER", &wrapper).stdout(Stdio::null());
        assert!(command.status().expect("cargo runs").success());
        let log = fs::read_to_string(place.join("log")).expect("valgrind writes it");
        let collected = log.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says it").1;
        collected.trim().parse::<f64>().expect("a number")
    };
    packages.iter().map(|[empty, _, all]| (count(all) - count(empty)) / FUNCTIONS as f64).collect()
}

fn size(place: &Path, package: &Package) -> f64 {
    assert!(cargo(place, package, &["build", "--release"]).status().expect("cargo runs").success());
    fs::metadata(place.join("target/release").join(&package.name)).expect("it was built").len() as f64
}
