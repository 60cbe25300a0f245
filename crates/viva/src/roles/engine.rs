//! `viva engine …`: one model behind OpenAI's calls.

use std::{ffi::OsString, net::SocketAddr, os::fd::RawFd, path::PathBuf, process::ExitCode};

use clap::Parser;
use engine::{DEFAULT_QUEUE, EngineOptions, Listener};

/// Serve one GGUF model with OpenAI's calls
#[derive(Debug, Parser)]
#[command(name = "viva engine", version)]
struct EngineArgs {
    /// The data folder of the session; names the process's owner, nothing is read there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The session; names the process's owner
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// The GGUF file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The name under which the model is served [default: the file's]
    #[arg(long)]
    name: Option<String>,
    /// An inherited descriptor of a listening Unix socket
    #[arg(long, value_name = "FD", conflicts_with_all = ["socket", "listen"])]
    listen_fd: Option<RawFd>,
    /// A Unix socket to listen on
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    socket: Option<PathBuf>,
    /// A TCP address to listen on [default: 127.0.0.1:8484]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Tokens of context per request [default: what the model was trained with, at most 4096]
    #[arg(long, value_name = "TOKENS")]
    context: Option<u32>,
    /// Requests answered at the same time [default: 4]
    #[arg(long, value_name = "N")]
    parallel: Option<u32>,
    /// Threads that compute [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<u32>,
    /// Requests that may wait
    #[arg(long, value_name = "N", default_value_t = DEFAULT_QUEUE)]
    queue: u32,
}

/// `viva engine …`, with what follows the word.
pub(crate) fn engine(args: Vec<OsString>) -> ExitCode {
    let words = std::iter::once(OsString::from("viva engine")).chain(args);
    let args = match EngineArgs::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // They stand on the command line for whoever looks at the process, as the supervision does.
    let _ = (&args.data, &args.session);
    let of_file = || args.model.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let listener = match (args.listen_fd, args.socket, args.listen) {
        (Some(descriptor), _, _) => Listener::Descriptor(descriptor),
        (None, Some(path), _) => Listener::Path(path),
        (None, None, address) => Listener::Address(address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8484)))),
    };
    engine::run(EngineOptions {
        served_name: args.name.clone().unwrap_or_else(of_file),
        model: args.model,
        context_length: args.context,
        parallel: args.parallel,
        threads: args.threads,
        queue: args.queue,
        listener,
    })
}
