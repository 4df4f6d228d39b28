//! Servers in processes of their own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the servers; the clients are on [`CLIENTS`].
const SERVERS: usize = 0;
const CLIENTS: usize = 1;

/// Builds the examples as this program is built.
pub(crate) fn build() {
    let cargo = std::env::var_os("CARGO").expect("run it with `cargo bench --bench echo`");
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--quiet",
        "--profile",
        "bench",
        "--example",
        "tcp_echo",
        "--example",
        "udp_echo",
        "--target-dir",
    ]);
    build.arg(target_dir()).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().expect("cargo runs").success(), "the examples do not build");
    pin(None, CLIENTS);
}

/// What the figures depend on.
pub(crate) fn versions() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler =
        compiler.map_or_else(|error| error.to_string(), |it| String::from_utf8_lossy(&it.stdout).into_owned());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Processor: {}, {cores} cores here\nKernel: {}\nCompiler: {}",
        model.map_or("?", |(_, name)| name),
        kernel.trim().split('-').next().unwrap_or("?"),
        compiler.trim()
    )
}

pub(crate) fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

/// Where callgrind writes what a server does, for `callgrind_annotate`.
pub(crate) fn profile(server: &str) -> PathBuf {
    target_dir().join(format!("callgrind.{server}.out"))
}

fn target_dir() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    this.ancestors().nth(3).expect("benches are in TARGET/release/deps").to_owned()
}

fn pin(process: Option<Pid>, core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(process, &cores).expect("a machine with two cores");
}

/// A server that runs.
pub(crate) struct Server {
    name: String,
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(name: &str, buffer: usize) -> Self {
        Self::spawn(name, buffer, Command::new)
    }

    /// One whose instructions can be counted.
    pub(crate) fn under_callgrind(name: &str, buffer: usize) -> Self {
        Self::spawn(name, buffer, |program| {
            let mut command = Command::new("valgrind");
            let profile = format!("--callgrind-out-file={}", profile(name).display());
            command.args(["--tool=callgrind", "--dump-instr=yes", &profile]).arg(program);
            command
        })
    }

    fn spawn(name: &str, buffer: usize, run: impl FnOnce(PathBuf) -> Command) -> Self {
        let buffer = buffer.to_string();
        let mut command = match name.strip_prefix("coroutines") {
            Some(kind) => {
                let example = if kind.ends_with("udp") { "udp_echo" } else { "tcp_echo" };
                let mut command = run(target_dir().join("release/examples").join(example));
                let backend = if kind.starts_with("-poll") { "poll" } else { "uring" };
                command.args(["--backend", backend, "--addr", "127.0.0.1:0", "--buffer", &buffer]);
                command
            }
            None => {
                let mut command = run(std::env::current_exe().expect("it runs"));
                command.args(["--serve", name, &buffer]);
                command
            }
        };
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        pin(Some(Pid::from_child(&child)), SERVERS);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().rsplit(' ').next().and_then(|address| address.parse().ok());
        Self { name: name.to_owned(), child, address: address.expect("an address") }
    }

    /// The time, and what the server has computed.
    pub(crate) fn clock(&self) -> impl FnOnce() -> (Duration, Duration) {
        let (start, before) = (Instant::now(), self.cpu());
        let id = self.child.id();
        move || (start.elapsed(), cpu(id).saturating_sub(before))
    }

    fn cpu(&self) -> Duration {
        cpu(self.child.id())
    }

    pub(crate) fn memory(&self) -> usize {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).expect("it runs");
        statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("as always") * 4096
    }

    /// Counts its system calls with `strace`, if there is one.
    pub(crate) fn count_calls(&self) -> impl FnOnce() -> Option<f64> {
        let id = self.child.id().to_string();
        let strace = Command::new("strace").args(["-c", "-qq", "-p", &id]).stderr(Stdio::piped()).spawn().ok();
        // Until it is there.
        thread::sleep(Duration::from_millis(300));
        move || {
            let strace = strace?;
            kill_process(Pid::from_child(&strace), Signal::INT).ok()?;
            let table = strace.wait_with_output().ok()?.stderr;
            let table = String::from_utf8_lossy(&table).into_owned();
            let total = table.lines().find(|line| line.ends_with("total"))?;
            total.split_whitespace().nth(3)?.parse().ok()
        }
    }

    /// Counts its instructions, outside of the kernel, if it runs [under callgrind](Self::under_callgrind).
    pub(crate) fn count_instructions(&self) -> impl FnOnce() -> f64 {
        let process = format!("--pid={}", self.child.id());
        // A server that waits in the kernel hears nothing else.
        let dump = move || {
            let told = Command::new("vgdb").args([&process, "dump"]).stderr(Stdio::null()).status();
            assert!(told.is_ok_and(|status| status.success()), "callgrind does not listen");
        };
        // What it has done so far goes to a file of its own.
        dump();
        let profile = profile(&self.name).with_extension("out.2");
        move || {
            dump();
            let written = fs::read_to_string(profile).expect("callgrind has written it");
            let total = written.lines().find_map(|line| line.strip_prefix("totals: ")).expect("at the end of it");
            total.parse().expect("a number")
        }
    }
}

/// The time the main thread has computed: none of the servers has another one that does.
fn cpu(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/schedstat")).expect("it runs");
    Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("as always"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
