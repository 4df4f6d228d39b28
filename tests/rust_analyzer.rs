//! What an editor shows of a crate that uses the attributes: rust-analyzer itself is asked, by the protocol that editors
//! speak. Skipped where there is no rust-analyzer.
#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// `⟨name⟩` is a place that the test asks about, and no part of the program.
const PROGRAM: &str = r#"
use coro::{AsyncGenerator, CoroutineHandle, Generator, Task};

macro_rules! same {
    ($e:expr) => { $e };
}

pub struct Account {
    pub balance: u32,
}

impl Account {
    pub fn deposit(&mut self, amount: u32) {
        self.balance += amount;
    }
}

#[coro::coroutine]
pub fn whole(account: Account, amount: u32) -> Task<'static, u32> {
    let ⟨local⟩doubled = amount + amount;
    account.⟨field⟩balance + doubled
}

#[coro::coroutine]
pub fn half_typed(mut account: Account) -> Task<'static, u32> {
    account.⟨completion⟩
}

#[coro::coroutine]
pub fn completed(mut account: Account) -> Task<'static, u32> {
    account.⟨completion in a whole body⟩balance;
    1
}

pub fn caller(account: Account) {
    let ⟨result⟩task = ⟨call⟩half_typed(account);
}

#[coro::coroutine]
pub fn in_a_macro() -> Generator<'static, u32> {
    same!(⟨yield in a macro⟩co_yield!(1));
}

#[coro::coroutine]
pub fn of_words() -> AsyncGenerator<'static, u32> {
    let amount = ⟨await⟩co_await!(std::future::ready(1));
    ⟨yield⟩co_yield!(amount);
    co_yield!(⟨yielded⟩amount);
}

pub struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
pub struct StepsPromise;

#[coro::promise]
impl StepsPromise {
    fn ⟨new⟩new() -> Self {
        StepsPromise
    }
    fn ⟨object⟩get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> {
        Steps(handle)
    }
    fn ⟨return⟩return_void(&mut self) {}
}
"#;

/// rust-analyzer, at the crate of `PROGRAM`.
struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// What came while an answer was waited for.
    waiting: VecDeque<Value>,
    last: u64,
    uri: String,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Without the marks.
fn text() -> String {
    let parts = PROGRAM.split('⟨').map(|part| part.split_once('⟩').map_or(part, |(_, rest)| rest));
    parts.collect()
}

/// Line and column.
fn place(mark: &str) -> Value {
    let before = PROGRAM.split(&format!("⟨{mark}⟩")).next().filter(|before| before.len() < PROGRAM.len());
    let before = before.unwrap_or_else(|| panic!("there is no mark `{mark}`"));
    let line = before.lines().count() - usize::from(!before.ends_with('\n'));
    let in_line = before.rsplit('\n').next().unwrap_or_default();
    json!({ "line": line, "character": in_line.chars().count() })
}

fn write_package() -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust_analyzer");
    fs::create_dir_all(package.join("src")).expect("a directory can be made");
    let coro = Path::new(env!("CARGO_MANIFEST_DIR")).join("coro-core");
    let manifest = format!(
        "[package]\nname = \"edited\"\nedition = \"2024\"\n[dependencies]\n\
         coro = {{ package = \"coro-core\", path = {coro:?} }}\n[workspace]\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a file can be written");
    fs::write(package.join("src/lib.rs"), text()).expect("a file can be written");
    package
}

/// Without the library of `std`, whose source rust-analyzer would install where it is missing.
fn options() -> Value {
    let rustc = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc built this test");
    let sysroot = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
    json!({
        "checkOnSave": false,
        "cachePriming": { "enable": false },
        "cargo": { "sysroot": null },
        "procMacro": { "server": Path::new(&sysroot).join("libexec/rust-analyzer-proc-macro-srv") },
    })
}

