//! Confining the runtime before its program starts: Landlock for files and signals, seccomp for system calls.
//!
//! Prepared in the shim, enforced in the child between fork and exec. What must be allowed until the program has
//! started (execve of that very program) is closed as far as Landlock can: nothing but the program and the loader is
//! executable. The engine refuses even that to itself before it reads its model.

mod calls;
mod files;
mod shortcoming;

pub use shortcoming::Shortcoming;
pub(crate) use shortcoming::of as shortcomings_of;

use std::io;

use landlock::RulesetCreated;
use protocol::shim::{Confinement, LaunchSpec, Requirement, Sandbox, SessionFolder};

use crate::cgroup;

/// The runtime cannot be confined as it must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("the sandbox is required, and this machine has no whole one: {part} is {message}")]
    Missing { part: &'static str, message: String },
    #[error("could not prepare the sandbox's file rules: {0}")]
    Files(#[from] landlock::RulesetError),
}

/// What the running kernel can enforce.
pub(crate) fn available() -> Confinement {
    Confinement { landlock_abi: files::kernel_abi(), seccomp: calls::is_available(), cgroup: cgroup::is_available() }
}

/// A profile, ready to be enforced.
#[derive(Debug)]
pub(crate) struct Prepared {
    files: Option<RulesetCreated>,
    confinement: Confinement,
}

impl Prepared {
    pub(crate) fn new(spec: &LaunchSpec, folder: &SessionFolder) -> Result<Self, SandboxError> {
        let Sandbox::Engine { read, requirement } = &spec.sandbox else {
            return Ok(Self { files: None, confinement: Confinement::default() });
        };
        let confinement = available();
        if *requirement == Requirement::Required
            && let Some(missing) = shortcoming::of(confinement).into_iter().find(|found| found.is_essential)
        {
            return Err(SandboxError::Missing { part: missing.part, message: missing.message });
        }
        let files = confinement.landlock_abi.map(|_| files::rules(&spec.program, read, &folder.tmp())).transpose()?;
        Ok(Self { files, confinement })
    }

    /// What will be in force.
    pub(crate) fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// Confines the calling process, the child, for good.
    pub(crate) fn enforce(&mut self) -> io::Result<()> {
        if let Some(rules) = self.files.take() {
            files::enforce(rules)?;
        }
        if self.confinement.seccomp {
            calls::enforce()?;
        }
        Ok(())
    }
}
