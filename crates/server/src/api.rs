//! The management API, `/api/v1`, and what else the server answers: health, metrics, events, login.

pub(crate) mod audit;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod conversations;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod export;

pub(crate) mod extract;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod logs;
pub(crate) mod models;
pub(crate) mod oidc;
pub(crate) mod openapi;
mod phrase;
pub(crate) mod problem;
pub(crate) mod quotas;
pub(crate) mod readings;
pub(crate) mod samples;
pub(crate) mod sessions;
mod sheet;
pub(crate) mod system;
mod task_export;
pub(crate) mod tasks;
pub(crate) mod test_sets;
pub(crate) mod users;
pub(crate) mod view;
