//! `examples/mouse_click.rs` as people run it: with clicks by name, and with the mouse on a (pseudo) terminal.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../examples/mouse_click.rs");

/// The example in the directory of this test's own build, built anew if this runs under `cargo test`.
fn example() -> Command {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    Command::new(PATH.get_or_init(|| {
        let this = std::env::current_exe().expect("a running program has a path");
        let profile = this.ancestors().nth(2).expect("tests are in TARGET/[TRIPLE/]PROFILE/deps");
        if let Some(cargo) = std::env::var_os("CARGO") {
            build_example(&cargo, profile);
        }
        profile.join("examples").join(format!("mouse_click{}", std::env::consts::EXE_SUFFIX))
    }))
}

/// `cargo test --test mouse_click` does not build the example, and one left over from an earlier build would be tested.
fn build_example(cargo: &OsStr, profile: &Path) {
    let parent = profile.parent().expect("it is in the target directory");
    // Directly, or in the directory of a `--target`. Only cargo's own file tells which; without it, this builds more.
    let target_dir = parent.ancestors().take(2).find(|dir| dir.join(".rustc_info.json").is_file()).unwrap_or(parent);
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--example", "mouse_click", "--target-dir"]).arg(target_dir);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    if parent != target_dir {
        build.arg("--target").args(parent.file_name());
    }
    if let Some(name) = profile.file_name()
        && name != "debug"
    {
        build.arg("--profile").arg(name);
    }
    assert!(build.status().expect("cargo runs").success(), "{build:?}");
}

/// A file for one test to open, with what its name and content are.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mouse_click-{name}"));
    fs::write(&path, content).expect("the temporary directory can be written");
    path
}

/// What the example says when it has read `clicks` and waits for the next one.
fn waiting_after(clicks: usize) -> String {
    let statement = if clicks == 0 { "let mut first = Signal.await;" } else { "let second = Signal.await;" };
    let (line, text) =
        (1..).zip(SOURCE.lines()).find(|(_, line)| line.trim() == statement).expect("the example has it");
    let column = text.find("await").expect("it awaits") + 1;
    let file = Path::new("examples").join("mouse_click.rs");
    format!("waiting in open_file at {}:{line}:{column}: Signal.await", file.display())
}

/// Runs the example with `input`, which is not a terminal.
fn run(arguments: &[&OsStr], input: impl AsRef<[u8]>) -> Output {
    let mut example = example();
    let mut child = example
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    // An example that stops reading early is for the caller to judge.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_ref());
    child.wait_with_output().expect("the example ends")
}

