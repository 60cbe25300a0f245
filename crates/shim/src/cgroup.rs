//! A control group of the runtime's own, where the shim may make one: the kernel then holds the bounds of memory and of
//! threads exactly, kills everything in the group at once, and says that it did.
//!
//! Version 2 alone, and only below a group that was delegated to this user: systemd marks it with the attribute
//! `user.delegate` (or `trusted.delegate`), and the server runs in a group of its own below it (`Delegate=` and
//! `DelegateSubgroup=` of a unit), since a group that hands controllers on has no processes itself. Files and rules:
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html>, <https://systemd.io/CGROUP_DELEGATION>.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use protocol::SessionId;

/// Where the runtimes' groups lie, if they may.
const PREFIX: &str = "viva-";
/// What systemd calls a group that is another's to divide.
const DELEGATED: [&str; 2] = ["user.delegate", "trusted.delegate"];
const CONTROLLERS: [&str; 2] = ["memory", "pids"];
/// Processes and threads of a runtime. An engine has some for each core, and hundreds at the most.
const MOST_TASKS: u64 = 4096;

/// Whether groups can be made here. Changes nothing.
pub(crate) fn is_available() -> bool {
    delegated().is_some()
}

/// The group of one runtime; removed with the value.
#[derive(Debug)]
pub(crate) struct RuntimeGroup {
    path: PathBuf,
}

impl RuntimeGroup {
    /// Makes one, with its bounds; `None` where that is not allowed here, or fails: the shim's watch holds the bounds, too.
    pub(crate) fn create(session: SessionId, memory_bound: Option<u64>) -> Option<Self> {
        let parent = delegated()?;
        hand_on(&parent).ok()?;
        remove_left_behind(&parent);
        let path = parent.join(format!("{PREFIX}{session}-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let group = Self { path };
        group.bound(memory_bound).ok()?;
        Some(group)
    }

    fn bound(&self, memory: Option<u64>) -> io::Result<()> {
        self.write("pids.max", &MOST_TASKS.to_string())?;
        // All of it or nothing: what is left of a runtime without one of its processes is of no use.
        self.write("memory.oom.group", "1")?;
        if let Some(bytes) = memory {
            self.write("memory.max", &bytes.to_string())?;
            // Not there where the kernel does not count swap.
            let _ = self.write("memory.swap.max", "0");
        }
        Ok(())
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::write(self.path.join(file), text)
    }

    /// What a process writes a `0` to, to enter.
    pub(crate) fn door(&self) -> Option<File> {
        OpenOptions::new().write(true).open(self.path.join("cgroup.procs")).ok()
    }

    pub(crate) fn holds(&self, pid: u32) -> bool {
        fs::read_to_string(self.path.join("cgroup.procs"))
            .is_ok_and(|text| text.lines().any(|line| line.parse() == Ok(pid)))
    }

    /// How often the kernel has killed in it because of its bound.
    pub(crate) fn oom_kills(&self) -> u64 {
        fs::read_to_string(self.path.join("memory.events")).map_or(0, |text| counter(&text, "oom_kill"))
    }

    /// SIGKILL to all that is in it, those included that are being forked.
    pub(crate) fn kill(&self) {
        // Since Linux 5.14; the shim kills one by one as well.
        let _ = self.write("cgroup.kill", "1");
    }
}

impl Drop for RuntimeGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.path);
    }
}

/// Puts the calling process into the group of the door. Between fork and exec: one system call.
pub(crate) fn enter(mut door: &File) -> io::Result<()> {
    door.write_all(b"0")
}

/// The group above the shim's own, if it was delegated and has what is needed to hand on.
fn delegated() -> Option<PathBuf> {
    let own = own_group(&fs::read_to_string("/proc/self/cgroup").ok()?)?;
    let mounted = mount_point(&fs::read_to_string("/proc/self/mountinfo").ok()?)?;
    let parent = mounted.join(own.parent()?.strip_prefix("/").ok()?);
    let is_delegated = DELEGATED.iter().any(|name| {
        let mut value = [0; 8];
        rustix::fs::getxattr(&parent, *name, &mut value).is_ok_and(|length| value.starts_with(b"1") && length == 1)
    });
    let has_controllers = || fs::read_to_string(parent.join("cgroup.controllers")).is_ok_and(|text| has_all(&text));
    (is_delegated && has_controllers()).then_some(parent)
}

/// Gives the controllers to the groups below. Where they have them already, nothing changes.
fn hand_on(parent: &Path) -> io::Result<()> {
    fs::write(parent.join("cgroup.subtree_control"), CONTROLLERS.map(|name| format!("+{name}")).join(" "))
}

fn has_all(given: &str) -> bool {
    CONTROLLERS.iter().all(|wanted| given.split_ascii_whitespace().any(|name| name == *wanted))
}

/// Groups whose shim is gone, by whatever end.
fn remove_left_behind(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let shim = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.rsplit_once('-')?.1.parse::<u32>().ok());
        if shim.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Refused while something lives in it.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The path in `/proc/self/cgroup` of the one hierarchy of version 2: `0::/user.slice/…`.
fn own_group(text: &str) -> Option<PathBuf> {
    text.lines().find_map(|line| line.strip_prefix("0::")).map(PathBuf::from)
}

/// Where the hierarchy of version 2 is mounted, as a whole: the fields of proc(5)'s `mountinfo` are the fourth, the root of
/// what is mounted, and the fifth, where; the type follows a lone `-`.
fn mount_point(text: &str) -> Option<PathBuf> {
    text.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        (after.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(point))
    })
}

/// A figure of a file of `name figure` lines.
fn counter(text: &str, name: &str) -> u64 {
    let figure = |line: &str| line.split_once(' ').filter(|(found, _)| *found == name)?.1.trim().parse().ok();
    text.lines().find_map(figure).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_of_version_2_is_found_beside_those_of_version_1() {
        let own = "9:name=systemd:/\n4:memory:/a\n0::/user.slice/viva.service/server\n";
        assert_eq!(own_group(own), Some(PathBuf::from("/user.slice/viva.service/server")));
        assert_eq!(own_group("4:memory:/a\n"), None);
        let mounts = "24 30 0:22 / /proc rw,nosuid - proc proc rw\n\
            33 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            31 24 0:26 /docker/abc /mnt/part ro shared:9 - cgroup2 cgroup2 rw\n\
            32 24 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(mount_point(mounts), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mount_point("24 30 0:22 / /proc rw - proc proc rw\n"), None);
    }

    #[test]
    fn counters_and_controllers_are_read_by_their_whole_names() {
        let events = "low 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!((counter(events, "oom_kill"), counter(events, "oom"), counter(events, "kill")), (2, 3, 0));
        assert!(has_all("cpu io memory pids\n") && !has_all("memory\n") && !has_all("memory_recursiveprot pids"));
    }

    #[test]
    fn groups_without_their_shim_are_removed_and_others_stay() {
        let parent = tempfile::TempDir::new().expect("a folder");
        let session = SessionId::generate();
        let left = parent.path().join(format!("{PREFIX}{session}-4194305"));
        let kept = parent.path().join(format!("{PREFIX}{session}-{}", std::process::id()));
        let strange = parent.path().join("server");
        for path in [&left, &kept, &strange] {
            fs::create_dir(path).expect("a folder");
        }
        remove_left_behind(parent.path());
        assert!(!left.exists() && kept.exists() && strange.exists());
    }
}
