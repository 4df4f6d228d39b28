//! Walks a directory and all below it: a generator that delegates to itself.
//!
//! `co_yield!(..walk(…))` yields all that the inner walk yields. However deep the innermost one is, asking for an entry goes
//! straight to it, and neither walking nor stopping half-way needs more stack than one walk does.
//!
//! Run: `cargo run --example tree_walk -- examples`

use std::path::{Path, PathBuf};
use std::{fs, io};

use coro::Generator;

pub struct Entry {
    pub path: PathBuf,
    pub depth: usize,
}

/// Each entry comes before what is in it. A directory that cannot be read is an error among the items, and the walk goes on.
#[coro::coroutine]
pub fn walk(directory: PathBuf, depth: usize) -> Generator<'static, io::Result<Entry>> {
    match sorted_paths(&directory) {
        Err(error) => co_yield!(Err(error)),
        Ok(paths) => {
            for path in paths {
                co_yield!(Ok(Entry { path: path.clone(), depth }));
                // A link may lead back up: it is an entry, and not followed.
                if path.is_dir() && !path.is_symlink() {
                    co_yield!(..walk(path, depth + 1));
                }
            }
        }
    }
}

fn sorted_paths(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", directory.display()));
    let entries = fs::read_dir(directory).map_err(named)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(named)?;
    paths.sort_unstable();
    Ok(paths)
}

fn main() {
    let top = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let mut errors = 0;
    for entry in walk(top.into(), 0) {
        match entry {
            Ok(Entry { path, depth }) => {
                println!("{:indent$}{}", "", path.file_name().unwrap_or_default().display(), indent = 2 * depth);
            }
            Err(error) => {
                eprintln!("{error}");
                errors = 1;
            }
        }
    }
    std::process::exit(errors);
}