#[track_caller]
fn assert_output(output: &Output, code: i32, stdout: &str, stderr: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
    assert_eq!(String::from_utf8_lossy(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(code), "{:?}", output.status);
}

/// Checks the states shown for `clicks` that are not two left ones in a row, then what comes after.
#[track_caller]
fn assert_ends_waiting(output: &Output, clicks: &[&str], code: i32, stderr: &str) {
    let state = |(index, click)| format!("{click:<5}  → {}\n", waiting_after(index));
    let stdout: String = ["start"].iter().chain(clicks).enumerate().map(state).collect();
    assert_output(output, code, &stdout, stderr);
}

/// What two left clicks show, before the file or the reason why there is none.
fn two_left_clicks() -> String {
    format!("start  → {}\nleft   → {}\nleft   → returned\n", waiting_after(0), waiting_after(1))
}

#[test]
fn the_command_of_the_readme_prints_every_click_and_state_then_the_file() {
    let output = run(&["README.md".as_ref()], "left\nright\nleft\nleft\n");
    let readme = fs::read_to_string("README.md").expect("tests run beside it");
    let first_lines: String = readme.lines().take(10).flat_map(|line| [line, "\n"]).collect();
    let stdout = format!(
        "start  → {start}\nleft   → {later}\nright  → {later}\nleft   → {later}\nleft   → returned\n\
         opened README.md ({size} bytes)\n{first_lines}",
        start = waiting_after(0),
        later = waiting_after(1),
        size = readme.len(),
    );
    assert_output(&output, 0, &stdout, "");
}

#[test]
fn the_states_are_different_places() {
    assert_ne!(waiting_after(0), waiting_after(1));
}

#[test]
fn ten_lines_are_the_first_lines() {
    let lines: Vec<_> = (1..=12).map(|n| format!("line {n}\n")).collect();
    let path = file("twelve-lines", lines.concat());
    let stdout = format!("{}opened {} (87 bytes)\n{}", two_left_clicks(), path.display(), lines[..10].concat());
    assert_output(&run(&[path.as_ref()], "left\nleft\n"), 0, &stdout, "");
}

#[test]
fn an_empty_file_has_no_lines() {
    let path = file("empty", "");
    let stdout = format!("{}opened {} (0 bytes)\n", two_left_clicks(), path.display());
    assert_output(&run(&[path.as_ref()], "left\nleft\n"), 0, &stdout, "");
}

#[test]
fn words_may_be_in_any_case_with_space_and_empty_lines_around_them() {
    let path = file("words", "text");
    let stdout = format!("{}opened {} (4 bytes)\ntext\n", two_left_clicks(), path.display());
    for input in ["LEFT\nLeft\n", "left\r\nleft\r\n", "\n\n  left\t\n \t \n\r\nlEfT", "left\nleft\nleft\nnonsense\n"] {
        assert_output(&run(&[path.as_ref()], input), 0, &stdout, "");
    }
}

#[test]
fn input_that_ends_early_leaves_the_file_closed() {
    let path = file("ends-early", "text");
    for clicks in [&[][..], &["left"], &["right", "right"], &["left", "right", "left"]] {
        let message = format!("clicks read: {}; the file was not opened\n", clicks.len());
        assert_ends_waiting(&run(&[path.as_ref()], clicks.join("\n")), clicks, 1, &message);
    }
}

#[test]
fn an_unknown_word_is_reported_with_its_line() {
    let path = file("unknown-word", "text");
    let misused = |line| format!("line {line}: expected `left` or `right`\n");
    assert_ends_waiting(&run(&[path.as_ref()], "middle\n"), &[], 2, &misused(1));
    assert_ends_waiting(&run(&[path.as_ref()], "left\n\nright\nleft left\nleft\n"), &["left", "right"], 2, &misused(4));
    assert_ends_waiting(&run(&[path.as_ref()], b"left\nl\xe9ft\n"), &["left"], 2, &misused(2));
    assert_ends_waiting(&run(&[path.as_ref()], "le\0ft"), &[], 2, &misused(1));
}

#[test]
fn a_file_that_cannot_be_opened_is_named_with_the_reason() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mouse_click-missing").join("file");
    let reason = File::open(&path).expect_err("nobody made it");
    let stderr = format!("{}: {reason}\n", path.display());
    assert_output(&run(&[path.as_ref()], "left\nleft\n"), 1, &two_left_clicks(), &stderr);
}

#[test]
fn a_directory_is_named_with_the_reason() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let reason = fs::read(path).expect_err("it is a directory");
    let stderr = format!("{}: {reason}\n", path.display());
    assert_output(&run(&[path.as_ref()], "left\nleft\n"), 1, &two_left_clicks(), &stderr);
}

#[test]
fn one_argument_is_needed() {
    for arguments in [&[][..], &["one", "two"]] {
        let arguments: Vec<_> = arguments.iter().map(OsStr::new).collect();
        assert_output(&run(&arguments, "left\nleft\n"), 2, "", "usage: mouse_click FILE\n");
    }
}

#[test]
fn what_a_terminal_would_obey_is_escaped() {
    let path = file("binary", b"\x7fELF\0\xff\ttab\x1b[31m\x07\r\nsecond\xc2\x9b\n");
    let lines = "\\u{7f}ELF\\u{0}\u{fffd}\ttab\\u{1b}[31m\\u{7}\nsecond\\u{9b}\n";
    let stdout = format!("{}opened {} (27 bytes)\n{lines}", two_left_clicks(), path.display());
    assert_output(&run(&[path.as_ref()], "left\nleft\n"), 0, &stdout, "");
}

#[cfg(unix)]
#[test]
fn the_name_of_the_file_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt as _;

    let name = OsStr::from_bytes(b"no\x1b[31m\xff");
    let reason = File::open(name).expect_err("nobody made it");
    let stderr = format!("no\\u{{1b}}[31m\u{fffd}: {reason}\n");
    assert_output(&run(&[name], "left\nleft\n"), 1, &two_left_clicks(), &stderr);
}

