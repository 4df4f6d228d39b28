//! The guide in `coro-core/guide`: its C++ snippets compile. (Its Rust snippets are doc tests of `coro-core`.)
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/coro-core/guide");

/// Where the prelude is, and the compiler's notes of it, with which each snippet takes a tenth of the time.
static COMPILED_PRELUDE: LazyLock<&Path> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let prelude = directory.join("prelude.hpp");
    fs::write(&prelude, include_str!("guide/prelude.hpp")).expect("it can be written");
    let mut compiler = Command::new("g++");
    compiler.args(FLAGS).args(["-x", "c++-header"]).arg(&prelude).arg("-o").arg(directory.join("prelude.hpp.gch"));
    assert!(compiler.status().expect("g++ was found before").success(), "the prelude does not compile");
    directory
});

const FLAGS: [&str; 4] = ["-std=c++20", "-Wall", "-Wextra", "-Werror"];

/// The files of the guide, by their names.
fn chapters() -> Vec<(String, String)> {
    let entries = fs::read_dir(GUIDE).expect("the guide is there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<_> = entries
        .map(|path| {
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("it can be read"))
        })
        .collect();
    files.sort();
    files
}

/// The blocks of `language` in a chapter, each with the number of its first line.
fn snippets<'c>(chapter: &'c str, language: &str) -> Vec<(usize, Vec<&'c str>)> {
    let mut snippets: Vec<(usize, Vec<&str>)> = Vec::new();
    // The language of the block that the line is in.
    let mut inside = None;
    for (index, line) in chapter.lines().enumerate() {
        match (inside, line.strip_prefix("```")) {
            (None, Some(info)) => {
                inside = Some(info);
                if info == language {
                    snippets.push((index + 2, Vec::new()));
                }
            }
            (Some(_), Some(rest)) => {
                assert_eq!(rest, "", "line {}: a block in a block", index + 1);
                inside = None;
            }
            (Some(info), None) if info == language => snippets.last_mut().expect("it has begun").1.push(line),
            _ => {}
        }
    }
    assert_eq!(inside, None, "a block does not end");
    snippets
}

/// Compiles a snippet on top of the prelude, and gives what the compiler says if it does not accept it.
fn compile(snippet: &str) -> Result<(), String> {
    let mut compiler = Command::new("g++")
        .args(FLAGS)
        .args(["-fsyntax-only", "-x", "c++", "-", "-I"])
        .arg(*COMPILED_PRELUDE)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("g++ was found before");
    let mut stdin = compiler.stdin.take().expect("it is piped");
    write!(stdin, "#include \"prelude.hpp\"\n{snippet}\n").expect("g++ reads it");
    drop(stdin);
    let output = compiler.wait_with_output().expect("g++ runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn has_compiler() -> bool {
    // The oldest version that knows coroutines without a switch of its own.
    let version = Command::new("g++").arg("-dumpversion").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let major = version.and_then(|version| version.trim().split('.').next()?.parse::<u32>().ok());
    let found = major.is_some_and(|major| major >= 11);
    if !found {
        eprintln!("SKIPPED: this wants g++ 11 or later");
    }
    found
}

#[test]
fn every_cpp_snippet_compiles() {
    if !has_compiler() {
        return;
    }
    let (mut compiled, mut errors) = (0, String::new());
    for (file, chapter) in chapters() {
        for (line, snippet) in snippets(&chapter, "cpp") {
            let snippet = format!("#line {line} \"coro-core/guide/{file}\"\n{}", snippet.join("\n"));
            if let Err(error) = compile(&snippet) {
                writeln!(errors, "{file}:{line}: {error}").expect("a string takes it");
            }
            compiled += 1;
        }
    }
    assert!(errors.is_empty(), "{errors}");
    assert!(compiled >= 15, "only {compiled} snippets were found");
}

#[test]
fn a_cpp_snippet_that_is_wrong_does_not_compile() {
    if !has_compiler() {
        return;
    }
    compile("Task<int> one() { co_return 1; }").expect("this one is right");
    let error = compile("#line 7 \"chapter.md\"\nFireAndForget f() { co_await 1; }").expect_err("`int` is no awaiter");
    assert!(error.contains("chapter.md:7:"), "{error}");
    compile("void f() { co_return; }").expect_err("`void` is no coroutine type");
}

/// Rustdoc passes over a block whose language it does not know, and nobody would notice.
#[test]
fn every_block_is_a_test_or_a_picture() {
    let known = ["rust", "rust,should_panic", "cpp", "text"];
    for (file, chapter) in chapters() {
        let mut inside = false;
        for (index, line) in chapter.lines().enumerate() {
            let Some(info) = line.strip_prefix("```") else { continue };
            inside = !inside;
            assert!(
                !inside || known.contains(&info) || info.starts_with("rust,compile_fail"),
                "{file}:{}: what is ```{info}?",
                index + 1
            );
        }
    }
}

#[test]
fn rustdoc_includes_every_chapter_and_the_readme_lists_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = fs::read_to_string(root.join("coro-core/src/guide.rs")).expect("the module is there");
    let included = module.split("chapters!(").nth(1).and_then(|rest| rest.split(')').next()).expect("it includes them");
    let readme = fs::read_to_string(root.join("README.md")).expect("the README is there");
    for (file, chapter) in chapters() {
        let name = file.strip_suffix(".md").expect("each file is a chapter");
        assert!(included.split_whitespace().any(|included| included == name), "`guide.rs` leaves {file} out");
        assert!(readme.contains(&format!("]: coro-core/guide/{file}\n")), "the README leaves {file} out");
        // A link to another chapter leads somewhere in the file as well as in the documentation.
        for (other, _) in chapters() {
            let other_name = other.strip_suffix(".md").expect("each file is a chapter");
            let links = chapter.contains(&format!("[{other_name}]"));
            assert_eq!(links, chapter.contains(&format!("\n[{other_name}]: {other}\n")), "{file}, link to {other}");
        }
    }
}

/// Someone who knows the C++ word finds it.
#[test]
fn each_word_of_cpp_has_its_place() {
    let words = "co_await co_yield co_return promise_type coroutine_traits coroutine_handle from_promise address \
                 from_address resume done promise destroy awaiter awaitable await_ready await_suspend await_resume \
                 await_transform initial_suspend final_suspend return_value return_void yield_value \
                 unhandled_exception get_return_object get_return_object_on_allocation_failure suspend_always \
                 suspend_never noop_coroutine symmetric noexcept elements_of lambda";
    let (_, chapter) = chapters().into_iter().find(|(file, _)| file == "cpp.md").expect("it is there");
    // In the text, not only in a snippet.
    let mut inside = false;
    let text: String = chapter
        .lines()
        .filter(|line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !fence && !inside
        })
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase();
    let found = |word: &str| text.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|other| other == word);
    let missing: Vec<_> = words.split_whitespace().filter(|word| !found(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
