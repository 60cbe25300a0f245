//! What can happen to a session.

use protocol::session::Reason;

/// Something that was asked for or observed.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Its turn came: a place and memory are reserved for it.
    Admitted,
    /// Its shim was started.
    Launched,
    /// The runtime has read this share of the model, from 0 to 1.
    Progressed(f64),
    /// The runtime says that the model is loaded.
    Loaded,
    /// The model answered the probe.
    Probed,
    /// It is to stop: asked for by a person or by the server, or a limit is reached. The reason is one of Stopped.
    StopRequested(Reason),
    /// It cannot go on. The reason is one of Failed.
    Broke(Reason),
    /// The runtime is gone without having been asked to; the reason is what its shim recorded.
    Exited(Reason),
    /// The requests in flight are to be cut now, without the grace.
    Cut,
    /// Its processes, socket and memory were seen to be free.
    Released,
    /// The deadline of the present phase has passed.
    DeadlinePassed,
}
