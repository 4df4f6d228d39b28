//! What the tests of the servers share: the examples as people run them, on both backends, and clients of all kinds.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, abort};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal};

/// Makes two tests out of each function, in the modules `uring` and `poll`.
#[macro_export]
macro_rules! on_both_backends {
    ($(fn $name:ident($backend:ident: &str) $body:block)+) => {
        $(fn $name($backend: &str) $body)+

        mod uring {
            $(#[test] fn $name() { $crate::echo_support::check("uring", super::$name); })+
        }

        mod poll {
            $(#[test] fn $name() { $crate::echo_support::check("poll", super::$name); })+
        }
    };
}

/// No test waits longer than this for anything that is to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test, if its backend is to be had. One at a time: some open thousands of files, some look at the time.
pub fn check(backend: &str, test: fn(&str)) {
    let _one = one_at_a_time();
    if backend == "uring" && !uring_is_here() {
        return eprintln!("SKIPPED: io_uring is not to be had");
    }
    let _watchdog = watchdog();
    test(backend);
}

pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn uring_is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        // It says so before it finds that it has no place to listen on.
        let mut probe = example("udp_echo");
        let ended = probe.args(["--backend", "uring", "--addr", "192.0.2.1:1"]).output().expect("it runs");
        !String::from_utf8_lossy(&ended.stderr).starts_with("io_uring")
    })
}

fn watchdog() -> mpsc::Sender<()> {
    let (alive, dead) = mpsc::channel();
    let name = thread::current().name().unwrap_or_default().to_owned();
    thread::spawn(move || {
        if dead.recv_timeout(4 * PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            abort();
        }
    });
    alive
}

/// The example in the directory of this test's own build, built anew if this runs under `cargo test`.
pub fn example(name: &str) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let examples = BUILT.get_or_init(|| {
        let this = std::env::current_exe().expect("a running program has a path");
        let profile = this.ancestors().nth(2).expect("tests are in TARGET/[TRIPLE/]PROFILE/deps");
        if let Some(cargo) = std::env::var_os("CARGO") {
            build_examples(&cargo, profile);
        }
        profile.join("examples")
    });
    Command::new(examples.join(name))
}

fn build_examples(cargo: &OsStr, profile: &Path) {
    let parent = profile.parent().expect("it is in the target directory");
    // Directly, or in the directory of a `--target`. Only cargo's own file tells which; without it, this builds more.
    let target_dir = parent.ancestors().take(2).find(|dir| dir.join(".rustc_info.json").is_file()).unwrap_or(parent);
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--target-dir"]).arg(target_dir).current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in ["tcp_echo", "udp_echo", "tcp_proxy"] {
        build.args(["--example", name]);
    }
    if parent != target_dir {
        build.arg("--target").args(parent.file_name());
    }
    if let Some(name) = profile.file_name()
        && name != "debug"
    {
        build.arg("--profile").arg(name);
    }
    assert!(build.status().expect("cargo runs").success(), "the examples do not build");
}

/// `tcp_echo` under a limit of the system, as `ulimit` understands it.
pub fn tcp_echo_under(limit: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\"")]).arg(example("tcp_echo").get_program());
    shell
}

/// A server that runs.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
    logging: Option<JoinHandle<()>>,
    files: usize,
    /// A client that has nothing to do with what happens, and must not notice it.
    bystander: Option<TcpStream>,
}

impl Server {
    /// `tcp_echo`, with buffers of 1000 bytes unless the arguments say otherwise.
    pub fn tcp(backend: &str, arguments: &[&str]) -> Self {
        Self::start("tcp_echo", backend, &[&["--buffer", "1000"], arguments].concat()).with_bystander()
    }

    /// `tcp_echo` under a limit of the system, as `ulimit` understands it.
    pub fn tcp_under(limit: &str, backend: &str) -> Self {
        Self::spawn(tcp_echo_under(limit), backend, &[]).with_bystander()
    }

    fn with_bystander(mut self) -> Self {
        let server = &mut self;
        let bystander = server.client();
        assert_echo(&bystander, b"hello");
        // Everything is set up by now.
        server.files = server.open_files();
        server.bystander = Some(bystander);
        self
    }

