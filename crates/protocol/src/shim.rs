//! What the control plane and a session's shim say to each other.
