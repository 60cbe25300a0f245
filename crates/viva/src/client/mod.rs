//! The HTTP client of the API.
//!
//! Owns finding the server, authorization and the reading of answers and problems. Keeps the text of each answer, so
//! that `--json` gives it on unchanged.

mod error;
mod locate;
mod pinned;
mod sse;

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use error::ApiError;
pub(crate) use locate::{Location, locate};
pub(crate) use sse::{Event, EventStream};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a plain answer may take; deleting waits for a live session's end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Query parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    token: String,
}

/// A successful answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) text: String,
}

impl Answer {
    /// The answer as this type.
    ///
    /// # Errors
    /// It is of another shape: server and client are of different versions.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_str(&self.text)
            .context("the server's answer cannot be read; server and client may be of different versions")
    }
}

/// A key that no other request has.
pub(crate) fn request_key() -> String {
    protocol::CompletionId::generate().to_string()
}

impl Client {
    /// # Errors
    /// The address is none, or the machine's certificates cannot be read.
    pub(crate) fn new(location: Location) -> anyhow::Result<Self> {
        let base = location.url.trim_end_matches('/').to_owned();
        // Fails only where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("viva/", env!("CARGO_PKG_VERSION")));
        if let Some(certificate) = &location.certificate {
            builder = builder.tls_backend_preconfigured(pinned::config(certificate)?);
        } else if !base.starts_with("https://") {
            // Plain connections need no certificates, and a small machine may have none.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self { http: builder.build().context("the HTTP client cannot be set up")?, base, token: location.token })
    }

    pub(crate) async fn get(&self, path: &str, query: Query<'_>) -> anyhow::Result<Answer> {
        self.answer(self.request(Method::GET, path).query(query).timeout(ANSWER_TIMEOUT)).await
    }

    /// Posts a body, with a key that makes a repetition harmless.
    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.post_as(&request_key(), path, body).await
    }

    /// Posts a body with this key: sent again with the same, it does nothing anew.
    pub(crate) async fn post_as(&self, key: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path).header("idempotency-key", key).timeout(ANSWER_TIMEOUT);
        self.answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.answer(self.request(Method::PATCH, path).json(body).timeout(ANSWER_TIMEOUT)).await
    }

    pub(crate) async fn put_json(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.answer(self.request(Method::PUT, path).json(body).timeout(ANSWER_TIMEOUT)).await
    }

    pub(crate) async fn delete(&self, path: &str, query: Query<'_>) -> anyhow::Result<Answer> {
        self.answer(self.request(Method::DELETE, path).query(query).timeout(ANSWER_TIMEOUT)).await
    }

    /// Uploads a body of `bytes` bytes.
    pub(crate) async fn upload(
        &self,
        path: &str,
        query: Query<'_>,
        body: reqwest::Body,
        bytes: u64,
    ) -> anyhow::Result<Answer> {
        let request = self
            .request(Method::POST, path)
            .query(query)
            .header("content-type", "application/octet-stream")
            .header("content-length", bytes)
            .body(body);
        self.answer(request).await
    }

    /// Puts a body, of `bytes` bytes, with heads beside.
    pub(crate) async fn put(
        &self,
        path: &str,
        heads: &[(&'static str, String)],
        body: reqwest::Body,
        bytes: u64,
    ) -> anyhow::Result<Answer> {
        let mut request = self.request(Method::PUT, path).header("content-length", bytes).body(body);
        for (name, value) in heads {
            request = request.header(*name, value);
        }
        self.answer(request).await
    }

    /// A response whose body is read as it comes.
    pub(crate) async fn open(&self, path: &str, query: Query<'_>) -> anyhow::Result<Response> {
        self.send(self.request(Method::GET, path).query(query)).await
    }

    /// The rest of something from this byte on, as long as it still has this tag; else the whole of it.
    pub(crate) async fn open_from(&self, path: &str, from: u64, tag: &str) -> anyhow::Result<Response> {
        let request = self.request(Method::GET, path);
        self.send(request.header("range", format!("bytes={from}-")).header("if-range", format!("\"{tag}\""))).await
    }

    /// Server-Sent Events.
    pub(crate) async fn events(&self, path: &str, query: Query<'_>) -> anyhow::Result<EventStream> {
        let request = self.request(Method::GET, path).query(query).header("accept", "text/event-stream");
        Ok(EventStream::new(self.send(request).await?))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let response = self.send(request).await?;
        let text = response.text().await.map_err(|error| ApiError::unreachable(&self.base, &error))?;
        Ok(Answer { text })
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.map_err(|error| ApiError::unreachable(&self.base, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = response.text().await.unwrap_or_default();
        Err(ApiError::refused(status.as_u16(), text, retry_after).into())
    }
}
