//! The way into the browser: the link that the server prints at its start.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use http::{StatusCode, header};

use crate::{
    app::App,
    auth::{COOKIE, cookie_value},
};

/// The login link and the start page.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new().route("/login/{code}", get(redeem_login_code)).route("/", get(show_start))
}

async fn redeem_login_code(State(app): State<Arc<App>>, Path(code): Path<String>) -> Response {
    if !app.login_code.redeem(&code) {
        let page = "<!doctype html><meta charset=utf-8><title>viva</title><p>This link was used already. Restart the server for a new one, or use your token.";
        return (StatusCode::UNAUTHORIZED, Html(page)).into_response();
    }
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000", cookie_value(&app));
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

async fn show_start() -> Html<&'static str> {
    Html(include_str!("start.html"))
}
