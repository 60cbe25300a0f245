//! What the tests of several crates need, and nothing that ships.

pub mod walls;
