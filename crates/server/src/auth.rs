//! Who is calling: a user by token or by the console's cookie, or the holder of a session's token.

pub(crate) mod code;
pub(crate) mod guesses;
pub(crate) mod login;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, Method, header, request::Parts};
use protocol::{ErrorCode, Problem, SessionId, UserId};

use self::{guesses::HeldBack, login::Login};
use crate::{api::problem::ApiError, app::App, gateway::error::InferenceError, token};

/// Name of the console's cookie.
const COOKIE: &str = "viva";

/// Who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    User {
        id: UserId,
    },
    /// The holder of a session's token, which opens nothing else.
    Session {
        id: SessionId,
    },
}

/// The caller of `/v1`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InferenceCaller(pub(crate) Caller);

/// The caller of `/api/v1`: a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserCaller(pub(crate) UserId);

/// The link that redeems a login code.
pub(crate) fn login_link(app: &App, code: &str) -> String {
    format!("{}/login/{code}", app.url)
}

/// The `Set-Cookie` of a browser that has logged in.
pub(crate) fn set_cookie(app: &App) -> String {
    let login = Login::new(app.clock.now());
    cookie_with(app, &login.cookie(&app.key, app.owner), login::LASTS.as_secs())
}

/// The login that a request's cookie stands for, where it stands for one.
pub(crate) fn find_login(app: &App, headers: &HeaderMap) -> Option<Login> {
    let login = Login::of_cookie(cookie(headers)?, &app.key, app.owner, app.clock.now())?;
    (!app.ended_logins.has(&login)).then_some(login)
}

/// The `Set-Cookie` of a browser that has logged out.
pub(crate) fn clear_cookie(app: &App) -> String {
    cookie_with(app, "", 0)
}

fn cookie_with(app: &App, value: &str, seconds: i64) -> String {
    let secure = if app.url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// Whose token this is.
///
/// # Errors
/// [`HeldBack`]: too many wrong ones came from this address.
pub(crate) fn find_user(app: &App, token: &str, peer: IpAddr) -> Result<Option<UserId>, HeldBack> {
    let hash = token::hash(token);
    app.guesses.check(peer, hash, Instant::now(), || app.users.get(&hash).copied())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// A state-changing request that a browser sends along with the cookie must come from our own pages.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin)| origin == host),
        (None, _) => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        (Some(_), None) => false,
    }
}

/// Whether a browser says that another site's page sent this. Programs say nothing, and carry no cookie.
pub(crate) fn is_cross_site(headers: &HeaderMap) -> bool {
    let is_told = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    is_told && !is_same_origin(headers)
}

enum Unknown {
    NoToken,
    WrongToken,
    CrossSite,
    HeldBack(HeldBack),
}

impl Unknown {
    const fn code(&self) -> ErrorCode {
        match self {
            Self::NoToken | Self::WrongToken => ErrorCode::Unauthorized,
            Self::CrossSite => ErrorCode::CrossSiteRequest,
            Self::HeldBack(_) => ErrorCode::RateLimited,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoToken => "send a token: `Authorization: Bearer <token>`".to_owned(),
            Self::WrongToken => "this token opens nothing here".to_owned(),
            Self::CrossSite => "a request that changes something must come from this server's own pages".to_owned(),
            Self::HeldBack(held) => held.to_string(),
        }
    }
}

/// Whom the connection is from. What comes by no connection is a test's.
fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.ip())
}

fn identify(app: &App, parts: &Parts) -> Result<Caller, Unknown> {
    if let Some(token) = bearer(&parts.headers) {
        if let Some((id, _)) = app.key.verify(token) {
            return Ok(Caller::Session { id });
        }
        let user = find_user(app, token, peer(parts)).map_err(Unknown::HeldBack)?;
        return user.map(|id| Caller::User { id }).ok_or(Unknown::WrongToken);
    }
    cookie(&parts.headers).ok_or(Unknown::NoToken)?;
    find_login(app, &parts.headers).ok_or(Unknown::WrongToken)?;
    if !matches!(parts.method, Method::GET | Method::HEAD) && !is_same_origin(&parts.headers) {
        return Err(Unknown::CrossSite);
    }
    Ok(Caller::User { id: app.owner })
}

impl FromRequestParts<Arc<App>> for InferenceCaller {
    type Rejection = InferenceError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, InferenceError> {
        identify(app, parts).map(Self).map_err(|unknown| {
            let error = InferenceError::new(unknown.code(), unknown.message());
            match unknown {
                Unknown::HeldBack(held) => InferenceError { retry_after: Some(held.seconds), ..error },
                Unknown::NoToken | Unknown::WrongToken | Unknown::CrossSite => error,
            }
        })
    }
}

impl FromRequestParts<Arc<App>> for UserCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match identify(app, parts) {
            Ok(Caller::User { id }) => Ok(Self(id)),
            Ok(Caller::Session { .. }) => {
                Err(ApiError::new(ErrorCode::Forbidden, "a session's token opens `/v1` alone; send a user's token"))
            }
            Err(Unknown::HeldBack(held)) => Err(held.into()),
            Err(unknown) => Err(ApiError::from(Problem::new(unknown.code(), unknown.message()))),
        }
    }
}
