//! The management API, `/api/v1`, and what else the server answers: health, metrics, events, login.

pub mod completions;
pub mod events;
pub mod export;
pub mod extract;
pub mod health;
pub mod login;
pub mod models;
pub mod openapi;
pub mod problem;
pub mod samples;
pub mod sessions;
pub mod view;
