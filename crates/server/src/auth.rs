//! Who is calling: a user by token, key or the console's cookie, or the holder of a session's token; and whether they
//! may do what they ask.

pub(crate) mod code;
pub(crate) mod guesses;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod people;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use domain::permission::{Action, Denied, Grant, may};
use http::{HeaderMap, Method, header, request::Parts};
use protocol::{
    ErrorCode, Problem, SessionId, UserId,
    audit::{AuditAction, AuditVia},
    user::Role,
};
use store::AuditNote;

use self::{guesses::HeldBack, login::Login, people::HeldKey};
use crate::{api::problem::ApiError, app::App, gateway::error::InferenceError, token};

/// Name of the console's cookie.
const COOKIE: &str = "viva";

/// Who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    User(Access),
    /// The holder of a session's token, which opens nothing else.
    Session {
        id: SessionId,
    },
}

/// A user who is calling, with what they have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) user: UserId,
    pub(crate) role: Role,
    pub(crate) by: By,
    /// Whom the connection is from.
    pub(crate) peer: IpAddr,
}

/// What a user has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    Login(Login),
    Key(HeldKey),
}

impl By {
    const fn via(&self) -> AuditVia {
        match self {
            Self::Token => AuditVia::Token,
            Self::Login(_) => AuditVia::Login,
            Self::Key(_) => AuditVia::Key,
        }
    }
}

impl Access {
    /// What the audit log is to tell of something that this user does.
    pub(crate) fn note(&self, app: &App, action: AuditAction, target: impl ToString) -> AuditNote {
        AuditNote {
            at: app.clock.now(),
            actor: Some(self.user),
            via: self.by.via(),
            key: match self.by {
                By::Key(key) => Some(key.id),
                By::Token | By::Login(_) => None,
            },
            address: Some(self.peer.to_string()),
            action,
            target: Some(target.to_string()),
            detail: None,
        }
    }

    /// # Errors
    /// [`Denied`]: the role, or a scope that the key lacks.
    pub(crate) const fn require(&self, action: Action) -> Result<(), Denied> {
        let grant = match self.by {
            By::Token | By::Login(_) => Grant::Whole,
            By::Key(key) => Grant::Key(key.scopes),
        };
        may(self.role, grant, action)
    }
}

/// The caller of `/v1`, who may ask models; to look there, it is enough to be allowed to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InferenceCaller(pub(crate) Caller);

/// The caller of `/api/v1`: a user who may look at what is theirs and, where the request is no GET, change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserCaller(pub(crate) UserId);

/// As [`UserCaller`], with what they have shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserAccess(pub(crate) Access);

/// A user who may ask models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker(pub(crate) UserId);

/// A user who looks after the way they and others log in: looks at it or, where the request is no GET, changes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder(pub(crate) Access);

/// A user who looks after the machine and its users: looks at them or, where the request is no GET, changes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Administrator(pub(crate) Access);

/// Any user, whatever they may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anybody(pub(crate) Access);

/// Where the extractors leave who was let in, for what is done with the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct LetIn(Arc<OnceLock<Access>>);

impl LetIn {
    pub(crate) fn access(&self) -> Option<Access> {
        self.0.get().copied()
    }
}

/// The link that redeems a login code.
pub(crate) fn login_link(app: &App, code: &str) -> String {
    format!("{}/login/{code}", app.url)
}

/// The `Set-Cookie` of a browser that has logged in; none where the user may not any more.
pub(crate) fn set_cookie(app: &App, user: UserId) -> Option<String> {
    let logins = app.people.book().find_enabled(user)?.logins;
    let login = Login::new(user, logins, app.clock.now());
    Some(cookie_with(app, &login.cookie(&app.key), login::LASTS.as_secs()))
}

/// The login that a request's cookie stands for, where it stands for one.
pub(crate) fn find_login(app: &App, headers: &HeaderMap) -> Option<Login> {
    let book = app.people.book();
    let logins = |user| book.find_enabled(user).map(|person| person.logins);
    let login = Login::of_cookie(cookie(headers)?, &app.key, app.owner, logins, app.clock.now())?;
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

/// Whose own token this is.
///
/// # Errors
/// [`HeldBack`]: too many wrong ones came from this address.
pub(crate) fn find_user(app: &App, token: &str, peer: IpAddr) -> Result<Option<UserId>, HeldBack> {
    let (hash, book) = (token::hash(token), app.people.book());
    let find = || book.find_by_token(&hash).filter(|user| book.find_enabled(*user).is_some());
    app.guesses.check(peer, hash, Instant::now(), find)
}

/// The key that this is, unless it has expired or its user is disabled.
fn find_key(app: &App, token: &str) -> Option<HeldKey> {
    let key = app.people.book().find_key(&token::hash(token))?;
    let now = app.clock.now();
    (!key.has_expired(now)).then(|| {
        app.people.note_key(key.id, now);
        key
    })
}

/// The session that a token opens: the one that is computed, or one that was given a name.
fn find_session(app: &App, token: &str) -> Option<SessionId> {
    if let Some((session, _)) = app.key.verify(token) {
        return Some(session);
    }
    let (id, session) = app.people.book().find_session_token(&token::hash(token))?;
    app.people.note_session_token(id, app.clock.now());
    Some(session)
}

/// Refuses where the user of a session's token is disabled.
///
/// # Errors
/// `unauthorized`
pub(crate) fn require_enabled(app: &App, user: UserId) -> Result<(), InferenceError> {
    match app.people.book().find_enabled(user) {
        Some(_) => Ok(()),
        None => Err(InferenceError::new(ErrorCode::Unauthorized, Unknown::WrongToken.message())),
    }
}

/// Resolves once what a user has shown opens nothing any more: logged out, withdrawn, expired, disabled.
pub(crate) async fn wait_ended(app: &App, access: Access) {
    let mut book = app.people.watch();
    let holds = |book: &people::Book| {
        book.find_enabled(access.user).is_some_and(|person| match access.by {
            By::Token => true,
            By::Login(login) => login.logins == person.logins,
            By::Key(key) => book.holds_key(key.id),
        })
    };
    // The sender outlives the receiver: it is the server's.
    let changed = book.wait_for(|book| !holds(book));
    let ended = async {
        match access.by {
            By::Token => std::future::pending().await,
            By::Login(login) => app.ended_logins.wait(&login).await,
            By::Key(key) => match key.expires_at {
                None => std::future::pending().await,
                Some(at) => {
                    let left = at.duration_since(app.clock.now());
                    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
                }
            },
        }
    };
    tokio::select! {
        _ = changed => {}
        () = ended => {}
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    find_cookie(headers, COOKIE)
}

/// The value of a cookie that a browser brings.
pub(crate) fn find_cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted).then_some(value))
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
    Denied(Denied),
}

