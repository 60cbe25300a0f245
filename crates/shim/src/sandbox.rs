//! Confining the runtime before its program starts: Landlock for files and signals, seccomp for system calls.
//!
//! Prepared in the shim, enforced in the child between fork and exec.

use protocol::shim::{Confinement, LaunchSpec, SessionFolder};

/// The runtime cannot be confined as it must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("the kernel has no {0}, which the sandbox requires")]
    Missing(&'static str),
}

/// A profile, ready to be enforced.
#[derive(Debug)]
pub(crate) struct Prepared {
    confinement: Confinement,
}

impl Prepared {
    pub(crate) fn new(_spec: &LaunchSpec, _folder: &SessionFolder) -> Result<Self, SandboxError> {
        Ok(Self { confinement: Confinement::default() })
    }

    /// What will be in force.
    pub(crate) fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// Confines the calling process for good.
    pub(crate) fn enforce(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
