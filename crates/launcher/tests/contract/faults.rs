//! Who dies, and what still holds: on this machine.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::net::UnixStream,
    process::{Command, Stdio},
    time::Duration,
};

use launcher::{LaunchError, Launcher, Observation, Role};
use libtest_mimic::Trial;
use protocol::shim::{ExitCause, LaunchSpec, ProcessStat, SessionFolder};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};

use crate::fixture::{Fixture, local, runs, trial, trial_below, until};

/// With the sessions' part after it, far beyond the 108 bytes of a socket's address.
const LONG: &str = "a-data-folder-whose-name-is-long/a-data-folder-whose-name-is-long/a-data-folder-whose-name-is-long/\
                    a-data-folder-whose-name-is-long/a-data-folder-whose-name-is-long/a-data-folder-whose-name-is-long";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_session_survives_its_control_plane_and_is_adopted", adopted),
        trial("a_deadline_holds_without_a_control_plane", unattended),
        trial("a_killed_shim_takes_its_runtime_along", shim_killed),
        trial("leftovers_of_a_killed_shim_are_swept", swept),
        trial("a_frozen_shim_is_unresponsive_and_can_be_killed", frozen),
        trial("the_runtime_is_given_nothing_but_its_socket", given_nothing),
        trial("processes_are_detached_and_leave_no_zombie", detached),
        trial("a_control_plane_that_inherits_orphans_keeps_no_zombie", first_process),
        trial("sigterm_to_the_shim_is_a_stop", sigterm),
        trial("bad_clients_do_not_hold_the_shim_up", bad_clients),
        trial_below("a_long_data_folder_is_no_obstacle", LONG, long_folder),
    ]
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    kill_process(pid, signal).expect("a process");
}

fn stat(pid: u32) -> ProcessStat {
    ProcessStat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process")).expect("a stat")
}

/// Launches from another process, and kills that one.
fn launch_and_lose_the_launcher(fixture: &Fixture, spec: &LaunchSpec) {
    let mut control_plane = Command::new(std::env::current_exe().expect("this program"))
        .arg("launch")
        .arg(&fixture.data)
        .arg(serde_json::to_string(spec).expect("plain data"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut line = String::new();
    BufReader::new(control_plane.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "launched\n");
    control_plane.kill().expect("SIGKILL");
    control_plane.wait().expect("its end");
}

async fn adopted(fixture: &Fixture) {
    launch_and_lose_the_launcher(fixture, &fixture.server());
    let status = fixture.alive(1).await;
    assert!(runs(status.runtime.pid));
    let found = fixture.launcher.sweep().await.expect("a sweep");
    let shim = found.iter().find(|process| process.role == Role::Shim).expect("the shim");
    assert_eq!((shim.session, shim.generation, &shim.identity), (fixture.session, Some(1), &status.shim));
    fixture.launcher.launch(&fixture.server()).await.expect("the same generation: adopted");
    assert_eq!(fixture.alive(1).await.runtime, status.runtime);
    local(&fixture.data).stop(fixture.session, 1, Duration::ZERO).await.expect("obeys any control plane");
    assert_eq!(fixture.exit(1).await.cause, ExitCause::StopRequested);
}

async fn unattended(fixture: &Fixture) {
    let mut spec = fixture.stubborn();
    spec.hard_stop_ms = 1_000;
    spec.stop_grace_ms = 100;
    launch_and_lose_the_launcher(fixture, &spec);
    // Nothing but looking: no launcher has a part in the end.
    until("it ended by itself", async || fs::metadata(fixture.folder().run().join(SessionFolder::EXIT)).ok()).await;
    assert_eq!(fixture.exit(1).await.cause, ExitCause::Deadline);
}

async fn shim_killed(fixture: &Fixture) {
    let status = fixture.launch(&fixture.server()).await;
    signal(status.shim.pid, Signal::KILL);
    fixture.launcher.wait_exit(fixture.session, 1).await.expect("the shim's end");
    until("the runtime died with it", async || (!runs(status.runtime.pid)).then_some(())).await;
    let seen = fixture.launcher.observe(fixture.session, 1).await.expect("an observation");
    assert_eq!(seen, Observation::Vanished);
    let again = fixture.launcher.launch(&fixture.server()).await;
    assert!(matches!(again, Err(LaunchError::Vanished)), "a generation is started once: {again:?}");
    assert!(fixture.launcher.released(fixture.session).await.expect("a look").socket);
    fixture.launcher.kill(fixture.session).await.expect("nothing in the way");
    assert!(fixture.launcher.released(fixture.session).await.expect("a look").is_complete());
    let mut next = fixture.sleeper();
    next.generation = 2;
    fixture.launch(&next).await;
}

async fn swept(fixture: &Fixture) {
    let status = fixture.launch(&fixture.stubborn()).await;
    let grandchild: u32 = fixture.written("grandchild").await.trim().parse().expect("a pid");
    signal(status.shim.pid, Signal::KILL);
    fixture.launcher.wait_exit(fixture.session, 1).await.expect("the shim's end");
    let found = fixture.launcher.sweep().await.expect("a sweep");
    assert!(found.iter().any(|process| process.identity.pid == grandchild), "{found:?}");
    assert!(!fixture.launcher.released(fixture.session).await.expect("a look").is_complete());
    fixture.launcher.kill(fixture.session).await.expect("an end by force");
    assert!(!runs(grandchild));
    assert!(fixture.launcher.released(fixture.session).await.expect("a look").is_complete());
    assert!(fixture.launcher.sweep().await.expect("a sweep").is_empty());
}

async fn frozen(fixture: &Fixture) {
    let status = fixture.launch(&fixture.stubborn()).await;
    let grandchild: u32 = fixture.written("grandchild").await.trim().parse().expect("a pid");
    signal(status.shim.pid, Signal::STOP);
    let seen = fixture.launcher.observe(fixture.session, 1).await.expect("an observation");
    assert_eq!(seen, Observation::Unresponsive { shim: status.shim.clone() });
    let killed = fixture.launcher.kill(fixture.session).await.expect("an end by force");
    assert!(killed.iter().any(|process| process.identity == status.shim), "{killed:?}");
    assert!(!runs(status.shim.pid) && !runs(status.runtime.pid) && !runs(grandchild));
    assert!(fixture.launcher.released(fixture.session).await.expect("a look").is_complete());
    let seen = fixture.launcher.observe(fixture.session, 1).await.expect("an observation");
    assert_eq!(seen, Observation::Vanished);
}

async fn given_nothing(fixture: &Fixture) {
    let leak = fs::File::open("/dev/null").expect("a descriptor");
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).expect("a descriptor that is inherited");
    let mut spec = fixture.script("");
    let names = spec.args.split_off(3);
    spec.program = std::env::current_exe().expect("this program");
    spec.args = ["runtime", "inspect"].map(str::to_owned).into_iter().chain(names).collect();
    spec.environment.insert("DECLARED".to_owned(), "yes".to_owned());
    let status = fixture.launch(&spec).await;
    fixture.written("done").await;
    assert_eq!(fixture.written("environment").await, "DECLARED=yes");
    let descriptors = fixture.written("descriptors").await;
    let numbers: Vec<&str> = descriptors.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(numbers, ["0", "1", "2", "3"], "{descriptors}");
    assert!(descriptors.contains("0 /dev/null") && descriptors.contains("3 socket:"), "{descriptors}");
    let state = fixture.written("status").await;
    assert!(state.contains("SigBlk:\t0000000000000000") && state.contains("NoNewPrivs:\t1"), "{state}");
    let limits = fixture.written("limits").await;
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().nth(4), Some("0"));
    assert_eq!(stat(status.runtime.pid).group, status.runtime.pid);
    drop(leak);
}

