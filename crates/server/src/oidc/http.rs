//! How the provider is asked: within a time, without following it elsewhere, reading no more than a bound.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

/// For one request, its answer included.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const MOST: usize = 1 << 20;

/// The provider was not heard.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("the identity provider does not answer")]
    Request(#[from] reqwest::Error),
    #[error("the identity provider's answer is longer than {MOST} bytes")]
    TooLong,
    #[error("the identity provider's answer cannot be read")]
    Unreadable(#[from] http::Error),
}

/// # Errors
/// The means of TLS are missing on this machine.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // A second call finds it installed, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()
}

/// # Errors
/// [`AskError`]
pub(super) async fn ask(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, AskError> {
    let strip = |error: reqwest::Error| AskError::Request(error.without_url());
    let mut answer = client.execute(request.try_into()?).await.map_err(strip)?;
    let mut body = Vec::new();
    while let Some(bytes) = answer.chunk().await.map_err(strip)? {
        if body.len() + bytes.len() > MOST {
            return Err(AskError::TooLong);
        }
        body.extend_from_slice(&bytes);
    }
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
    }
    Ok(response.body(body)?)
}
