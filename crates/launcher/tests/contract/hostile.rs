//! What a hostile engine can and cannot do, tried from inside its sandbox.

use std::{
    fs::{self, Permissions},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{fs::PermissionsExt, net::UnixDatagram, net::UnixStream},
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use libtest_mimic::Trial;
use protocol::{
    SessionId,
    shim::{ExitCause, LaunchSpec, Requirement, Sandbox, SessionFolder},
};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, set_parent_process_death_signal};
use rustix::process::{Resource, Rlimit, getppid, setrlimit};

use crate::fixture::{Fixture, runs, trial, until};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_hostile_engine_is_held", held),
        trial("a_runtime_that_fills_its_folder_is_ended", filling),
        trial("a_sandboxed_engine_serves_its_socket", serves),
        trial("a_sandboxed_runtime_dies_with_its_shim", dies_with_shim),
    ]
}

/// Runs this program in the engine's sandbox; it may read the model.
fn engine(fixture: &Fixture, role: &[&str]) -> LaunchSpec {
    let model = fixture.data.join("model.gguf");
    fs::write(&model, "weights").expect("a model file");
    let mut spec = fixture.script("");
    let names = spec.args.split_off(3);
    spec.program = std::env::current_exe().expect("this program");
    spec.args = role.iter().map(|&word| word.to_owned()).chain(names).collect();
    spec.sandbox = Sandbox::Engine { read: vec![model], requirement: Requirement::Required };
    spec.folder_bound_bytes = Some(1024 * 1024);
    spec
}

async fn held(fixture: &Fixture) {
    let spec = engine(fixture, &["runtime", "hostile"]);
    fs::write(fixture.data.join("viva.db"), "secrets").expect("a database");
    let other = SessionFolder::new(&fixture.data, SessionId::generate());
    fs::create_dir_all(other.tmp()).expect("another session's folder");
    fs::write(other.tmp().join("note"), "secrets").expect("another session's file");
    fs::write(fixture.data.join("other"), other.tmp().to_str().expect("a text")).expect("a file");
    let environment = [("OTHER", other.tmp()), ("DATA", fixture.data.clone())];
    let mut spec = LaunchSpec { environment: Default::default(), ..spec };
    for (name, path) in environment {
        spec.environment.insert(name.to_owned(), path.to_str().expect("a text").to_owned());
    }
    let status = fixture.launch(&spec).await;
    assert!(status.confinement.landlock_abi.is_some() && status.confinement.seccomp, "{status:?}");
    let results = fixture.written("results").await;
    for line in results.lines() {
        let (name, outcome) = line.split_once(": ").expect("a result");
        let expected = if name.starts_with("may ") { "done" } else { "refused" };
        assert_eq!(outcome, expected, "{name}\n{results}");
    }
    assert_eq!(results.lines().count(), ATTEMPTS, "{results}");
    assert!(runs(status.shim.pid));
}

async fn filling(fixture: &Fixture) {
    let spec = engine(fixture, &["runtime", "fill"]);
    let bound = spec.folder_bound_bytes.expect("a bound");
    let _ = fixture.launcher.launch(&spec).await;
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.signal), (ExitCause::Disk, Some(Signal::KILL.as_raw())));
    let left = fs::read_dir(fixture.folder().tmp()).expect("the folder").count() as u64 * (PIECE as u64);
    assert!(left > bound / 2, "{left}");
}

async fn serves(fixture: &Fixture) {
    fixture.launch(&engine(fixture, &["runtime", "inspect"])).await;
    fixture.written("done").await;
    // Listening was the shim's doing; a connection waits for the engine.
    fixture.launcher.connect_runtime(fixture.session).await.expect("a connection");
    fixture.launcher.stop(fixture.session, 1, Duration::from_secs(10)).await.expect("a stop");
    let record = fixture.exit(1).await;
    assert_eq!(record.cause, ExitCause::StopRequested);
}

async fn dies_with_shim(fixture: &Fixture) {
    let status = fixture.launch(&engine(fixture, &["runtime", "inspect"])).await;
    fixture.written("done").await;
    let shim = Pid::from_raw(i32::try_from(status.shim.pid).expect("a pid")).expect("a pid");
    kill_process(shim, Signal::KILL).expect("the shim");
    until("the runtime died with it", async || (!runs(status.runtime.pid)).then_some(())).await;
}

const ATTEMPTS: usize = 31;

