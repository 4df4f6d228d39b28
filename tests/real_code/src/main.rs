//! Turns the `async fn`s of published crates into coroutines, and runs those crates' own tests.
//!
//! ```text
//! cargo run -p coro-test-real-code                     three; CI runs the first
//! cargo run -p coro-test-real-code -- --all            the others, too: they take some minutes to build
//! cargo run -p coro-test-real-code -- bb8 --unchanged  one, as it was published: what its tests say without us
//! ```
//!
//! The crates come from the registry, through cargo, into the target directory. Offline, it says so and succeeds.

mod convert;
mod subjects;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, io};

use convert::{Conversion, Rules, convert};
use subjects::{SUBJECTS, Subject};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let named: Vec<&Subject> = SUBJECTS.iter().filter(|subject| has(subject.name)).collect();
    let chosen = match &*named {
        [] => SUBJECTS.iter().filter(|subject| has("--all") || !subject.is_heavy).collect(),
        _ => named,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    for subject in chosen {
        println!("\n{} {}: {}", subject.name, subject.version, subject.kind);
        let place = target.join("real_code").join(subject.name);
        let offline = "SKIPPED: it is not in cargo's cache, and there is no registry to be reached";
        let Some(source) = fetch(subject, &place.join("fetch"))? else {
            println!("{offline}");
            continue;
        };
        let copy = place.join(if has("--unchanged") { "unchanged" } else { "converted" });
        prepare(subject, &source, &copy, &root.join("coro-core"), !has("--unchanged"))?;
        // What only its tests need.
        let fetched = ["--offline", "--quiet"].iter().any(|argument| {
            let status =
                Command::new(cargo()).args(["fetch", argument]).current_dir(&copy).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        });
        if fetched {
            test(subject, &copy, &target.join("real_code/target"))?;
        } else {
            println!("{offline}");
        }
    }
    Ok(())
}

/// Lets cargo put the source of a crate where it puts it: where that is, or nothing without a registry.
fn fetch(subject: &Subject, project: &Path) -> Result<Option<PathBuf>, Box<dyn Error>> {
    fs::create_dir_all(project.join("src"))?;
    let Subject { name, version, .. } = subject;
    fs::write(
        project.join("Cargo.toml"),
        format!(
            "[package]\nname = \"fetch\"\nedition = \"2024\"\n[dependencies]\n\
             it = {{ package = \"{name}\", version = \"={version}\", default-features = false }}\n[workspace]\n"
        ),
    )?;
    fs::write(project.join("src/lib.rs"), "")?;
    let manifest = project.join("Cargo.toml");
    let metadata = |offline: &[&str]| {
        Command::new(cargo())
            .args(["metadata", "--format-version=1"])
            .args(offline)
            .arg("--manifest-path")
            .arg(&manifest)
            .output()
    };
    let mut output = metadata(&["--offline"])?;
    if !output.status.success() {
        output = metadata(&[])?;
    }
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Ok(None);
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let found = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == *name && package["version"] == *version)
        .and_then(|package| Path::new(package["manifest_path"].as_str()?).parent());
    Ok(Some(found.ok_or("cargo does not say where the crate is")?.to_owned()))
}

/// Copies a crate, and converts it on the way.
fn prepare(subject: &Subject, source: &Path, copy: &Path, coro: &Path, converts: bool) -> Result<(), Box<dyn Error>> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    let mut total = Conversion::default();
    for file in files(source)? {
        let relative = file.strip_prefix(source)?;
        let to = copy.join(relative);
        fs::create_dir_all(to.parent().ok_or("a file has a parent")?)?;
        let path = relative.to_string_lossy();
        let is_code = path.ends_with(".rs") && (path.starts_with("src/") || path.starts_with("tests/"));
        if is_code && converts {
            let rules = Rules { local: subject.local, keep: subject.keep };
            let mut text = fs::read_to_string(&file)?;
            for (_, from, to) in subject.said.iter().filter(|(place, ..)| *place == path) {
                if !text.contains(from) {
                    return Err(format!("{path} does not say `{from}`").into());
                }
                text = text.replace(from, to);
            }
            let done = convert(&text, &rules).map_err(|error| format!("{path}: {error}"))?;
            fs::write(to, done.text)?;
            total.converted.extend(done.converted);
            total.bodies.extend(done.bodies);
            total.kept.extend(done.kept.into_iter().map(|(name, why)| (format!("{path}: {name}"), why)));
        } else if relative != Path::new("Cargo.lock") {
            fs::copy(&file, to)?;
        }
    }
    let manifest = copy.join("Cargo.toml");
    let mut text = fs::read_to_string(&manifest)?;
    if converts {
        text += &format!("\n[dependencies.coro]\npackage = \"coro-core\"\npath = {coro:?}\n");
        println!("  converted: {} functions, and the bodies of {} tests", total.converted.len(), total.bodies.len());
        for (place, from, to) in subject.said {
            println!("  {place}: `{from}` is `{to}` now");
        }
        let mut reasons: Vec<&str> = total.kept.iter().map(|(_, why)| &**why).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let names: Vec<&str> =
                total.kept.iter().filter(|(_, why)| why == reason).map(|(name, _)| &**name).collect();
            println!("  kept {}: {reason}\n    {}", names.len(), names.join(", "));
        }
        if total.converted.len() < subject.at_least {
            return Err(
                format!("only {} of at least {} were converted", total.converted.len(), subject.at_least).into()
            );
        }
    }
    fs::write(manifest, text + "\n[workspace]\n")?;
    Ok(())
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn test(subject: &Subject, copy: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(cargo());
    command.args(["test", "--quiet", "--lib", "--tests", "--no-fail-fast"]).args(subject.arguments);
    command.current_dir(copy).env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "0").arg("--");
    for test in subject.fails_unchanged {
        command.args(["--skip", test]);
    }
    println!("  {command:?}");
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", subject.name).into()) }
}

fn cargo() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
