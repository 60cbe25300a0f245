//! What the engine takes from itself before it reads a model: starting programs.
//!
//! A model file is untrusted, and what parses it is C++. The supervision confines the process from outside but has to
//! leave `execve` open, since that is how the engine itself is started; so the engine closes it, for good.

use std::{collections::BTreeMap, io};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// From here on the calling thread, and every thread it starts, is refused `execve` and `execveat` with EPERM.
///
/// # Errors
/// The kernel takes no filters, or the architecture is one they cannot be written for.
pub(crate) fn deny_programs() -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let calls = [libc::SYS_execve, libc::SYS_execveat];
    let rules: BTreeMap<_, _> = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(io::Error::other)?;
    let program: BpfProgram = filter.try_into().map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::{process::Command, thread};

    use super::*;

    #[test]
    fn no_program_starts_afterwards() {
        let after = thread::spawn(|| {
            Command::new("/bin/true").status().expect("programs start before");
            deny_programs().expect("a filter");
            let inherited = thread::spawn(|| Command::new("/bin/true").status());
            (Command::new("/bin/true").status(), inherited.join().expect("a thread"))
        });
        let (own, inherited) = after.join().expect("a thread");
        assert_eq!(own.unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(inherited.unwrap_err().raw_os_error(), Some(libc::EPERM));
        // The filter is of that thread alone.
        Command::new("/bin/true").status().expect("other threads start programs");
    }
}