/// What the runtime that fills its folder writes at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// The role: writes one file after the other, each within the bound of one.
pub(crate) fn fill() -> Option<ExitCode> {
    for number in 0_u64.. {
        fs::write(format!("piece-{number}"), vec![1; PIECE]).expect("its own folder");
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// The role: tries everything, and tells in its own folder what came of it.
pub(crate) fn play() -> Option<ExitCode> {
    let data = std::env::var("DATA").expect("declared");
    let other = std::env::var("OTHER").expect("declared");
    let mut results = Vec::new();
    let mut attempt = |name: &str, done: bool| {
        results.push(format!("{name}: {}", if done { "done" } else { "refused" }));
    };
    files(&mut attempt, Path::new(&data), Path::new(&other));
    sockets(&mut attempt, Path::new(&data));
    processes(&mut attempt);
    fs::write("results.new", results.join("\n")).expect("its own folder");
    fs::rename("results.new", "results").expect("its own folder");
    loop {
        std::thread::park();
    }
}

fn files(attempt: &mut impl FnMut(&str, bool), data: &Path, other: &Path) {
    attempt("may read the model", fs::read(data.join("model.gguf")).is_ok());
    attempt("may write its folder", fs::write("own", "text").is_ok());
    attempt("may remove in its folder", fs::write("old", "").is_ok() && fs::remove_file("old").is_ok());
    attempt("may read itself", fs::read("/proc/self/status").is_ok());
    attempt("write the model", fs::write(data.join("model.gguf"), "x").is_ok());
    attempt("read the database", fs::read(data.join("viva.db")).is_ok());
    attempt("read another session", fs::read(other.join("note")).is_ok());
    attempt("list the sessions", fs::read_dir(data.join("sessions")).is_ok());
    attempt("read a home", fs::read_dir("/root").is_ok() || fs::read_dir("/home").is_ok());
    attempt("read accounts", fs::read("/etc/passwd").is_ok());
    attempt("read another process", fs::read("/proc/1/cmdline").is_ok() || fs::read("/proc/1/environ").is_ok());
    attempt(
        "write beside its folder",
        fs::write("../run/x", "x").is_ok() || fs::write("/tmp/viva-hostile", "").is_ok(),
    );
    attempt("write into another session", fs::write(other.join("x"), "x").is_ok());
    attempt("change a mode", fs::set_permissions("own", Permissions::from_mode(0o777)).is_ok());
    attempt("make a link to what it cannot read", fs::hard_link("/etc/passwd", "passwd").is_ok());
    let big = fs::File::create("big").expect("its own folder");
    attempt("may fill up to its bound", big.set_len(1024).is_ok());
}

fn sockets(attempt: &mut impl FnMut(&str, bool), data: &Path) {
    attempt("open a TCP connection", TcpStream::connect("127.0.0.1:22").is_ok_or_refused());
    attempt("listen on TCP", TcpListener::bind("127.0.0.1:0").is_ok());
    attempt("open a UDP socket", UdpSocket::bind("127.0.0.1:0").is_ok());
    attempt("connect to its shim", UnixStream::connect("../run/shim.sock").is_ok_or_refused());
    attempt("connect to a socket elsewhere", UnixStream::connect(data.join("none.sock")).is_ok_or_refused());
    attempt("make a datagram pair", UnixDatagram::pair().is_ok());
    attempt("may make a stream pair", UnixStream::pair().is_ok());
}

fn processes(attempt: &mut impl FnMut(&str, bool)) {
    attempt("may start a thread", std::thread::Builder::new().spawn(|| {}).is_ok());
    attempt("start a program", Command::new("/bin/true").status().is_ok());
    let parent = getppid().expect("the shim");
    attempt("fork", forks());
    attempt("trace its shim", traces(parent));
    attempt("signal its shim", kill_process(parent, Signal::KILL).is_ok());
    attempt("signal a group", kill_process_group(parent, Signal::WINCH).is_ok());
    attempt("lift the death signal", set_parent_process_death_signal(None).is_ok());
    let more = Rlimit { current: Some(1 << 40), maximum: Some(1 << 40) };
    attempt("lift a limit", setrlimit(Resource::Fsize, more).is_ok());
}

#[expect(unsafe_code, reason = "the child ends at once")]
fn forks() -> bool {
    // SAFETY: the child calls nothing but _exit.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(0),
            child => child > 0,
        }
    }
}

#[expect(unsafe_code, reason = "tracing has no safe form")]
fn traces(process: Pid) -> bool {
    // SAFETY: attaching touches no memory of this process.
    unsafe { libc::ptrace(libc::PTRACE_ATTACH, process.as_raw_nonzero().get(), 0, 0) == 0 }
}

/// A refused *connection* would mean that the attempt left the sandbox.
trait Left {
    fn is_ok_or_refused(&self) -> bool;
}

impl<T> Left for std::io::Result<T> {
    fn is_ok_or_refused(&self) -> bool {
        match self {
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::PermissionDenied,
        }
    }
}
