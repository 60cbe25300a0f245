//! The way in by an identity provider: off to it, and back. A browser comes here: whatever goes wrong is said by the login
//! page.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{ConnectInfo, Query, State, rejection::QueryRejection},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Uri, header};
use openidconnect::url::form_urlencoded;
use protocol::system::{LoginWays, OidcWay};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::login::is_own_path;
use crate::{
    app::App,
    auth,
    oidc::{LASTS, Oidc, Refusal, Return},
    token,
};

/// Where a browser begins.
const BEGIN: &str = "/api/v1/login/oidc";
/// What the names of the cookies begin with that last for the way there and back; each way has its own.
const COOKIE: &str = "viva-oidc-";

/// The way in by an identity provider.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_login_ways))
        .routes(routes!(begin_oidc_login))
        .routes(routes!(finish_oidc_login))
}

/// What ways in there are beside a link, a token and a password.
#[utoipa::path(get, path = "/api/v1/login", tag = "system", security(()),
    responses((status = 200, description = "The ways", body = LoginWays)))]
async fn list_login_ways(State(app): State<Arc<App>>) -> Json<LoginWays> {
    let way = |oidc: &Oidc| OidcWay { label: oidc.label().to_owned(), path: BEGIN.to_owned() };
    Json(LoginWays { oidc: app.oidc.as_ref().map(way) })
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Begin {
    /// A path of the console to come back to.
    next: Option<String>,
    /// Set by the server where it leads to its own address first.
    here: Option<String>,
}

/// Send the browser to the identity provider.
#[utoipa::path(get, path = "/api/v1/login/oidc", tag = "system", params(Begin), security(()),
    responses((status = 303, description = "To the provider; or to the login page, with the reason in `refused`")))]
async fn begin_oidc_login(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<Begin>, QueryRejection>,
) -> Response {
    let Begin { next, here } = query.map(|Query(begin)| begin).unwrap_or_default();
    let next = next.filter(|next| is_own_path(next)).unwrap_or_else(|| "/".to_owned());
    let Some(oidc) = &app.oidc else { return refuse(Refusal::NotConfigured, &next) };
    // The provider sends people back to this address, and the cookie has to be there. A proxy may give the server another
    // name than the browser has for it, so this is tried once.
    if here.is_none() && !is_at(&app.url, &headers) {
        let query = query_of(&[("here", "1"), ("next", &next)]);
        return Redirect::to(&format!("{}{BEGIN}?{query}", app.url)).into_response();
    }
    match oidc.depart(next.clone(), peer.ip(), app.clock.now()).await {
        Ok(departure) => {
            let cookie = cookie_with(&app, &departure.state, &departure.secret, LASTS.as_secs());
            answer([(header::SET_COOKIE, cookie)], &departure.url)
        }
        Err(refusal) => refuse(refusal, &next),
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Finish {
    state: Option<String>,
    code: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// Take the browser back from the identity provider: the answer sets the cookie of the login.
#[utoipa::path(get, path = "/api/v1/login/oidc/callback", tag = "system", params(Finish), security(()),
    responses((status = 303, description = "To where the browser was; or to the login page, with the reason in `refused`")))]
async fn finish_oidc_login(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<Finish>, QueryRejection>,
) -> Response {
    let Some(oidc) = &app.oidc else { return refuse(Refusal::NotConfigured, "/") };
    let Finish { state, code, error, iss } = query.map(|Query(finish)| finish).unwrap_or_default();
    let state = state.unwrap_or_default();
    let secret = auth::find_cookie(&headers, &cookie_name(&state)).unwrap_or_default().to_owned();
    let outcome = match (code, error) {
        (Some(code), None) => Ok(code),
        (_, error) => Err(error.unwrap_or_default()),
    };
    let returned = Return { state: state.clone(), secret, outcome, issuer: iss };
    let recognise = || oidc.recognise(&returned, app.clock.now());
    let begun = match app.oidc_guesses.check(peer.ip(), token::hash(&state), Instant::now(), recognise) {
        Ok(Some(begun)) => begun,
        Ok(None) => return refuse(Refusal::Expired, "/"),
        Err(_) => return refuse(Refusal::HeldBack, "/"),
    };
    // A browser that goes away does not stop what has begun: what is written is to be known at once.
    let arrival = {
        let app = Arc::clone(&app);
        tokio::spawn(async move { Some(app.oidc.as_ref()?.arrive(&app, begun, returned, peer.ip()).await) })
    };
    let Ok(Some(home)) = arrival.await else { return refuse(Refusal::Refused, "/") };
    let login = home.result.and_then(|user| auth::set_cookie(&app, user.id).ok_or(Refusal::Disabled));
    match login {
        Ok(cookie) => {
            let cleared = cookie_with(&app, &state, "", 0);
            answer([(header::SET_COOKIE, cookie), (header::SET_COOKIE, cleared)], &home.next)
        }
        Err(refusal) => refuse(refusal, &home.next),
    }
}

/// Whether the browser has the server's own address, as people are told it.
fn is_at(url: &str, headers: &HeaderMap) -> bool {
    let own = url.parse::<Uri>().ok().and_then(|url| url.authority().map(|own| own.as_str().to_ascii_lowercase()));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
    own.is_none() || host.is_none() || own == host
}

fn cookie_name(state: &str) -> String {
    let begin: String = state.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').take(8).collect();
    format!("{COOKIE}{begin}")
}

/// `Lax`: the browser comes back from another site, and must bring it along.
fn cookie_with(app: &App, state: &str, value: &str, seconds: i64) -> String {
    let secure = if app.url.starts_with("https://") { "; Secure" } else { "" };
    let name = cookie_name(state);
    format!("{name}={value}; Path={BEGIN}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

fn query_of(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The login page says why, and leads to the same place when it is tried again.
fn refuse(refusal: Refusal, next: &str) -> Response {
    let query = query_of(&[("refused", refusal.word()), ("next", next)]);
    answer([], &format!("/login?{query}"))
}

fn answer<const N: usize>(cookies: [(header::HeaderName, String); N], to: &str) -> Response {
    let mut response = (AppendHeaders(cookies), Redirect::to(to)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_address_is_told_from_another_name_of_it() {
        let at = |host: &'static str| HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        assert!(is_at("http://127.0.0.1:8482", &at("127.0.0.1:8482")));
        assert!(is_at("https://Viva.example.org", &at("viva.example.org")));
        assert!(!is_at("http://127.0.0.1:8482", &at("localhost:8482")));
        assert!(is_at("http://127.0.0.1:8482", &HeaderMap::new()));
    }

    #[test]
    fn a_state_of_anybodys_making_is_no_part_of_a_header() {
        assert_eq!(cookie_name("a;b=c\r\nd_-12345"), "viva-oidc-abcd_-12");
    }
}
