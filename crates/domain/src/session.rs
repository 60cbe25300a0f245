//! The session: one user's bounded stay with one model.
//!
//! ```text
//! Queued → Preparing → Loading → Probing → Running → Draining → Ended(Stopped | Failed)
//!    │         └───────────┴────────┴─────────────────┘               ▲
//!    └────────────────────────────────────────────────────────────────┘
//! ```
//! A session that holds resources ends through Draining, so that Stopped and Failed are told only after the
//! release was observed. One that is still queued holds nothing and ends at once.

mod event;
mod state;
mod step;

pub use event::Event;
pub use state::{Draining, Ended, Session, State, Stay};
pub use step::{Refusal, Step, Timing, step};
