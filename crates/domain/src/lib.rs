//! Viva's decisions, as pure functions: what may happen to a session, when it must stop, who may have
//! how much, which model may be opened, what a name may be.
//!
//! Nothing here reads a clock, does IO, waits or logs: the caller brings the time and carries out the result.

pub mod admission;
pub mod eligibility;
pub mod limits;
pub mod memory;
pub mod naming;
pub mod permission;
pub mod reason;
pub mod session;

pub use session::{Event, Refusal, Session, State, Step};
