//! What every storage must hold, asked of the real one in a folder of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod compared;
mod completions;
mod conversations;
mod copies;
mod disk;

mod durability;
mod erasing;
mod files;
mod fixture;
mod identities;
mod made;
mod models;
mod opening;
mod readings;
mod search;
mod secrets;
mod sessions;
mod tasks;
mod users;
