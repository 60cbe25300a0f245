//! The gateway: `/v1`, in OpenAI's shapes. Admits, asks the session's runtime, passes the answer on, keeps it.

pub(crate) mod allowance;
pub(crate) mod answer;
pub(crate) mod batches;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod files;
pub(crate) mod generation;
mod list;
pub(crate) mod live;
pub(crate) mod playground;
pub(crate) mod request;
pub(crate) mod routes;
pub(crate) mod runtime;
pub(crate) mod sse;
pub(crate) mod start;
pub(crate) mod transcript;
mod wire;
