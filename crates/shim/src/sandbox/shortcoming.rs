//! What the running kernel cannot hold an engine by, and what that means.

use protocol::shim::Confinement;

use super::files;

/// From this Landlock on an engine can signal nobody else (Linux 6.12).
const SCOPED_ABI: u32 = 6;

/// A part of the sandbox that is missing, or does less than it could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcoming {
    /// `landlock` or `seccomp`.
    pub part: &'static str,
    /// What follows from it, and what would help.
    pub message: String,
    /// Whether a sandbox that is required refuses to run without.
    pub is_essential: bool,
}

/// What is missing of the whole, in the order of the parts.
pub(crate) fn of(confinement: Confinement) -> Vec<Shortcoming> {
    let landlock = match confinement.landlock_abi {
        None => Some((
            "absent: an engine that is taken over can read the files of this user (Linux 5.13, with `landlock` in lsm=)"
                .to_owned(),
            true,
        )),
        Some(abi) if abi < files::LEAST_ABI => Some((
            format!("ABI {abi}: engines can empty files that they cannot write (ABI {}, Linux 6.2)", files::LEAST_ABI),
            true,
        )),
        Some(abi) if abi < SCOPED_ABI => Some((
            format!("ABI {abi}: engines cannot be kept from signalling other processes (ABI {SCOPED_ABI}, Linux 6.12)"),
            false,
        )),
        Some(_) => None,
    };
    let seccomp = (!confinement.seccomp)
        .then(|| ("absent: an engine that is taken over can open connections and start programs".to_owned(), true));
    let parts = [("landlock", landlock), ("seccomp", seccomp)];
    let named = |(part, found): (&'static str, Option<(String, bool)>)| {
        found.map(|(message, is_essential)| Shortcoming { part, message, is_essential })
    };
    parts.into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_part_is_told_and_the_essential_ones_are_marked() {
        let with = |landlock_abi, seccomp| Confinement { landlock_abi, seccomp, cgroup: false };
        let told = |confinement| -> Vec<(&str, bool)> {
            of(confinement).iter().map(|found| (found.part, found.is_essential)).collect()
        };
        assert_eq!(told(with(Some(7), true)), []);
        assert_eq!(told(with(Some(5), true)), [("landlock", false)]);
        assert_eq!(told(with(Some(2), true)), [("landlock", true)]);
        assert_eq!(told(with(None, false)), [("landlock", true), ("seccomp", true)]);
    }
}
