//! The way to a session's runtime: HTTP over its Unix socket, connections kept alive and reused.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use launcher::{ConnectError, Launcher};
use protocol::{
    SessionId,
    engine::{PRIORITY_HEADER, Priority},
    openai::ErrorBody,
};

use super::wire::{Answer, Pool, SendError, Wire};

/// Most bytes of a runtime's answer that is read as a whole.
const MAX_WHOLE: usize = 1 << 20;

/// The runtime could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuntimeError {
    #[error("the runtime cannot be reached")]
    Unreachable(#[source] ConnectError),
    #[error("the connection to the runtime broke")]
    Broken(#[source] hyper::Error),
    #[error("the runtime closed the connection")]
    Closed,
    #[error("the runtime's answer is larger than {MAX_WHOLE} bytes")]
    TooLarge,
    /// It answered, with a refusal.
    #[error("the runtime refused with status {status}")]
    Refused { status: u16, body: Box<ErrorBody> },
}

/// Asks the runtimes of all sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runtimes {
    launcher: Arc<dyn Launcher>,
    pool: Pool,
}

impl Runtimes {
    pub(crate) fn new(launcher: Arc<dyn Launcher>) -> Self {
        Self { launcher, pool: Pool::default() }
    }

    /// Posts a JSON body and returns once the runtime has accepted it: the answer's body is still to be read.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub(crate) async fn post(
        &self,
        session: SessionId,
        path: &str,
        body: Bytes,
        priority: Priority,
    ) -> Result<Answer, RuntimeError> {
        let mut request = request(path, body);
        request.headers_mut().insert(PRIORITY_HEADER, HeaderValue::from_static(priority.as_str()));
        *request.method_mut() = http::Method::POST;
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let (status, answer) = self.send(session, request).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let status = status.as_u16();
        let bytes = read(answer).await?;
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
        let (status, answer) = self.send(session, request(path, Bytes::new())).await?;
        Ok((status.as_u16(), read(answer).await?))
    }

    /// Posts a JSON body and reads the answer as a whole.
    ///
    /// # Errors
    /// [`RuntimeError`]
    pub(crate) async fn ask(&self, session: SessionId, path: &str, body: Bytes) -> Result<Bytes, RuntimeError> {
        read(self.post(session, path, body, Priority::Interactive).await?).await
    }

    /// Lets go of the connections to a runtime that has ended.
    pub(crate) fn forget(&self, session: SessionId) {
        self.pool.close(session);
    }

    /// Sends a request on a connection that was used before, else on a new one.
    async fn send(
        &self,
        session: SessionId,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(http::StatusCode, Answer), RuntimeError> {
        loop {
            let kept = self.pool.take(session).await;
            let is_new = kept.is_none();
            let wire = match kept {
                Some(wire) => wire,
                None => {
                    let stream = self.launcher.connect_runtime(session).await.map_err(RuntimeError::Unreachable)?;
                    Wire::open(stream).await.map_err(RuntimeError::Broken)?
                }
            };
            match wire.send(request).await {
                Ok((response, wire)) => return Ok(Answer::new(response, wire, (self.pool.clone(), session))),
                Err(SendError::Failed(error)) => return Err(RuntimeError::Broken(error)),
                Err(SendError::Closed(_)) if is_new => return Err(RuntimeError::Closed),
                Err(SendError::Closed(unsent)) => request = *unsent,
            }
        }
    }
}

fn request(path: &str, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    // The paths are constants of ours.
    *request.uri_mut() = path.parse().unwrap_or_default();
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("runtime"));
    request
}

async fn read(mut answer: Answer) -> Result<Bytes, RuntimeError> {
    let mut whole = BytesMut::new();
    while let Some(bytes) = answer.next().await {
        whole.extend_from_slice(&bytes.map_err(RuntimeError::Broken)?);
        if whole.len() > MAX_WHOLE {
            return Err(RuntimeError::TooLarge);
        }
    }
    Ok(whole.freeze())
}