async fn detached(fixture: &Fixture) {
    let me = std::process::id();
    let status = fixture.launch(&fixture.sleeper()).await;
    let shim = stat(status.shim.pid);
    assert!(shim.parent != me && shim.terminal == 0 && shim.group == status.shim.pid, "{shim:?}");
    let line = fs::read_to_string(format!("/proc/{}/cmdline", status.shim.pid)).expect("a command line");
    assert!(line.contains(fixture.data.to_str().expect("a text")));
    let open = fs::read_dir(format!("/proc/{}/fd", status.shim.pid)).expect("its descriptors");
    let standard: Vec<_> = open
        .flatten()
        .filter(|entry| matches!(entry.file_name().to_str(), Some("0" | "1" | "2")))
        .map(|entry| fs::read_link(entry.path()).expect("a descriptor"))
        .collect();
    let log = fixture.folder().shim_log(1);
    assert_eq!(standard, [std::path::Path::new("/dev/null"), &log, &log]);
    fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await.expect("a stop");
    fixture.exit(1).await;
    until("nothing of it is left, not even a zombie", async || {
        (!fs::exists(format!("/proc/{}", status.shim.pid)).expect("/proc")).then_some(())
    })
    .await;
}

async fn first_process(fixture: &Fixture) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .arg("first-process")
        .arg(&fixture.data)
        .arg(serde_json::to_string(&fixture.sleeper()).expect("plain data"))
        .output()
        .expect("a process");
    assert!(output.status.success() && output.stdout == b"childless\n", "{output:?}");
}

async fn sigterm(fixture: &Fixture) {
    let status = fixture.launch(&fixture.sleeper()).await;
    signal(status.shim.pid, Signal::TERM);
    assert_eq!(fixture.exit(1).await.cause, ExitCause::StopRequested);
}

async fn bad_clients(fixture: &Fixture) {
    fixture.launch(&fixture.sleeper()).await;
    let socket = fixture.folder().run().join(SessionFolder::SHIM_SOCKET);
    let mut silent: Vec<UnixStream> = (0..40).map(|_| UnixStream::connect(&socket).expect("a connection")).collect();
    for stream in &mut silent {
        // The first of them were closed to make room.
        let _ = stream.write_all(b"{\"generation\":1,");
    }
    let mut endless = UnixStream::connect(&socket).expect("a connection");
    let _ = endless.write_all(&[b'x'; 64 * 1024]);
    let mut garbage = UnixStream::connect(&socket).expect("a connection");
    garbage.write_all(b"\xff\xfe not json\n").expect("a listener");
    let mut answer = String::new();
    garbage.read_to_string(&mut answer).expect("an answer, then the end");
    assert_eq!(answer, "{\"reply\":\"refused\",\"refusal\":{\"code\":\"malformed\"}}\n");
    let mut greedy = UnixStream::connect(&socket).expect("a connection");
    greedy.set_nonblocking(true).expect("a socket");
    while greedy.write(b"{\"generation\":1,\"request\":\"status\"}\n").is_ok() {}
    for _ in 0..20 {
        fixture.alive(1).await;
    }
}

async fn long_folder(fixture: &Fixture) {
    assert!(fixture.data.as_os_str().len() > 200);
    fixture.launch(&fixture.server()).await;
    fixture.launcher.connect_runtime(fixture.session).await.expect("a connection");
    fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await.expect("a stop");
    assert_eq!(fixture.exit(1).await.cause, ExitCause::StopRequested);
}
