//! Quotas in force: what somebody has set, else what the configuration says.

use domain::{admission::Quotas, limits::Bounds};
use protocol::{
    UserId,
    quota::{QuotaFigure, QuotaKind, QuotaSource, Quotas as Shown},
};
use store::{FileQuotas, StorageError};

use crate::app::App;

/// What a user may have, and all users together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) sessions: u64,
    pub(crate) live: u64,
    pub(crate) session_seconds: u64,
    pub(crate) storage_bytes: u64,
    pub(crate) tokens_per_day: Option<u64>,
    pub(crate) requests_per_minute: Option<u64>,
    pub(crate) all_sessions: Option<u64>,
    pub(crate) all_live: Option<u64>,
    pub(crate) all_tokens_per_day: Option<u64>,
}

/// What the configuration says of a user's, or of all users' together.
fn configured(app: &App, user: Option<UserId>, kind: QuotaKind) -> Option<u64> {
    let config = &app.config;
    match (user, kind) {
        (Some(_), QuotaKind::Sessions) => Some(config.sessions.quota),
        (Some(_), QuotaKind::Live) => Some(config.sessions.active_quota),
        (Some(_), QuotaKind::SessionSeconds) => Some(config.sessions.max_seconds),
        (Some(_), QuotaKind::StorageBytes) => Some(config.files.user_bytes),
        (Some(_), QuotaKind::TokensPerDay) => config.quotas.tokens_per_day,
        (Some(_), QuotaKind::RequestsPerMinute) => config.quotas.requests_per_minute,
        (None, QuotaKind::Sessions) => config.quotas.all_sessions,
        (None, QuotaKind::Live) => config.quotas.all_live,
        (None, QuotaKind::TokensPerDay) => config.quotas.all_tokens_per_day,
        (None, QuotaKind::SessionSeconds | QuotaKind::StorageBytes | QuotaKind::RequestsPerMinute) => None,
    }
}

fn in_force(app: &App, user: Option<UserId>, kind: QuotaKind) -> (Option<u64>, QuotaSource) {
    match app.people.book().find_quota(user, kind) {
        Some(set) => (Some(set), QuotaSource::Set),
        None => (configured(app, user, kind), QuotaSource::Configuration),
    }
}

/// The quotas of a user that are in force.
pub(crate) fn limits_of(app: &App, user: UserId) -> Limits {
    let own = |kind| in_force(app, Some(user), kind).0;
    let all = |kind| in_force(app, None, kind).0;
    Limits {
        sessions: own(QuotaKind::Sessions).unwrap_or(u64::MAX),
        live: own(QuotaKind::Live).unwrap_or(u64::MAX),
        session_seconds: own(QuotaKind::SessionSeconds).unwrap_or(u64::MAX),
        storage_bytes: own(QuotaKind::StorageBytes).unwrap_or(u64::MAX),
        tokens_per_day: own(QuotaKind::TokensPerDay),
        requests_per_minute: own(QuotaKind::RequestsPerMinute),
        all_sessions: all(QuotaKind::Sessions),
        all_live: all(QuotaKind::Live),
        all_tokens_per_day: all(QuotaKind::TokensPerDay),
    }
}

impl Limits {
    /// As admission wants them.
    pub(crate) const fn admission(&self) -> Quotas {
        Quotas {
            sessions: self.sessions,
            active: self.live,
            all_sessions: self.all_sessions,
            all_active: self.all_live,
        }
    }
}

/// The bounds of a session's time, for this user: the configuration's, or the user's own where it is tighter.
pub(crate) fn bounds_of(app: &App, user: UserId) -> Bounds {
    let (bounds, most) = (app.config.bounds(), limits_of(app, user).session_seconds);
    let max_after_seconds = bounds.max_after_seconds.min(most).max(1);
    Bounds { default_after_seconds: bounds.default_after_seconds.min(max_after_seconds), max_after_seconds }
}

/// What files of this user may take.
pub(crate) fn file_quotas_of(app: &App, user: UserId) -> FileQuotas {
    FileQuotas { user_bytes: limits_of(app, user).storage_bytes, ..app.config.file_quotas() }
}

/// The quotas of a user, or of all together, with what is used of them.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn show(app: &App, user: Option<UserId>) -> Result<Shown, StorageError> {
    let kinds: &[QuotaKind] = if user.is_some() { &QuotaKind::ALL } else { &QuotaKind::TOGETHER };
    let mut items = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let (limit, source) = in_force(app, user, *kind);
        items.push(QuotaFigure { kind: *kind, limit, source, used: used(app, user, *kind).await? });
    }
    Ok(Shown { items })
}

async fn used(app: &App, user: Option<UserId>, kind: QuotaKind) -> Result<Option<u64>, StorageError> {
    let now = app.clock.now();
    Ok(match (user, kind) {
        (Some(user), QuotaKind::Sessions) => Some(app.store.count_sessions(user).await?.sessions()),
        (Some(user), QuotaKind::Live) => Some(app.store.count_sessions(user).await?.holding),
        (Some(user), QuotaKind::StorageBytes) => Some(app.store.measure_user_files(user).await?),
        (Some(user), QuotaKind::TokensPerDay) => Some(app.allowances.tokens(user, now).0),
        (None, QuotaKind::Sessions) => {
            Some(app.store.count_sessions_by_owner().await?.iter().map(|(_, (sessions, _))| sessions).sum())
        }
        (None, QuotaKind::Live) => {
            let unfinished = app.store.list_unfinished().await?;
            Some(unfinished.iter().filter(|session| session.state.holds_resources()).count() as u64)
        }
        (None, QuotaKind::TokensPerDay) => Some(app.allowances.tokens(app.owner, now).1),
        (_, QuotaKind::SessionSeconds | QuotaKind::RequestsPerMinute) | (None, QuotaKind::StorageBytes) => None,
    })
}
