//! The control plane: one process that keeps sessions, carries their requests and serves their API.
//!
//! `api` and `gateway` answer requests, `control` carries out what was decided, `boot` puts the parts together.
//! No model is loaded here, and there is no SQL: those are the engine's and the store's.

mod api;
mod app;
mod auth;
pub mod backup;
pub mod boot;
mod check;
pub mod clock;
pub mod config;
mod connection;
mod control;
mod create;
mod entrance;
mod figures;
mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gateway;
mod models;
mod oidc;
mod plan;
mod quota;
mod repeat;
mod router;
mod shutdown;
mod storage;
mod tasks;
pub mod token;
mod ui;
mod update;
mod users;

pub use api::openapi::document as openapi_document;
pub use boot::{ServeOptions, Server, StartError, start};
pub use config::Config;
pub use models::EmbeddedModel;
pub use shutdown::Ending;