#[test]
fn a_closed_output_is_no_reason_to_complain() -> io::Result<()> {
    let (reader, closed) = io::pipe()?;
    drop(reader);
    let mut child = example().arg("README.md").stdin(Stdio::piped()).stdout(closed).stderr(Stdio::piped()).spawn()?;
    drop(child.stdin.take());
    assert_output(&child.wait_with_output()?, 0, "", "");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_reported() -> io::Result<()> {
    let full = File::options().write(true).open("/dev/full")?;
    let reason = (&full).write(b"text").expect_err("it is full");
    let output = example().arg("README.md").stdin(Stdio::null()).stdout(full).output()?;
    assert_output(&output, 1, "", &format!("input or output failed: {reason}\n"));
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_message_that_cannot_be_written_keeps_its_exit_code() -> io::Result<()> {
    let full = File::options().write(true).open("/dev/full")?;
    assert_output(&example().stdin(Stdio::null()).stderr(full).output()?, 2, "", "");
    Ok(())
}

#[cfg(unix)]
mod on_a_terminal {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::io::{Read as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;
    use std::process::{Child, Stdio};
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::{Duration, Instant};

    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};

    use super::{example, file, two_left_clicks, waiting_after};

    const PRESS_LEFT: &str = "\x1b[<0;10;5M";
    const RELEASE_LEFT: &str = "\x1b[<0;10;5m";
    const PRESS_RIGHT: &str = "\x1b[<2;10;5M";
    const RELEASE_RIGHT: &str = "\x1b[<2;10;5m";
    const CTRL_C: &str = "\x03";

    /// How long the example may take for anything. Only a test that fails waits that long.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A pseudo terminal and the example running on it.
    struct Terminal {
        example: Child,
        keyboard_and_mouse: File,
        device: Option<OwnedFd>,
        settings: String,
        output: Receiver<Vec<u8>>,
        seen: Vec<u8>,
    }

    impl Terminal {
        /// Runs the example and waits until it shows that it waits for the first click.
        fn open(path: &Path) -> Self {
            let mut terminal = Self::start(path, None);
            terminal.wait_for_clicks(&[]);
            terminal
        }

        /// Runs the example, with its output on the terminal unless it shall go elsewhere.
        fn start(path: &Path, elsewhere: Option<Stdio>) -> Self {
            let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there is a pseudo terminal left");
            grantpt(&controller).expect("it is ours");
            unlockpt(&controller).expect("it is ours");
            let name = ptsname(&controller, Vec::new()).expect("it has a name");
            let device = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
                .unwrap_or_else(|error| panic!("{}: {error}", OsStr::from_bytes(name.as_bytes()).display()));

            let stdio = || Stdio::from(device.try_clone().expect("there is a file descriptor left"));
            let mut example = example();
            example.arg(path).stdin(stdio()).stdout(elsewhere.unwrap_or_else(stdio)).stderr(stdio());
            let settings = settings(&device);
            let child = example.spawn().expect("the example starts");
            let keyboard_and_mouse = File::from(controller);
            let output = chunks(keyboard_and_mouse.try_clone().expect("there is a file descriptor left"));
            Self { example: child, keyboard_and_mouse, device: Some(device), settings, output, seen: Vec::new() }
        }

        fn send(&mut self, bytes: &str) {
            self.keyboard_and_mouse.write_all(bytes.as_bytes()).expect("the terminal is open");
        }

        /// Waits until a picture with these clicks is complete, and checks the rest of it.
        #[track_caller]
        fn wait_for_clicks(&mut self, clicks: &[&str]) {
            let end = format!("  clicks so far: {}\r\n\r\n  Press q to leave.", clicks.join(" "));
            let deadline = Instant::now() + PATIENCE;
            while !self.seen.ends_with(end.as_bytes()) {
                match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                    Ok(bytes) => self.seen.extend(bytes),
                    Err(error) => panic!("{error}, {end:?} expected after {}", self.seen.escape_ascii()),
                }
            }
            let seen = str::from_utf8(&self.seen).expect("it is complete");
            let (_, picture) = seen.rsplit_once("\x1b[2J\x1b[1;1H").expect("a picture starts on a cleared screen");
            let picture = without_styles(picture);
            assert!(picture.contains(&format!("  {}\r\n", waiting_after(clicks.len()))), "{picture}");
            let marked: Vec<_> = picture.lines().filter_map(|line| line.strip_prefix("  ▶ ")).collect();
            let first = ["    let mut first = Signal.await;"];
            let second = ["        let second = Signal.await;"];
            assert_eq!(marked, if clicks.is_empty() { first } else { second }, "{picture}");
        }

        /// Waits for the example's end, checks that the terminal is as it was, and gives the exit code and what was
        /// printed on the terminal's normal screen.
        #[track_caller]
        fn end(mut self) -> (Option<i32>, String) {
            let code = self.wait();
            assert_eq!(settings(self.device.as_ref().expect("it is open")), self.settings);
            self.read_to_end();
            let seen = String::from_utf8_lossy(&self.seen);
            assert_eq!(modes(&seen), modes(AS_IT_WAS), "{seen:?}");
            assert_eq!(seen.matches("\x1b[?1049l").count(), 1, "a second one would move the cursor: {seen:?}");
            let (_, printed) = seen.split_once("\x1b[?1049l").expect("there is one");
            (code, printed.replace("\r\n", "\n"))
        }

        fn wait(&mut self) -> Option<i32> {
            let deadline = Instant::now() + PATIENCE;
            loop {
                if let Some(status) = self.example.try_wait().expect("it is our child") {
                    return status.code();
                }
                assert!(Instant::now() < deadline, "the example does not end");
                thread::sleep(Duration::from_millis(1));
            }
        }

        /// The output ends when nobody has the device open.
        fn read_to_end(&mut self) {
            self.device = None;
            self.seen.extend(self.output.iter().flatten());
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            // Fails if the example has ended, as it has unless the test fails.
            let _ = self.example.kill();
            let _ = self.example.wait();
        }
    }

    /// What the terminal shows, in pieces, as soon as they are there: the example must never wait for a reader.
    fn chunks(mut terminal: File) -> Receiver<Vec<u8>> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The end is an error on Linux and 0 elsewhere.
            while let Ok(read @ 1..) = terminal.read(&mut chunk) {
                if sender.send(chunk[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        receiver
    }

    fn settings(device: &OwnedFd) -> String {
        format!("{:?}", tcgetattr(device).expect("it is a terminal"))
    }

    /// Every private mode that the example changes, as it leaves it: no mouse reports, the normal screen, a cursor.
    const AS_IT_WAS: &str = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1049l\x1b[?25h";
    const CAPTURED: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1015h\x1b[?1049h\x1b[?25l";

    /// The private modes of a terminal that has received `output`: `h` sets one, `l` resets it.
    fn modes(output: &str) -> BTreeMap<&str, bool> {
        let sequences = output.split("\x1b[?").skip(1);
        sequences
            .filter_map(|text| {
                let end = text.find(|c: char| !c.is_ascii_digit())?;
                Some((&text[..end], text[end..].starts_with('h')))
            })
            .collect()
    }

    /// Removes colors and weights, which are what `m` ends.
    fn without_styles(text: &str) -> String {
        let (start, styled) = text.split_once("\x1b[").unwrap_or((text, ""));
        let rest = styled.split("\x1b[").map(|text| text.split_once('m').map_or(text, |(_, text)| text));
        [start].into_iter().chain(rest).collect()
    }

    #[test]
    fn two_left_clicks_open_the_file() {
        let path = file("clicked", "one\ntwo\n");
        let mut terminal = Terminal::open(&path);
        terminal.send(&[PRESS_LEFT, RELEASE_LEFT].concat());
        terminal.wait_for_clicks(&["left"]);
        terminal.send(&[PRESS_RIGHT, RELEASE_RIGHT].concat());
        terminal.wait_for_clicks(&["left", "right"]);
        terminal.send(&[PRESS_LEFT, RELEASE_LEFT].concat());
        terminal.wait_for_clicks(&["left", "right", "left"]);
        terminal.send(PRESS_LEFT);
        assert_eq!(terminal.end(), (Some(0), format!("opened {} (8 bytes)\none\ntwo\n", path.display())));
    }

    #[test]
    fn fast_clicks_are_not_lost() {
        let path = file("fast", "text");
        let mut terminal = Terminal::open(&path);
        terminal.send(&[PRESS_RIGHT, RELEASE_RIGHT, PRESS_LEFT, RELEASE_LEFT, PRESS_LEFT].concat());
        assert_eq!(terminal.end(), (Some(0), format!("opened {} (4 bytes)\ntext\n", path.display())));
    }

    #[test]
    fn the_terminal_is_captured_while_it_waits() {
        let mut terminal = Terminal::open(&file("captured", "text"));
        let device = terminal.device.as_ref().expect("it is open");
        let raw = tcgetattr(device).expect("it is a terminal").local_modes;
        assert!(!raw.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "{raw:?}");
        assert_eq!(modes(&String::from_utf8_lossy(&terminal.seen)), modes(CAPTURED));
        terminal.send("q");
        terminal.end();
    }

    #[test]
    fn q_and_ctrl_c_leave() {
        let path = file("left", "text");
        for key in ["q", CTRL_C] {
            let mut terminal = Terminal::open(&path);
            terminal.send(key);
            let message = "clicks read: 0; the file was not opened\n";
            assert_eq!(terminal.end(), (Some(1), message.to_owned()), "{key:?}");

            let mut terminal = Terminal::open(&path);
            terminal.send(&[PRESS_LEFT, RELEASE_LEFT, PRESS_RIGHT, RELEASE_RIGHT].concat());
            terminal.wait_for_clicks(&["left", "right"]);
            terminal.send(key);
            let message = "clicks read: 2; the file was not opened\n";
            assert_eq!(terminal.end(), (Some(1), message.to_owned()), "{key:?}");
        }
    }

    #[test]
    fn only_presses_of_the_left_and_right_button_are_clicks() {
        const NO_CLICKS: [&str; 10] = [
            "\x1b[<1;10;5M",  // the middle button, pressed
            "\x1b[<1;10;5m",  // and released
            "\x1b[<32;11;5M", // moved with the left button down
            "\x1b[<34;11;5M", // with the right one
            "\x1b[<35;12;5M", // with none
            "\x1b[<64;12;5M", // the wheel up
            "\x1b[<65;12;5M", // and down
            "\x1b[A",         // an arrow
            "c\r \x1bx",      // keys that mean nothing
            "\x1b[I\x1b[O",   // focus
        ];
        let mut terminal = Terminal::open(&file("no-click", "text"));
        terminal.send(&NO_CLICKS.concat());
        terminal.send(&[PRESS_LEFT, &NO_CLICKS.concat(), RELEASE_LEFT].concat());
        terminal.wait_for_clicks(&["left"]);
        terminal.send(&NO_CLICKS.concat());
        terminal.send("q");
        assert_eq!(terminal.end(), (Some(1), "clicks read: 1; the file was not opened\n".to_owned()));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_reported_on_the_normal_screen() {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let missing = directory.join("mouse_click-missing").join("file");
        for path in [directory, &missing] {
            let reason = fs::read(path).expect_err("it is no file");
            let mut terminal = Terminal::open(path);
            terminal.send(&[PRESS_LEFT, RELEASE_LEFT, PRESS_LEFT].concat());
            assert_eq!(terminal.end(), (Some(1), format!("{}: {reason}\n", path.display())));
        }
    }

    /// There is no column 0, and crossterm 0.29 computes `0 - 1` for it: a panic in the midst of reading a click.
    #[test]
    #[cfg_attr(not(debug_assertions), ignore = "crossterm's overflow panics only with overflow checks")]
    fn a_panic_restores_the_terminal_before_its_message() {
        let mut terminal = Terminal::open(&file("panic", "text"));
        terminal.send("\x1b[<0;0;5M");
        let (code, printed) = terminal.end();
        assert_eq!(code, Some(101));
        assert!(printed.contains("panicked at"), "{printed:?}");
        assert!(printed.contains("attempt to subtract with overflow"), "{printed:?}");
    }

    #[test]
    fn a_terminal_without_the_output_is_read_by_lines() {
        let path = file("piped", "text");
        let mut terminal = Terminal::start(&path, Some(Stdio::piped()));
        terminal.send("left\nleft\n");
        let mut stdout = String::new();
        terminal.example.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("it is UTF-8");
        assert_eq!(stdout, format!("{}opened {} (4 bytes)\ntext\n", two_left_clicks(), path.display()));
        assert_eq!(terminal.wait(), Some(0));
        terminal.read_to_end();
        assert!(modes(&String::from_utf8_lossy(&terminal.seen)).is_empty());
    }
}
