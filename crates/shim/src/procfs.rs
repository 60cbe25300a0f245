//! What `/proc` tells of the runtime: identity, descendants, memory.

use std::{fs, io, path::Path};

use protocol::shim::{ProcessIdentity, ProcessStat};

/// Who a living (or not yet reaped) process is.
pub(crate) fn identity(pid: u32) -> io::Result<ProcessIdentity> {
    let stat = stat(pid)?;
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
    Ok(ProcessIdentity { pid, start_time: stat.start_time, boot_id })
}

fn stat(pid: u32) -> io::Result<ProcessStat> {
    let text = fs::read(format!("/proc/{pid}/stat"))?;
    ProcessStat::parse(&String::from_utf8_lossy(&text))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a process's stat"))
}

/// The children of a process, of all its threads; empty if it is gone.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let tasks = format!("/proc/{pid}/task");
    if !Path::new(&format!("{tasks}/{pid}/children")).exists() {
        return children_by_parent(pid);
    }
    let Ok(entries) = fs::read_dir(&tasks) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

/// For kernels without `children` files: every process asked for its parent.
fn children_by_parent(parent: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| stat(pid).is_ok_and(|stat| stat.parent == parent))
        .collect()
}

/// Everything below a process, parents first; bounded, so that a fork bomb does not hold the shim.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    const MOST: usize = 4096;
    let mut found = children(pid);
    let mut next = 0;
    while next < found.len() && found.len() < MOST {
        let more = children(found[next]);
        found.extend(more);
        next += 1;
    }
    found
}

/// Anonymous and shared-anonymous memory of these processes, in bytes.
///
/// One process: the kernel's counters (cheap; on recent kernels they may lag by some hundred pages per core).
/// Several: proportional shares, so that pages shared by a fork count once.
pub(crate) fn memory_bytes(pids: &[u32]) -> u64 {
    let (file, keys) = match pids {
        [_] => ("status", ["RssAnon:", "RssShmem:"]),
        _ => ("smaps_rollup", ["Pss_Anon:", "Pss_Shmem:"]),
    };
    pids.iter()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/{file}")).ok())
        .map(|text| sum_of_keys(&text, keys))
        .sum()
}

fn sum_of_keys(text: &str, keys: [&str; 2]) -> u64 {
    text.lines()
        .filter_map(|line| keys.iter().find_map(|key| line.strip_prefix(key)))
        .filter_map(|value| value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .sum()
}

/// How often the kernel has killed for want of memory since boot; 0 where it does not count.
pub(crate) fn oom_kills() -> u64 {
    let text = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or(0)
}

/// Makes the kernel choose this process before the shim or the control plane when memory runs out. Best effort.
pub(crate) fn prefer_for_oom(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/oom_score_adj"), "500");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_anonymous_and_shared_anonymous_only() {
        let text = "VmRSS:\t  900 kB\nRssAnon:\t     100 kB\nRssFile:\t     700 kB\nRssShmem:\t      20 kB\n";
        assert_eq!(sum_of_keys(text, ["RssAnon:", "RssShmem:"]), 120 * 1024);
    }

    #[test]
    fn a_process_knows_itself() {
        let me = std::process::id();
        assert_eq!(identity(me).expect("alive").pid, me);
        assert!(memory_bytes(&[me]) > 0);
    }
}