impl From<Denied> for Unknown {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl Unknown {
    const fn code(&self) -> ErrorCode {
        match self {
            Self::NoToken | Self::WrongToken => ErrorCode::Unauthorized,
            Self::CrossSite => ErrorCode::CrossSiteRequest,
            Self::HeldBack(_) => ErrorCode::RateLimited,
            Self::Denied(_) => ErrorCode::Forbidden,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoToken => "send a token: `Authorization: Bearer <token>`".to_owned(),
            Self::WrongToken => "this token opens nothing here".to_owned(),
            Self::CrossSite => "a request that changes something must come from this server's own pages".to_owned(),
            Self::HeldBack(held) => held.to_string(),
            Self::Denied(denied) => denied.to_string(),
        }
    }
}

impl From<Unknown> for ApiError {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::HeldBack(held) => held.into(),
            Unknown::NoToken | Unknown::WrongToken | Unknown::CrossSite | Unknown::Denied(_) => {
                Self::from(Problem::new(unknown.code(), unknown.message()))
            }
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        Unknown::Denied(denied).into()
    }
}

impl From<Unknown> for InferenceError {
    fn from(unknown: Unknown) -> Self {
        let error = Self::new(unknown.code(), unknown.message());
        match unknown {
            Unknown::HeldBack(held) => Self { retry_after: Some(held.seconds), ..error },
            Unknown::NoToken | Unknown::WrongToken | Unknown::CrossSite | Unknown::Denied(_) => error,
        }
    }
}

/// Whom the connection is from. What comes by no connection is a test's.
fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.ip())
}

const fn is_look(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn identify(app: &App, parts: &Parts) -> Result<Caller, Unknown> {
    let peer = peer(parts);
    let access = |user: UserId, by: By| {
        let book = app.people.book();
        let role = book.find_enabled(user).ok_or(Unknown::WrongToken)?.role;
        Ok(Caller::User(Access { user, role, by, peer }))
    };
    if let Some(token) = bearer(&parts.headers) {
        if token.starts_with(token::SESSION_PREFIX)
            && let Some(id) = find_session(app, token)
        {
            return Ok(Caller::Session { id });
        }
        if token.starts_with(token::KEY_PREFIX) {
            let key = find_key(app, token).ok_or(Unknown::WrongToken)?;
            return access(key.user, By::Key(key));
        }
        let user = find_user(app, token, peer).map_err(Unknown::HeldBack)?;
        return access(user.ok_or(Unknown::WrongToken)?, By::Token);
    }
    cookie(&parts.headers).ok_or(Unknown::NoToken)?;
    let login = find_login(app, &parts.headers).ok_or(Unknown::WrongToken)?;
    if !is_look(&parts.method) && !is_same_origin(&parts.headers) {
        return Err(Unknown::CrossSite);
    }
    access(login.user, By::Login(login))
}

/// The user who calls `/api/v1`, if they may do this.
fn let_in(app: &App, parts: &Parts, action: Option<Action>) -> Result<Access, ApiError> {
    match identify(app, parts)? {
        Caller::User(access) => {
            if let Some(action) = action {
                access.require(action)?;
            }
            if let Some(let_in) = parts.extensions.get::<LetIn>() {
                // An answer has one caller: the second extractor of a request finds the same.
                let _ = let_in.0.set(access);
            }
            Ok(access)
        }
        Caller::Session { .. } => {
            Err(ApiError::new(ErrorCode::Forbidden, "a session's token opens `/v1` alone; send a user's token"))
        }
    }
}

impl FromRequestParts<Arc<App>> for InferenceCaller {
    type Rejection = InferenceError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, InferenceError> {
        let caller = identify(app, parts)?;
        if let Caller::User(access) = caller {
            let looks = is_look(&parts.method) && access.require(Action::Read).is_ok();
            if !looks {
                access.require(Action::Infer).map_err(Unknown::Denied)?;
            }
        }
        Ok(Self(caller))
    }
}

macro_rules! extractor {
    ($($name:ident: |$access:ident| $take:expr, $look:expr, $change:expr;)+) => {
        $(impl FromRequestParts<Arc<App>> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
                let action = if is_look(&parts.method) { $look } else { $change };
                let_in(app, parts, action).map(|$access| Self($take))
            }
        })+
    };
}

extractor! {
    UserCaller: |access| access.user, Some(Action::Read), Some(Action::Change);
    UserAccess: |access| access, Some(Action::Read), Some(Action::Change);
    Asker: |access| access.user, Some(Action::Infer), Some(Action::Infer);
    Holder: |access| access, Some(Action::Read), Some(Action::Credentials);
    Administrator: |access| access, Some(Action::Oversee), Some(Action::Administer);
    Anybody: |access| access, None, None;
}
