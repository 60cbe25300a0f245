//! What the measurements share: arguments, quantiles, threads for the parties, a light HTTP client.

// Each example uses its part.
#![allow(dead_code)]

use std::{
    error::Error, fmt::Display, io, net::SocketAddr, path::PathBuf, str::FromStr, sync::mpsc, thread, time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use server::{Config, EmbeddedModel, Ending, ServeOptions, config::SessionsConfig};
use testkit::scripted::ScriptedLauncher;
use tokio::{net::TcpStream, runtime::Handle, sync::oneshot};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The owner's token of every measured server.
pub(crate) const TOKEN: &str = "bench-token-of-thirty-two-characters-or-more";

/// The value after `--name`, else the default.
pub(crate) fn argument<T: FromStr<Err: Display>>(name: &str, default: T) -> Result<T, Failure> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    match (args.next(), args.next()) {
        (None, _) => Ok(default),
        (Some(_), Some(value)) => value.parse().map_err(|error| format!("{name} {value}: {error}").into()),
        (Some(_), None) => Err(format!("{name} lacks its value").into()),
    }
}

/// The data folder: that of `--data`, which must be absent, else a new one that is removed at the end.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Folder {
    /// A folder of its own in that of `--in`, or in the current one: where it lies decides what an fsync costs.
    pub(crate) fn new() -> Result<Self, Failure> {
        let parent = argument("--in", PathBuf::from("."))?;
        let temporary = tempfile::Builder::new().prefix("viva-bench-").tempdir_in(parent)?;
        Ok(Self { path: temporary.path().join("data"), _temporary: temporary })
    }
}

/// The value below which the share `q` of the values lies.
pub(crate) fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * q) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

/// A thread of its own for one party, as it would be a process of its own. Lives as long as the program.
pub(crate) fn party(name: &str) -> Result<Handle, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// A server on threads of its own, as `viva serve` has it.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) adopted: usize,
    /// From the call to ready to serve.
    pub(crate) start: Duration,
    ending: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<Result<(), io::Error>>>,
}

impl Served {
    /// Starts a server on a free port, without bounds on the number of sessions.
    pub(crate) fn start(data: PathBuf, launcher: ScriptedLauncher) -> Result<Self, Failure> {
        let (ready, is_ready) = mpsc::channel::<Result<(SocketAddr, usize), Failure>>();
        let (ending, ends) = oneshot::channel();
        let started = std::time::Instant::now();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("server").build()?;
        let thread = thread::spawn(move || {
            runtime.block_on(async move {
                let server = match server::start(options(data, launcher)).await {
                    Ok(server) => server,
                    Err(error) => {
                        let _ = ready.send(Err(error.into()));
                        return Ok(());
                    }
                };
                let _ = ready.send(Ok((server.address(), server.adopted)));
                server
                    .run(
                        async {
                            let _ = ends.await;
                            Ending::HandOver
                        },
                        std::future::pending(),
                    )
                    .await;
                Ok(())
            })
        });
        let (address, adopted) = is_ready.recv()??;
        Ok(Self { address, adopted, start: started.elapsed(), ending: Some(ending), thread: Some(thread) })
    }

    /// Ends the server and waits for it.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        drop(self.ending.take());
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => Ok(result?),
            Some(Err(_)) => Err("the server panicked".into()),
            None => Ok(()),
        }
    }
}

fn options(data: PathBuf, launcher: ScriptedLauncher) -> ServeOptions {
    let sessions = SessionsConfig { quota: 1_000_000, active_quota: 1_000_000, ..SessionsConfig::default() };
    let mut config = Config { sessions, ..Config::default() };
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    ServeOptions {
        config,
        data,
        program: PathBuf::from("/viva"),
        embedded: vec![EmbeddedModel {
            name: "demo",
            version: "1",
            gguf: include_bytes!("../../../../assets/demo/demo-final.gguf"),
        }],
        token: Some(TOKEN.to_owned()),
        clock: None,
        launcher: Some(std::sync::Arc::new(launcher)),
    }
}

/// One kept-alive connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Connection {
    /// Connects; the connection is driven by the runtime that this is called on.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, authority: address.to_string() })
    }

    /// Sends a request; the answer's body is still to be read.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.authority)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends a request and reads the answer, which must be a success, as JSON.
    pub(crate) async fn ask(&mut self, method: Method, path: &str, token: &str, body: Bytes) -> Result<Value, Failure> {
        let response = self.send(method, path, token, body).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}
