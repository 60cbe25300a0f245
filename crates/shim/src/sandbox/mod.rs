//! Confining the runtime before its program starts: Landlock for files and signals, seccomp for system calls.
//!
//! Prepared in the shim, enforced in the child between fork and exec. What must be allowed until the program has
//! started (execve of that very program) is closed as far as Landlock can: nothing but the program and the loader is
//! executable. The engine refuses even that to itself before it reads its model.

mod calls;
mod files;

use std::io;

use landlock::RulesetCreated;
use protocol::shim::{Confinement, LaunchSpec, Requirement, Sandbox, SessionFolder};

/// The runtime cannot be confined as it must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("the kernel has no {0}, which the sandbox requires")]
    Missing(&'static str),
    #[error("could not prepare the sandbox's file rules: {0}")]
    Files(#[from] landlock::RulesetError),
}

/// What the running kernel can enforce.
pub(crate) fn available() -> Confinement {
    Confinement { landlock_abi: files::kernel_abi(), seccomp: calls::is_available() }
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
        match requirement {
            Requirement::Required if confinement.landlock_abi.is_none_or(|abi| abi < files::LEAST_ABI) => {
                return Err(SandboxError::Missing("Landlock that covers truncation (ABI 3, Linux 6.2)"));
            }
            Requirement::Required if !confinement.seccomp => return Err(SandboxError::Missing("seccomp filters")),
            Requirement::Required | Requirement::BestEffort => {}
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
