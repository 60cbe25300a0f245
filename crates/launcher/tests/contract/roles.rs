//! The other programs this one is.

use std::{
    fs,
    io::{Read, Write},
    os::{fd::AsFd, unix::net::UnixListener},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use launcher::{Launcher, Observation};
use protocol::shim::LaunchSpec;
use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, wait},
};
use shim::{Placement, ShimOptions};

use crate::fixture::{local, runs, until};

/// Plays the role that the arguments name, if they name one.
pub(crate) fn play(args: &[String]) -> Option<ExitCode> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["shim", "--data", data, "--session", session, "--generation", generation] => Some(shim::run(ShimOptions {
            data: PathBuf::from(data),
            session: session.parse().expect("a session id"),
            generation: generation.parse().expect("a generation"),
            placement: Placement::Detached,
        })),
        ["runtime", "serve", ..] => serve(),
        ["runtime", "eat", mib, ..] => eat(mib.parse().expect("a number of MiB")),
        ["runtime", "inspect", ..] => inspect(),
        ["runtime", "hostile", ..] => crate::hostile::play(),
        ["runtime", "fill", ..] => crate::hostile::fill(),
        ["delegate", group] => crate::groups::delegate(group),
        ["launch", data, spec] => launch(data, spec),
        ["first-process", data, spec] => first_process(data, spec),
        _ => None,
    }
}

/// Answers each connection to the listener on standard input (put there by a shell) with what it was sent.
fn serve() -> Option<ExitCode> {
    let listener = std::io::stdin().as_fd().try_clone_to_owned().expect("an open descriptor");
    for stream in UnixListener::from(listener).incoming() {
        let mut stream = stream.expect("a connection");
        let mut bytes = [0_u8; 64];
        let length = stream.read(&mut bytes).expect("something sent");
        stream.write_all(&bytes[..length]).expect("a reader");
    }
    Some(ExitCode::SUCCESS)
}

/// Takes memory for good, a MiB at a time, then stays.
fn eat(mib: usize) -> Option<ExitCode> {
    let eaten: Vec<Vec<u8>> = (0..mib).map(|_| vec![1_u8; 1024 * 1024]).collect();
    tell(&format!("ate {} MiB", eaten.len()));
    loop {
        std::thread::park();
    }
}

/// Tells what it was started with, in files of its working folder.
fn inspect() -> Option<ExitCode> {
    let environment: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    fs::write("environment", environment.join("\n")).expect("a writable folder");
    let open: Vec<String> = fs::read_dir("/proc/self/fd")
        .expect("own descriptors")
        .flatten()
        .filter_map(|entry| {
            Some(format!("{} {}", entry.file_name().to_str()?, fs::read_link(entry.path()).ok()?.display()))
        })
        .filter(|line| !line.ends_with("/fd"))
        .collect();
    fs::write("descriptors", open.join("\n")).expect("a writable folder");
    for name in ["status", "limits"] {
        let text = fs::read(format!("/proc/self/{name}")).expect("own state");
        fs::write(name, text).expect("a writable folder");
    }
    fs::write("done", "").expect("a writable folder");
    loop {
        std::thread::park();
    }
}

/// A control plane: launches, says so, and waits to be killed.
fn launch(data: &str, spec: &str) -> Option<ExitCode> {
    let spec: LaunchSpec = serde_json::from_str(spec).expect("a launch spec");
    let launcher = local(Path::new(data));
    runtime().block_on(async {
        launcher.launch(&spec).await.expect("a start");
        tell("launched");
        std::future::pending::<()>().await;
    });
    None
}

/// A control plane that inherits orphans, as the first process of a container does: each way for a shim to end must
/// leave it without a child.
fn first_process(data: &str, spec: &str) -> Option<ExitCode> {
    set_child_subreaper(Some(getpid())).expect("a subreaper");
    let mut spec: LaunchSpec = serde_json::from_str(spec).expect("a launch spec");
    let (launcher, session) = (local(Path::new(data)), spec.session);
    runtime().block_on(async {
        launcher.launch(&spec).await.expect("a start");
        launcher.stop(session, 1, Duration::ZERO).await.expect("a stop");
        launcher.wait_exit(session, 1).await.expect("its end");
        spec.generation = 2;
        launcher.launch(&spec).await.expect("a start");
        let Ok(Observation::Alive(status)) = launcher.observe(session, 2).await else { panic!("expected it alive") };
        let shim = Pid::from_raw(i32::try_from(status.shim.pid).expect("a pid")).expect("a pid");
        kill_process(shim, Signal::KILL).expect("a shim");
        launcher.wait_exit(session, 2).await.expect("its end");
        until("the runtime is gone", async || (!runs(status.runtime.pid)).then_some(())).await;
        assert_eq!(launcher.observe(session, 2).await.expect("an observation"), Observation::Vanished);
        spec.generation = 3;
        launcher.launch(&spec).await.expect("a start");
        launcher.kill(session).await.expect("an end by force");
    });
    assert_eq!(wait(WaitOptions::NOHANG).expect_err("no child is left"), Errno::CHILD);
    tell("childless");
    Some(ExitCode::SUCCESS)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One line to whoever started this.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("a reader");
}
