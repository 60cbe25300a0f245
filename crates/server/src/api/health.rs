//! Whether the server is well, in three depths: it lives, it is ready, and figures.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use serde_json::json;

use crate::{app::App, control, figures};

/// Health and metrics: no token needed.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(show_metrics))
}

async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn readyz(State(app): State<Arc<App>>) -> Response {
    let going_down = app.shutdown.is_cancelled();
    let storage = app.store.is_well().await;
    let ready = storage && !going_down;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": ready, "storage": storage, "shutting_down": going_down}))).into_response()
}

async fn show_metrics(State(app): State<Arc<App>>) -> Response {
    let live = app.live.all();
    metrics::gauge!(figures::LIVE_SESSIONS).set(live.len() as f64);
    metrics::gauge!(figures::IN_FLIGHT).set(live.iter().map(|live| live.in_flight()).sum::<usize>() as f64);
    if let Ok(memory) = control::memory() {
        metrics::gauge!(figures::MEMORY_AVAILABLE).set(memory.available as f64);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}
