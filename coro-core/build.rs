//! Says whether a sanitizer watches: then frames are not recycled, for it would not see what uses one after its end.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(coro_sanitized)");
    if std::env::var_os("CARGO_CFG_SANITIZE").is_some() {
        println!("cargo::rustc-cfg=coro_sanitized");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
