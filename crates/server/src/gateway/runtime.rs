//! The way to a session's runtime: HTTP over its Unix socket, connections kept alive and reused.

use std::{future::Future, pin::Pin, sync::Arc, task};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use launcher::Launcher;
use protocol::{SessionId, openai::ErrorBody};
use tokio::net::UnixStream;

/// Most bytes of a runtime's answer that is read as a whole.
const MAX_WHOLE: usize = 1 << 20;

/// The runtime could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuntimeError {
    #[error("the runtime cannot be reached")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    #[error("the request to the runtime is malformed")]
    Request(#[source] http::Error),
    #[error("the runtime's answer could not be read")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered, with a refusal.
    #[error("the runtime refused with status {status}")]
    Refused { status: u16, body: Box<ErrorBody> },
}

/// Asks the runtimes of all sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runtimes {
    client: Client<Connector, Full<Bytes>>,
}

impl Runtimes {
    pub(crate) fn new(launcher: Arc<dyn Launcher>) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(std::time::Duration::from_secs(30))
            .pool_max_idle_per_host(64)
            .build(Connector { launcher });
        Self { client }
    }

    /// Posts a JSON body and returns once the runtime has accepted it: the answer's body is still to be read.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub(crate) async fn post(&self, session: SessionId, path: &str, body: Bytes) -> Result<Incoming, RuntimeError> {
        let request = http::Request::post(address(session, path))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(RuntimeError::Request)?;
        let response = self.client.request(request).await.map_err(RuntimeError::Unreachable)?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let status = response.status().as_u16();
        let bytes = read(response.into_body()).await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| ErrorBody {
            error: protocol::openai::ErrorDetail {
                message: format!("the runtime answered with status {status}"),
                kind: "server_error".to_owned(),
                param: None,
                code: None,
            },
        });
        Err(RuntimeError::Refused { status, body: Box::new(body) })
    }

    /// Gets a small answer as a whole, with its status.
    ///
    /// # Errors
    /// [`RuntimeError`], but not for a status that is no success.
    pub(crate) async fn get(&self, session: SessionId, path: &str) -> Result<(u16, Bytes), RuntimeError> {
        let request =
            http::Request::get(address(session, path)).body(Full::default()).map_err(RuntimeError::Request)?;
        let response = self.client.request(request).await.map_err(RuntimeError::Unreachable)?;
        let status = response.status().as_u16();
        Ok((status, read(response.into_body()).await?))
    }

    /// Posts a JSON body and reads the answer as a whole.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub(crate) async fn ask(&self, session: SessionId, path: &str, body: Bytes) -> Result<Bytes, RuntimeError> {
        read(self.post(session, path, body).await?).await
    }
}

/// The host names the session, so that the pool keeps the sessions' connections apart.
fn address(session: SessionId, path: &str) -> String {
    format!("http://{}{path}", session.to_string().replace('_', "-"))
}

async fn read(body: Incoming) -> Result<Bytes, RuntimeError> {
    let collected = Limited::new(body, MAX_WHOLE).collect().await.map_err(RuntimeError::Read)?;
    Ok(collected.to_bytes())
}

#[derive(Clone)]
struct Connector {
    launcher: Arc<dyn Launcher>,
}

type ConnectFuture =
    Pin<Box<dyn Future<Output = Result<RuntimeSocket, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

impl tower::Service<http::Uri> for Connector {
    type Response = RuntimeSocket;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = ConnectFuture;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Self::Error>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let launcher = Arc::clone(&self.launcher);
        Box::pin(async move {
            let session: SessionId = uri.host().unwrap_or_default().replace('-', "_").parse()?;
            Ok(RuntimeSocket(TokioIo::new(launcher.connect_runtime(session).await?)))
        })
    }
}

/// A connection to a runtime.
pub(crate) struct RuntimeSocket(TokioIo<UnixStream>);

impl Connection for RuntimeSocket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for RuntimeSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for RuntimeSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buf: &[u8],
    ) -> task::Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
