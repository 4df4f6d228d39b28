//! Damages one of the repository's coroutines as the fuzzer's bytes say, and expands it. What must hold, `mutations.rs`
//! checks.
//!
//! The root of the fuzzer in `fuzz/`: a proc-macro crate exports no functions, so its files are modules here, too.
#![no_main]
#![allow(dead_code, unreachable_pub)]

extern crate proc_macro;

mod args;
mod body;
mod coroutine;
mod diagnostics;
mod flow;
mod key_values;
mod mutations;
mod params;
mod signature;
mod suspend;
mod text;

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use mutations::{Real, check, functions, mutate};

thread_local! {
    static REAL: Vec<Real> = {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut real = functions(&root.join("tests"));
        real.extend(functions(&root.join("examples")));
        real
    };
}

fuzz_target!(|bytes: &[u8]| {
    REAL.with(|real| {
        let mut bytes = bytes.chunks(2).map(|pair| usize::from(pair[0]) << 8 | usize::from(*pair.last().unwrap_or(&0)));
        let mut choose = |below: usize| bytes.next().unwrap_or(0) % below;
        let Real { arguments, item } = &real[choose(real.len())];
        let (mut arguments, mut item) = (arguments.clone(), item.clone());
        for _ in 0..=choose(16) {
            if choose(8) == 0 {
                arguments = mutate(arguments, real, &mut choose);
            } else {
                item = mutate(item, real, &mut choose);
            }
        }
        check(&arguments, &item);
    });
});
