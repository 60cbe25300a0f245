//! The console's files, embedded from `web/dist`, compressed when Viva is built.
//!
//! Knows nothing of the server: which addresses are the console's own is decided there. A crate of its own, so that
//! the files are compressed again only when they have changed.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Request,
    middleware::map_response,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Uri, header};
use tower::ServiceExt;

static_serve::embed_assets!("web/dist", compress = true, strip_html_ext = true, cache_busted_paths = ["assets"]);

/// What the page may do: run and show what this server sends, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The files at their addresses: the page at `/`, its scripts and styles under `/assets`, what lies beside them.
///
/// Names under `/assets` carry a hash of their content and are kept for ever; anything else is asked for again each
/// time, and answered by its ETag.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    static_router().layer(map_response(finish))
}

/// The page, whatever the address: its script looks at that.
pub async fn page(mut request: Request) -> Response {
    static FILES: LazyLock<Router> = LazyLock::new(router);
    *request.uri_mut() = Uri::from_static("/");
    FILES.clone().oneshot(request).await.into_response()
}

async fn finish(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}
