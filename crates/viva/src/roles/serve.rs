//! `viva serve`: the server in the foreground, until Ctrl-C or a service manager ends it.

use std::{
    io::{BufRead, IsTerminal, Write},
    path::PathBuf,
};

use anyhow::Context;
use server::{
    Config, Ending, ServeOptions,
    boot::Handle,
    config::{SandboxMode, TlsConfig},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::demo;
use crate::{cli::ServeArgs, failure::Failure};

/// `viva serve`: runs until it is told to stop.
pub(crate) fn serve(data: PathBuf, args: ServeArgs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("VIVA_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // A log that cannot be written, on a full disk or into a closed pipe, must not panic in whoever logs.
        .log_internal_errors(false)
        .init();
    let of_data = data.join("config.toml");
    let mut config = match &args.config {
        Some(path) => Config::read(path)?,
        None if of_data.is_file() => Config::read(&of_data)?,
        None => Config::default(),
    };
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    config.server.insecure |= args.insecure;
    if let (Some(certificate), Some(key)) = (args.tls_certificate, args.tls_key) {
        config.server.tls = Some(TlsConfig { certificate, key });
    }
    tell_sandbox(&config)?;
    let options = ServeOptions {
        config,
        data,
        program: std::env::current_exe().context("the program's own path is not known")?,
        embedded: demo::models(),
        token: std::env::var("VIVA_TOKEN").ok().filter(|token| !token.is_empty()),
        clock: None,
        launcher: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(run(options, args.stop_sessions));
    // What still blocks (a read from the terminal) does not hold the process.
    runtime.shutdown_background();
    result
}

/// What engines are not held by on this machine goes to the log; where the sandbox is required, the server does not start
/// without what is essential.
fn tell_sandbox(config: &Config) -> anyhow::Result<()> {
    let is_required = config.sessions.sandbox == SandboxMode::Required;
    for found in shim::shortcomings() {
        let message = format!("the sandbox of engines is weaker here: {} is {}", found.part, found.message);
        if is_required && found.is_essential {
            let hint = "set `sessions.sandbox = \"best_effort\"` to run without it";
            return Err(Failure::new(message).hint(hint).into());
        }
        tracing::warn!("{message}");
    }
    Ok(())
}

async fn run(options: ServeOptions, stop_sessions: bool) -> anyhow::Result<()> {
    let server = server::start(options).await?;
    // Before anybody is told that the server is ready, and may end it.
    let signals = Signals::listen()?;
    let mut stdout = std::io::stdout();
    let adopted = match server.adopted {
        0 => String::new(),
        1 => " (took over 1 session)".to_owned(),
        count => format!(" (took over {count} sessions)"),
    };
    writeln!(stdout, "viva is ready at {}{adopted} - log in: {}", server.url(), server.login_link())?;
    stdout.flush()?;
    let handle = server.handle();
    let hurry = CancellationToken::new();
    let ending = async {
        let mut signals = signals;
        let ending = wait_ending(handle, stop_sessions, &mut signals).await;
        tokio::spawn(hurry_on(signals, hurry.clone()));
        ending
    };
    server.run(ending, hurry.cancelled()).await;
    Ok(())
}

/// What tells the server to end: a service manager, or Ctrl-C.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

/// Waits for the signal to end, and decides what becomes of the sessions.
async fn wait_ending(handle: Handle, stop_sessions: bool, signals: &mut Signals) -> Ending {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => return if stop_sessions { Ending::StopSessions } else { Ending::HandOver },
            _ = signals.interrupt.recv() => {
                if let Some(ending) = ask(&handle, stop_sessions, &mut signals.interrupt).await {
                    return ending;
                }
            }
        }
    }
}

/// A second signal ends the waiting for what has not ended yet.
async fn hurry_on(mut signals: Signals, hurry: CancellationToken) {
    tokio::select! {
        _ = signals.terminate.recv() => {}
        _ = signals.interrupt.recv() => {}
    }
    hurry.cancel();
}

/// Ctrl-C: sessions are stopped, after a question where one runs and somebody is there to answer. None: go on serving.
async fn ask(handle: &Handle, stop_sessions: bool, interrupt: &mut Signal) -> Option<Ending> {
    let open = handle.count_open_sessions().await;
    if stop_sessions || open == 0 || !std::io::stdin().is_terminal() {
        return Some(Ending::StopSessions);
    }
    let sessions = if open == 1 { "1 session is open".to_owned() } else { format!("{open} sessions are open") };
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "\n{sessions}. Stop them and end? [Y/n, or k to end and keep them running] ");
    let _ = stderr.flush();
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        answer = answer => match answer.ok().and_then(Result::ok).map(|line| line.trim().to_lowercase()).as_deref() {
            Some("k") => Some(Ending::HandOver),
            Some("n" | "no") => None,
            _ => Some(Ending::StopSessions),
        },
        _ = interrupt.recv() => Some(Ending::StopSessions),
    }
}
