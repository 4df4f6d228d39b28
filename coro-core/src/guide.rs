//! The guide, a chapter a page.
//!
//! * [C++ coroutines, here](cpp): each of their words and what it is called here, with snippets side by side.
//! * [Which coroutine type do I want?](which)
//! * [Define your own in ten minutes](define): from three hooks to a useful type with all of them.
//! * [Cancellation](cancellation): who owns a coroutine that waits, and what becomes of it.
//! * [An executor of your own](executor): a queue, a timer, and who owns what waits in them.
//! * [Threads](threads): which coroutines may change theirs, and what those may hold.
//! * [How it works](how): frames, worlds and the trampoline, in pictures.
//!
//! The chapters are files in the directory `guide` of this crate. Each Rust snippet in them is a test, and each C++
//! snippet is compiled by one.

#[allow(unused_imports, reason = "the chapters' links to items are looked up here")]
use crate::*;

/// Where the chapters' links to each other lead here. In the files they lead to the files; of two definitions, the
/// first holds.
macro_rules! chapters {
    ($($name:ident)+) => { $(
        #[doc = "[cpp]: cpp\n[which]: which\n[define]: define"]
        #[doc = "[cancellation]: cancellation\n[threads]: threads\n[executor]: executor\n[how]: how\n"]
        #[doc = include_str!(concat!("../guide/", stringify!($name), ".md"))]
        pub mod $name {}
    )+ };
}

chapters!(cpp which define cancellation executor threads how);
