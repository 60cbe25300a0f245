//! The product as people and programs use it: the real binary, the real engine, real processes.

mod bad_input;
mod crash;
mod limits;
mod sdk;
mod story;

/// The binary under test.
const VIVA: &str = env!("CARGO_BIN_EXE_viva");
