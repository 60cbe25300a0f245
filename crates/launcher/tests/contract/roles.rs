//! The other programs this one is.

use std::{
    fs,
    io::{Read, Write},
    os::{fd::AsFd, unix::net::UnixListener},
    path::PathBuf,
    process::ExitCode,
};

use launcher::{Launcher, LocalLauncher, LocalLauncherConfig};
use protocol::shim::LaunchSpec;
use shim::{Placement, ShimOptions};

/// Plays the role that the arguments name, if they name one.
pub(crate) fn play(args: &[String]) -> Option<ExitCode> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["shim", "--data", data, "--session", session, "--generation", generation] => {
            Some(shim::run(ShimOptions {
                data: PathBuf::from(data),
                session: session.parse().expect("a session id"),
                generation: generation.parse().expect("a generation"),
                placement: Placement::Detached,
            }))
        }
        ["runtime", "serve", ..] => serve(),
        ["runtime", "eat", mib, ..] => eat(mib.parse().expect("a number of MiB")),
        ["runtime", "inspect", ..] => inspect(),
        ["launch", data, spec] => launch(data, spec),
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
    println!("ate {} MiB", eaten.len());
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
        .filter_map(|entry| Some(format!("{} {}", entry.file_name().to_str()?, fs::read_link(entry.path()).ok()?.display())))
        .filter(|line| !line.ends_with("/fd"))
        .collect();
    fs::write("descriptors", open.join("\n")).expect("a writable folder");
    fs::copy("/proc/self/status", "status").expect("own status");
    fs::copy("/proc/self/limits", "limits").expect("own limits");
    fs::write("done", "").expect("a writable folder");
    loop {
        std::thread::park();
    }
}

/// A control plane: launches, says so, and waits to be killed.
fn launch(data: &str, spec: &str) -> Option<ExitCode> {
    let spec: LaunchSpec = serde_json::from_str(spec).expect("a launch spec");
    let program = std::env::current_exe().expect("this program");
    let launcher = LocalLauncher::new(LocalLauncherConfig::new(data.into(), program)).expect("a data folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        launcher.launch(&spec).await.expect("a start");
        println!("launched");
        std::future::pending::<()>().await;
    });
    None
}
