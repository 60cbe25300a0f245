//! The console's addresses: every page that a browser asks for, unless the path is spoken for by a program's interface.

use http::{HeaderMap, Method, header, request::Parts};

/// First segments of paths that are never the console's.
const SPOKEN_FOR: [&str; 7] = ["api", "v1", "docs", "assets", "healthz", "readyz", "metrics"];

/// Whether the request is for a page of the console, which its script then draws.
pub(crate) fn is_page(request: &Parts) -> bool {
    let first = request.uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(request.method, Method::GET | Method::HEAD)
        && !SPOKEN_FOR.contains(&first)
        && !first.starts_with("llms")
        && wants_html(&request.headers)
}

/// Programs say that they take anything; browsers name HTML.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        kind.trim().eq_ignore_ascii_case("text/html") && !matches!(parameters.trim(), "q=0" | "q=0.0")
    })
}
