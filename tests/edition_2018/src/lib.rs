//! A user's crate of the edition 2018: what `tests/lint` applies, builds here as silently.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, unreachable_pub, clippy::pedantic, clippy::nursery)]

#[path = "../../lint/src/every_form.rs"]
pub mod every_form;
#[path = "../../lint/src/own_types.rs"]
pub mod own_types;
