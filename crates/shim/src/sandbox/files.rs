//! Landlock: which files the engine reads, writes and executes; no TCP; signals and abstract sockets stay inside.

use std::{
    io,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};

/// Everything up to here is restricted, as far as the kernel knows it.
const NEWEST: ABI = ABI::V10;
/// Below, a file that cannot be written to can still be emptied.
pub(super) const LEAST_ABI: u32 = 3;

/// What a dynamic program and its C and C++ runtimes read.
const SYSTEM: [&str; 20] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/filesystems",
    "/proc/sys/vm",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
];

/// The dynamic loaders, which the kernel executes on the program's behalf.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// The running kernel's Landlock ABI; `None` where it has none or it is switched off.
pub(super) fn kernel_abi() -> Option<u32> {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with this flag the call reads no memory and makes nothing; it returns a number (landlock(7)).
    #[expect(unsafe_code, reason = "the crate does not tell the kernel's version before restricting")]
    let abi =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION) };
    u32::try_from(abi).ok().filter(|&abi| abi > 0)
}

/// The engine's rules; paths that do not exist are left out.
pub(super) fn rules(program: &Path, read: &[PathBuf], tmp: &Path) -> Result<RulesetCreated, RulesetError> {
    let look = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = AccessFs::ReadFile | AccessFs::Execute;
    let own: BitFlags<AccessFs> = AccessFs::from_all(NEWEST) & !AccessFs::Execute;
    let executables = LOADERS.iter().map(Path::new).chain([program]);
    Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, look))?
        .add_rules(path_beneath_rules(read, look))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(executables, execute))?
        .add_rules(path_beneath_rules([tmp], own))
}

/// Restricts the calling process. Its own part of `/proc` is added here: only the child knows which that is.
pub(super) fn enforce(rules: RulesetCreated) -> io::Result<()> {
    let look = AccessFs::ReadFile | AccessFs::ReadDir;
    let own = PathFd::new(format!("/proc/{}", std::process::id())).map_err(io::Error::other)?;
    let rules = rules.add_rule(PathBeneath::new(own, look)).map_err(io::Error::other)?;
    rules.restrict_self().map_err(io::Error::other)?;
    Ok(())
}