impl Editor {
    /// Nothing where rust-analyzer is not installed.
    fn open() -> Option<Self> {
        let is_there = Command::new("rust-analyzer").arg("--version").output().is_ok_and(|out| out.status.success());
        if !is_there {
            eprintln!("SKIPPED: there is no rust-analyzer (`rustup component add rust-analyzer`)");
            return None;
        }
        let package = write_package();
        let mut server = Command::new("rust-analyzer")
            .current_dir(&package)
            .env("CARGO_TARGET_DIR", package.join("target"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it was there");
        let (sender, messages) = channel();
        let mut output = BufReader::new(server.stdout.take().expect("it is a pipe"));
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = server.stdin.take().expect("it is a pipe");
        let uri = format!("file://{}", package.join("src/lib.rs").display());
        let mut editor = Self { server, input, messages, waiting: VecDeque::new(), last: 0, uri };
        editor.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": format!("file://{}", package.display()),
                "capabilities": {
                    "window": { "workDoneProgress": true },
                    "textDocument": { "hover": { "contentFormat": ["plaintext"] } },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": options(),
            }),
        );
        editor.notify("initialized", json!({}));
        let text = text();
        let document = json!({ "uri": editor.uri, "languageId": "rust", "version": 1, "text": text });
        editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
        editor.wait_until_ready();
        Some(editor)
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("rust-analyzer listens");
        self.input.flush().expect("rust-analyzer listens");
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message; requests of the server's are answered with nothing.
    fn next(&mut self, deadline: Instant) -> Value {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = self.messages.recv_timeout(left).expect("rust-analyzer answers in time");
        if message.get("method").is_some()
            && let Some(id) = message.get("id")
        {
            let result = if message["method"] == "workspace/configuration" { json!([null]) } else { Value::Null };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
        message
    }

    /// The project is loaded, and its macros are built.
    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(300);
        loop {
            let message = self.waiting.pop_front().unwrap_or_else(|| self.next(deadline));
            if message["method"] == "experimental/serverStatus" && message["params"]["quiescent"] == true {
                // Also if a macro cannot be built.
                assert_eq!(message["params"]["health"], "ok", "{message}");
                return;
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            self.last += 1;
            let id = self.last;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
            let answer = loop {
                let message = self.next(deadline);
                if message["id"] == id && message.get("method").is_none() {
                    break message;
                }
                self.waiting.push_back(message);
            };
            // The text or the project has changed meanwhile.
            if answer["error"]["code"] == -32801 {
                continue;
            }
            assert!(answer.get("error").is_none(), "{answer}");
            return answer["result"].clone();
        }
    }

    fn at(&mut self, method: &str, mark: &str) -> Value {
        let document = json!({ "uri": self.uri });
        self.request(method, json!({ "textDocument": document, "position": place(mark) }))
    }

    fn hover(&mut self, mark: &str) -> String {
        let shown = self.at("textDocument/hover", mark);
        shown["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is offered, by name.
    fn completions(&mut self, mark: &str) -> Vec<String> {
        let offered = self.at("textDocument/completion", mark);
        let items = offered["items"].as_array().or_else(|| offered.as_array()).cloned().unwrap_or_default();
        let name = |item: &Value| item["filterText"].as_str().or_else(|| item["label"].as_str()).map(str::to_owned);
        items.iter().filter_map(name).collect()
    }

    /// The lines that are found.
    fn definitions(&mut self, mark: &str) -> Vec<String> {
        let found = self.at("textDocument/definition", mark);
        let line = |one: &Value| {
            let file = one["uri"].as_str()?.strip_prefix("file://")?;
            let line = usize::try_from(one["range"]["start"]["line"].as_u64()?).ok()?;
            fs::read_to_string(file).ok()?.lines().nth(line).map(str::to_owned)
        };
        found.as_array().into_iter().flatten().filter_map(line).collect()
    }

    /// What is wrong, by line.
    fn errors(&mut self) -> Vec<(u64, String)> {
        let document = json!({ "uri": self.uri });
        let report = self.request("textDocument/diagnostic", json!({ "textDocument": document }));
        let items = report["items"].as_array().cloned().unwrap_or_default();
        let error = |item: &Value| {
            let line = item["range"]["start"]["line"].as_u64()?;
            (item["severity"] == 1).then(|| (line, item["message"].as_str().unwrap_or_default().to_owned()))
        };
        items.iter().filter_map(error).collect()
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[test]
fn an_editor_understands_bodies_signatures_and_hooks() {
    let Some(mut editor) = Editor::open() else { return };

    // The caller of a half-typed function is told what it returns.
    assert!(editor.hover("call").contains("pub fn half_typed(mut account: Account) -> Task<'static, u32>"));
    assert!(editor.hover("result").contains("let task: Task<'_, u32>"));

    // Bodies: tokens keep their types and places.
    assert!(editor.hover("local").contains("let doubled: u32"));
    assert!(editor.hover("field").contains("pub balance: u32"));
    assert_eq!(editor.definitions("field"), ["    pub balance: u32,"]);
    for body in ["completion", "completion in a whole body"] {
        let offered = editor.completions(body);
        for name in ["balance", "deposit"] {
            assert!(offered.iter().any(|one| one == name), "{body}: {offered:?}");
        }
    }

    // The words of a body, and what is in them.
    assert!(editor.hover("yield").contains("Yields a value from a coroutine"), "{}", editor.hover("yield"));
    assert!(editor.hover("await").contains("Awaits in a coroutine"), "{}", editor.hover("await"));
    assert!(editor.hover("yielded").contains("let amount: "), "{}", editor.hover("yielded"));

    // Where the local macro is used, its documentation is shown.
    assert!(editor.hover("yield in a macro").contains("Yields a value, or with .. all values of another coroutine."));

    // A hook leads to what it stands for.
    for (mark, declared) in [
        ("new", "pub trait NewPromise: Promise {"),
        ("object", "pub trait Coroutine<'a>: Sized {"),
        ("return", "type Value;"),
    ] {
        let found = editor.definitions(mark);
        assert!(found.iter().any(|line| line.trim() == declared), "{mark}: {found:#?}");
    }

    // The mistake is where it was made, and the caller has none.
    let errors = editor.errors();
    let has_error = |mark| errors.iter().any(|(line, _)| place(mark)["line"] == *line);
    assert!(has_error("completion") && !has_error("call"), "{errors:?}");
}