    /// Any server: it says where it listens.
    pub fn start(name: &str, backend: &str, arguments: &[&str]) -> Self {
        Self::spawn(example(name), backend, arguments)
    }

    fn spawn(mut command: Command, backend: &str, arguments: &[&str]) -> Self {
        if !backend.is_empty() {
            command.args(["--backend", backend]);
        }
        command.args(["--addr", "127.0.0.1:0"]).args(arguments);
        // Else a sanitizer keeps 256 MiB of what was freed, and some tests look at the memory.
        let sanitizer = std::env::var("ASAN_OPTIONS").unwrap_or_default();
        command.env("ASAN_OPTIONS", sanitizer + ":quarantine_size_mb=8");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("piped");
        // Byte by byte: what follows is read at the end.
        while !line.ends_with('\n') {
            let mut byte = [0];
            out.read_exact(&mut byte).expect("it says where it listens");
            line.push(byte[0].into());
        }
        let address = line.strip_prefix("listening on ").and_then(|address| address.trim().parse().ok());
        let log = Arc::new(Mutex::new(String::new()));
        let errors = BufReader::new(child.stderr.take().expect("piped"));
        let logging = thread::spawn({
            let log = log.clone();
            move || {
                for line in errors.lines() {
                    let mut log = log.lock().expect("nobody panics with it");
                    log.push_str(&line.expect("text"));
                    log.push('\n');
                }
            }
        });
        let address = address.expect("`listening on ADDRESS`");
        Self { child, address, log, logging: Some(logging), files: 0, bystander: None }
    }

    pub fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client.set_write_timeout(Some(PATIENCE)).expect("a socket");
        client.set_nodelay(true).expect("a TCP socket");
        client
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("nobody panics with it").clone()
    }

    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// How many bytes of memory it occupies.
    pub fn memory(&self) -> usize {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).expect("it runs");
        statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("as always") * 4096
    }

    /// How many clock ticks it has computed.
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("as always").split_whitespace().collect();
        fields[11].parse::<u64>().expect("as always") + fields[12].parse::<u64>().expect("as always")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// How many files it had open at first, the bystander's among them.
    pub fn files_at_first(&self) -> usize {
        self.files
    }

    /// Nothing is left of what happened: new clients and old ones are served, and every other connection is closed.
    pub fn assert_unharmed(&self) {
        assert_echo(&self.client(), b"a new client");
        assert_echo(self.bystander.as_ref().expect("`tcp` has one"), b"an old client");
        let deadline = Instant::now() + PATIENCE;
        while self.open_files() != self.files {
            let (now, first, log) = (self.open_files(), self.files, self.log());
            assert!(Instant::now() < deadline, "{now} descriptors, {first} at first: {log}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it runs");
    }

    /// Asks it to end, and says what it has logged.
    pub fn stop(self) -> String {
        self.stop_by(Signal::TERM)
    }

    pub fn stop_by(mut self, signal: Signal) -> String {
        self.signal(signal);
        let status = self.child.wait().expect("it ends");
        self.logging.take().expect("as started").join().expect("no panic");
        let log = self.log();
        assert!(status.success(), "{status}: {log}");
        let mut rest = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "goodbye\n");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If a test fails, what the server has to say about it may not come again.
        if thread::panicking() {
            let ended = self.child.try_wait();
            eprintln!("the server has ended: {ended:?}; it has said: {}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends, and expects the same back.
pub fn assert_echo(mut client: &TcpStream, data: &[u8]) {
    client.write_all(data).expect("it is read");
    let mut echoed = vec![0; data.len()];
    client.read_exact(&mut echoed).expect("it comes back");
    assert!(echoed == data, "as it was sent");
}

/// Does it again if it is interrupted: with a time limit, a call to the kernel is not taken up again when the process was
/// stopped for a moment.
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Waits until it holds.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// As many files as the system allows; how many that is.
pub fn raise_file_limit() -> usize {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = rustix::process::setrlimit(Resource::Nofile, raised);
    let now = rustix::process::getrlimit(Resource::Nofile).current;
    now.map_or(usize::MAX, |now| usize::try_from(now).unwrap_or(usize::MAX))
}

/// Bytes that differ from place to place, and from seed to seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}
