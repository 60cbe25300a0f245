//! The gateway: `/v1`, in OpenAI's shapes. Admits, asks the session's runtime, passes the answer on, keeps it.

pub mod answer;
pub mod error;
pub mod exchange;
pub mod generation;
pub mod live;
pub mod playground;
pub mod request;
pub mod routes;
pub mod runtime;
pub mod sse;
pub mod start;
pub mod transcript;
