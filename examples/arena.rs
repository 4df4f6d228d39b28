//! Generators that walk a tree of directories, one for each directory, all in one arena.
//!
//! ```text
//! cargo run --example arena -- examples
//! ```
//!
//! A walk makes many small frames and drops them all at its end: what an arena is for. `allocator = …` chooses it, and
//! sees the function's parameters as `promise = …` does. The last coroutine takes the arena with it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use coro::{Generator, Shared};

/// Every file under a directory, deepest first in each.
#[coro::coroutine(allocator = arena.clone())]
pub fn files(arena: Shared<Bump>, directory: PathBuf) -> Generator<'static, PathBuf> {
    let Ok(entries) = fs::read_dir(&directory) else {
        eprintln!("cannot read {}", directory.display());
        return;
    };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        // A link may lead back up.
        if path.is_dir() && !path.is_symlink() {
            co_yield!(..files(arena.clone(), path));
        } else {
            co_yield!(path);
        }
    }
}

fn main() -> ExitCode {
    let Some(directory) = env::args().nth(1) else {
        eprintln!("usage: arena DIRECTORY");
        return ExitCode::from(2);
    };
    let arena = Shared::new(Bump::new());
    let mut bytes = 0;
    let count = files(arena.clone(), directory.clone().into()).inspect(|path| bytes += size(path)).count();
    println!("{count} files, {bytes} bytes in {directory}");
    println!("{} bytes of arena for the generators", arena.allocated_bytes());
    ExitCode::SUCCESS
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
