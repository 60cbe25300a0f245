//! The way into the browser: a link that the server prints at its start or makes on request, a token, or a password;
//! and the way out.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use protocol::{
    ErrorCode, FieldError, Problem, UserId,
    audit::{AuditAction, AuditVia},
    system::{LogIn, LoginLink},
};
use serde::Deserialize;
use store::AuditNote;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{extract::ApiJson, problem::ApiError};
use crate::{
    app::App,
    auth::{self, Holder, code},
    users,
};

/// The login link.
pub(crate) fn link_router() -> Router<Arc<App>> {
    Router::new().route("/login/{code}", get(redeem_login_code))
}

/// Logging in with a token, and logging out.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(log_out)).routes(routes!(create_login_link))
}

#[derive(Debug, Deserialize)]
struct Next {
    next: Option<String>,
}

async fn redeem_login_code(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(code): Path<String>,
    Query(query): Query<Next>,
) -> Response {
    let user = app.login_codes.redeem(&code, app.clock.now());
    let entered = user.and_then(|user| Some((user, auth::set_cookie(&app, user)?)));
    let Some((user, cookie)) = entered else {
        return Redirect::to("/login?expired=1").into_response();
    };
    let told = note(&app, user, (AuditAction::LoggedIn, AuditVia::Link), peer.ip());
    if let Err(error) = app.store.append_audit(told).await {
        return ApiError::from(error).into_response();
    }
    let next = query.next.filter(|next| is_own_path(next));
    let redirect = Redirect::to(next.as_deref().unwrap_or("/"));
    ([(header::SET_COOKIE, cookie)], redirect).into_response()
}

/// Whether a browser that is sent there stays on this server. Browsers read `\` as `/` and leave out tabs and line
/// breaks, so that `/\` and `/<tab>/` begin another server's address.
pub(super) fn is_own_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && path.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}

/// Log the browser in with a token; or with a name and its password: the answer sets the cookie.
#[utoipa::path(post, path = "/api/v1/login", tag = "system", request_body = LogIn, security(()),
    responses((status = 204, description = "The cookie is set"), (status = "4XX", description = "Refused", body = Problem)))]
async fn log_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<LogIn>,
) -> Result<Response, ApiError> {
    refuse_cross_site(&headers)?;
    let (user, via) = match request {
        LogIn { token: Some(token), name: None, password: None } => {
            (by_token(&app, &token, peer.ip())?, AuditVia::Token)
        }
        LogIn { token: None, name: Some(name), password: Some(password) } => {
            (users::log_in(&app, &name, password, peer.ip()).await?, AuditVia::Password)
        }
        LogIn { .. } => {
            let message = "give a `token`, or a `name` with its `password`";
            return Err(ApiError::new(ErrorCode::MalformedRequest, message));
        }
    };
    let cookie = auth::set_cookie(&app, user).ok_or_else(|| refused("token", "this user is disabled".to_owned()))?;
    app.store.append_audit(note(&app, user, (AuditAction::LoggedIn, via), peer.ip())).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn by_token(app: &App, token: &str, peer: IpAddr) -> Result<UserId, ApiError> {
    auth::find_user(app, token.trim(), peer)?.ok_or_else(|| {
        let message =
            "this token opens nothing here; use the token of VIVA_TOKEN, or a login link, which `viva login` prints";
        refused("token", message.to_owned())
    })
}

/// The way in is closed.
pub(crate) fn refused(field: &str, message: String) -> ApiError {
    let error = FieldError::new(field, "wrong", message.clone());
    ApiError::from(Problem::new(ErrorCode::Unauthorized, message).with_errors(vec![error]))
}

/// Make a link that logs you in once, within ten minutes.
#[utoipa::path(post, path = "/api/v1/login-links", tag = "system",
    responses((status = 201, description = "The link", body = LoginLink), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_login_link(State(app): State<Arc<App>>, Holder(access): Holder) -> Result<Response, ApiError> {
    app.store.append_audit(access.note(&app, AuditAction::LinkMade, access.user)).await?;
    let (code, expires_at) = app.login_codes.issue(access.user, code::LASTS, app.clock.now());
    let link = LoginLink { url: auth::login_link(&app, &code), expires_at };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}

/// A browser's way in or out, for the audit log.
fn note(app: &App, user: UserId, (action, via): (AuditAction, AuditVia), peer: IpAddr) -> AuditNote {
    AuditNote {
        at: app.clock.now(),
        actor: Some(user),
        via,
        key: None,
        address: Some(peer.to_string()),
        action,
        target: None,
        detail: None,
    }
}

/// Log the browser out: the answer clears the cookie, and no copy of it opens anything any more.
#[utoipa::path(post, path = "/api/v1/logout", tag = "system", security(()),
    responses((status = 204, description = "The cookie is cleared"), (status = 403, description = "From another site", body = Problem)))]
async fn log_out(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    refuse_cross_site(&headers)?;
    if let Some(login) = auth::find_login(&app, &headers) {
        let now = app.clock.now();
        app.ended_logins.add(&login, now);
        let told = note(&app, login.user, (AuditAction::LoggedOut, AuditVia::Login), peer.ip());
        app.store.audited(told).end_login(login.ended(), now).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, auth::clear_cookie(&app))]).into_response())
}

/// Another site's page must not log anybody in or out.
fn refuse_cross_site(headers: &HeaderMap) -> Result<(), ApiError> {
    if auth::is_cross_site(headers) {
        let message = "logging in and out is for this server's own pages";
        return Err(ApiError::new(ErrorCode::CrossSiteRequest, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn only_paths_of_this_server_are_gone_to() {
        for own in ["/", "/sessions/ses_0?tab=api&x=%2F%2F", "/login?expired=1#a", "/a//b"] {
            assert!(is_own_path(own), "{own}");
        }
        for other in [
            "",
            "sessions",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "/\t/evil.example",
            "/\n/evil",
            "https://evil.example",
            "javascript:alert(1)",
            "/a b",
            "/phở",
        ] {
            assert!(!is_own_path(other), "{other}");
        }
    }
}
