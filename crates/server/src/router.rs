//! Every route of the server.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::StreamExt;
use http::{HeaderValue, Method, Uri, header};
use http_body::Body as _;
use protocol::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    api::{files, health, login, models, openapi, problem::ApiError},
    app::App,
    auth::{self, LetIn},
    entrance::hosts,
    figures,
    gateway::{self, error::InferenceError},
    ui,
};

/// The whole service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (management, _) = openapi::router().split_for_parts();
    let (uploads, _) = models::upload_router().merge(files::upload_router()).split_for_parts();
    let bounded = Router::new()
        .merge(management)
        .merge(gateway::routes::router())
        .merge(gateway::files::router())
        .merge(gateway::batches::router())
        .layer(DefaultBodyLimit::max(app.config.limits.body_bytes));
    Router::new()
        .merge(bounded)
        .merge(uploads.merge(gateway::files::upload_router()).layer(DefaultBodyLimit::disable()))
        .merge(health::router())
        .merge(login::link_router())
        .merge(web::router())
        .route("/api/openapi.json", get(openapi::show_openapi))
        .fallback(page_or_nothing)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            ApiError::new(ErrorCode::Internal, "something broke on the server; its log says more").into_response()
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(app), until_access_ends))
        .layer(middleware::from_fn_with_state(Arc::clone(app), hosts::check))
        .layer(middleware::from_fn_with_state(Arc::clone(app), finish))
        .with_state(Arc::clone(app))
}

/// The console draws every page that is not an interface's.
async fn page_or_nothing(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if ui::is_page(&parts) {
        return web::page(Request::from_parts(parts, body)).await;
    }
    no_route(&parts.method, &parts.uri)
}

fn is_inference(uri: &Uri) -> bool {
    uri.path() == "/v1" || uri.path().starts_with("/v1/")
}

fn no_route(method: &Method, uri: &Uri) -> Response {
    let message = format!("there is no {method} {} here", uri.path());
    if is_inference(uri) {
        return InferenceError::new(ErrorCode::NotFound, message).into_response();
    }
    ApiError::new(ErrorCode::NotFound, message).into_response()
}

async fn no_method(method: Method, uri: Uri) -> Response {
    let message = format!("{method} is not allowed on {}", uri.path());
    if is_inference(&uri) {
        return InferenceError::new(ErrorCode::MethodNotAllowed, message).into_response();
    }
    ApiError::new(ErrorCode::MethodNotAllowed, message).into_response()
}

/// What somebody follows, such as the events, ends with what let them in: the login, the key, the user.
async fn until_access_ends(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let let_in = LetIn::default();
    request.extensions_mut().insert(let_in.clone());
    let response = next.run(request).await;
    match let_in.access() {
        Some(access) if response.body().size_hint().exact().is_none() => response.map(|body| {
            let ended = async move { auth::wait_ended(&app, access).await };
            Body::from_stream(body.into_data_stream().take_until(Box::pin(ended)))
        }),
        Some(_) | None => response,
    }
}

/// Headers that every answer has, and the one line that each request leaves in the log.
async fn finish(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = logged_path(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if app.url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let status = response.status().as_u16();
    metrics::counter!(figures::HTTP_REQUESTS, "status" => class(status)).increment(1);
    tracing::info!(%method, path, status, ms = started.elapsed().as_secs_f64() * 1e3, "request");
    response
}

/// Login codes are secrets: they do not reach the log.
fn logged_path(path: &str) -> String {
    if path.starts_with("/login/") { "/login/…".to_owned() } else { path.chars().take(200).collect() }
}

const fn class(status: u16) -> &'static str {
    match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}
