//! Bounds that the kernel holds, in a control group of the runtime's own.
//!
//! Groups must be delegated, as systemd does it; where these tests run they seldom are. So one test boots User Mode Linux, a
//! kernel that is a program (Debian's package `user-mode-linux`), on this machine's files, delegates a group there, and
//! runs the others in it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::Trial;
use protocol::shim::ExitCause;
use rustix::{
    fs::{XattrFlags, setxattr},
    process::{Pid, Signal, kill_process},
};

use crate::fixture::{Fixture, runs, trial, until};

const MIB: u64 = 1024 * 1024;
const KERNEL: &str = "/usr/bin/linux.uml";

pub(crate) fn trials() -> Vec<Trial> {
    let is_delegated = shim::available_confinement().cgroup;
    vec![
        trial("group_of_a_runtime_holds_its_memory", memory).with_ignored_flag(!is_delegated),
        trial("group_of_a_killed_shim_is_removed_by_the_next", left_behind).with_ignored_flag(!is_delegated),
        Trial::test("groups_bound_runtimes_on_a_kernel_that_has_them", || {
            on_own_kernel();
            Ok(())
        })
        .with_ignored_flag(is_delegated || !Path::new(KERNEL).exists()),
    ]
}

/// The groups of this fixture's session.
fn groups(fixture: &Fixture) -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").expect("/proc");
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).expect("a group of version 2");
    let parent = Path::new("/sys/fs/cgroup").join(own).parent().expect("a group above").to_owned();
    let entries = fs::read_dir(parent).expect("groups").flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().contains(&fixture.session.to_string())).collect()
}

async fn memory(fixture: &Fixture) {
    let mut spec = fixture.script(r#"while ! [ -e go ]; do sleep 0.01; done; exec "$0" runtime eat 256 "$@""#);
    spec.memory_bound_bytes = Some(64 * MIB);
    let status = fixture.launch(&spec).await;
    assert!(status.confinement.cgroup, "{status:?}");
    let [group] = &groups(fixture)[..] else { panic!("one group") };
    let read = |file: &str| fs::read_to_string(group.join(file)).expect("a file of the group");
    assert_eq!((read("memory.max").trim(), read("pids.max").trim()), ("67108864", "4096"));
    assert!(read("cgroup.procs").lines().any(|pid| pid == status.runtime.pid.to_string()));
    assert!(!read("cgroup.procs").lines().any(|pid| pid == status.shim.pid.to_string()), "the shim stays outside");

    fs::write(fixture.folder().tmp().join("go"), "").expect("the working folder");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.signal), (ExitCause::Memory, Some(Signal::KILL.as_raw())));
    assert!(record.peak_memory_bytes <= 64 * MIB, "the bound was not passed: {record:?}");
    until("the group is removed", async || groups(fixture).is_empty().then_some(())).await;
}

async fn left_behind(fixture: &Fixture) {
    let status = fixture.launch(&fixture.sleeper()).await;
    let shim = Pid::from_raw(i32::try_from(status.shim.pid).expect("a pid")).expect("a pid");
    kill_process(shim, Signal::KILL).expect("the shim");
    until("the runtime died with it", async || (!runs(status.runtime.pid)).then_some(())).await;
    let left = groups(fixture);
    assert_eq!(left.len(), 1, "nobody was there to remove it");
    let mut spec = fixture.sleeper();
    spec.generation = 2;
    fixture.launch(&spec).await;
    assert!(!left[0].exists() && groups(fixture).len() == 1);
}

/// Boots, and has the others of these tests run there.
fn on_own_kernel() {
    let folder = tempfile::tempdir().expect("a folder");
    let this = std::env::current_exe().expect("this program");
    let init = folder.path().join("init");
    let script = format!(
        "#!/bin/sh\n\
         mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t cgroup2 none /sys/fs/cgroup\n\
         mount -t tmpfs run /run; export TMPDIR=/run\n\
         echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control\n\
         mkdir -p /sys/fs/cgroup/unit/server\n\
         {this} delegate /sys/fs/cgroup/unit\n\
         echo $$ > /sys/fs/cgroup/unit/server/cgroup.procs\n\
         {this} --test-threads 1 group_of\n\
         echo o > /proc/sysrq-trigger; sleep 60\n",
        this = this.display()
    );
    fs::write(&init, script).expect("a script");
    fs::set_permissions(&init, Permissions::from_mode(0o755)).expect("a mode");
    let output = Command::new("timeout")
        .args(["120", KERNEL, "mem=512M", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"])
        .args(["con=null", "con0=fd:0,fd:1", &format!("init={}", init.display())])
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("a kernel");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("2 passed; 0 failed; 0 ignored"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// The role: marks a group as systemd does.
pub(crate) fn delegate(group: &str) -> Option<ExitCode> {
    setxattr(group, "trusted.delegate", b"1", XattrFlags::empty()).expect("an attribute of a group");
    Some(ExitCode::SUCCESS)
}
