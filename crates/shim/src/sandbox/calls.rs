//! seccomp: the system calls the engine has no use for, refused with EPERM.
//!
//! A list of what is refused, not of what is allowed: llama.cpp, the C++ runtime and the allocator change what they
//! call from version to version, and a missing entry would be a crash.

use std::{collections::BTreeMap, io};

use rustix::process::getpid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Is, SeccompCondition as Condition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter, sock_filter,
};

/// Sockets other than the one given; other processes; modes and owners; mounts and namespaces; kernel doors; what
/// outlives the process; what lifts the limits.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_execveat,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_truncate,
    libc::SYS_mknodat,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_personality,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_memfd_create,
    libc::SYS_setrlimit,
];

/// The older calls that only this architecture has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[libc::c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_mknod,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[libc::c_long] = &[];

/// Whether the kernel takes filters, and this architecture is one they can be written for.
pub(super) fn is_available() -> bool {
    let known = TargetArch::try_from(std::env::consts::ARCH).is_ok();
    known && std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists()
}

/// Filters the calling process's system calls, and those of its threads, from here on.
pub(super) fn enforce() -> io::Result<()> {
    let program = refusals(getpid().as_raw_nonzero().get()).map_err(io::Error::other)?;
    apply_filter(&program).map_err(io::Error::other)?;
    // Last: nothing is asked of clone3 any more.
    apply_filter(&absences()).map_err(io::Error::other)
}

/// The filter for a process of this pid.
fn refusals(pid: i32) -> Result<BpfProgram, seccompiler::Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|&call| (call, Vec::new())).collect();
    let own = u64::from(pid.unsigned_abs());
    // Threads yes, processes no.
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    rules.insert(libc::SYS_clone, only_if(Condition::new(0, Width::Qword, Is::MaskedEq(thread), 0)?)?);
    // abort() signals itself; nobody else is to be signalled. 0 and negative numbers are groups.
    rules.insert(libc::SYS_kill, only_if(Condition::new(0, Width::Dword, Is::Ne, own)?)?);
    rules.insert(libc::SYS_tgkill, only_if(Condition::new(0, Width::Dword, Is::Ne, own)?)?);
    // A datagram socket of a pair can still send to any address.
    let stream = u64::from(libc::SOCK_STREAM.unsigned_abs());
    let kind = |kind| Condition::new(1, Width::Dword, Is::MaskedEq(0xf), kind);
    let other_kinds = (0..16).filter(|&number| number != stream);
    let other_kinds: Result<Vec<_>, _> = other_kinds.map(|number| SeccompRule::new(vec![kind(number)?])).collect();
    rules.insert(libc::SYS_socketpair, other_kinds?);
    // The death signal is what ends the runtime with its shim.
    let death_signal = u64::from(libc::PR_SET_PDEATHSIG.unsigned_abs());
    rules.insert(libc::SYS_prctl, only_if(Condition::new(0, Width::Dword, Is::Eq, death_signal)?)?);
    // Reading limits yes, setting them no.
    rules.insert(libc::SYS_prlimit64, only_if(Condition::new(2, Width::Qword, Is::Ne, 0)?)?);
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?)
}

fn only_if(condition: Condition) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    Ok(vec![SeccompRule::new(vec![condition])?])
}

/// ENOSYS for clone3, whose flags a filter cannot read (the C library then uses clone), and for x86-64's second set
/// of call numbers, which would pass by every rule above.
fn absences() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    const X32: u32 = 0x4000_0000;
    let clone3 = u32::try_from(libc::SYS_clone3).expect("call numbers are small");
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        // The call's number is the first word of what a filter sees (seccomp(2)).
        step(LOAD_WORD, 0, 0, 0),
        step(JUMP_IF_EQUAL, 2, 0, clone3),
        step(JUMP_IF_AT_LEAST, 1, 0, X32),
        step(RETURN, 0, 0, ALLOW),
        step(RETURN, 0, 0, ERRNO | libc::ENOSYS.unsigned_abs()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_within_the_kernels_bound() {
        let program = refusals(1).expect("a filter");
        assert!(program.len() < 4096, "{} steps", program.len());
    }
}
