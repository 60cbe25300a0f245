//! What the tests of several crates need, and nothing that ships.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

pub mod bytes;
pub mod scripted;
pub mod server;
pub mod walls;

pub use server::{Answer, PATIENCE, TOKEN, Viva};
