//! The product as people and programs use it: the real binary, the real engine, real processes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod audit;
mod backup;
mod bad_input;
mod browser;
mod chaos;
mod check;
mod cli;
mod clock;
mod console;
mod crash;
mod damaged;
mod described;
mod disk;
mod docs;
mod docs_samples;
mod events;
mod faults;
mod file;
mod files;
mod history;
mod hostile;
mod kill;
mod limits;
mod logs;
mod matrix;
mod oidc;
mod people;
mod quotas;
mod readings;
mod run;
mod sdk;
mod shutdown;
mod story;
mod tasks;
mod template;
mod test_sets;
mod transport;

/// The binary under test.
const VIVA: &str = env!("CARGO_BIN_EXE_viva");
