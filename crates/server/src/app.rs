//! What the parts of the server share.

use std::{path::PathBuf, sync::Arc};

use hub::Hub;
use jiff::Timestamp;
use launcher::Launcher;
use protocol::{ErrorCode, UserId};
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{code::LoginCodes, guesses::Guesses, login::EndedLogins, people::People},
    clock::Clock,
    config::Config,
    control::Supervisors,
    files::Uploads,
    gateway::{allowance::Allowances, error::InferenceError, live::LiveSessions, runtime::Runtimes},
    oidc::Oidc,
    tasks::TaskRunners,
    token::TokenKey,
};

/// The server's parts, each used by several others.
pub(crate) struct App {
    pub(crate) config: Config,
    /// The data folder, absolute and resolved.
    pub(crate) data: PathBuf,
    /// The `viva` binary, which is also the engine.
    pub(crate) program: PathBuf,
    /// As people reach the server: `http://127.0.0.1:8482`.
    pub(crate) url: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: Timestamp,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) runtimes: Runtimes,
    pub(crate) live: LiveSessions,
    /// What users have asked for today, and lately.
    pub(crate) allowances: Allowances,
    pub(crate) supervisors: Supervisors,
    pub(crate) key: TokenKey,
    /// Who there is, and what opens something.
    pub(crate) people: People,
    /// The user whose machine it is.
    pub(crate) owner: UserId,
    /// Wrong user tokens, by address.
    pub(crate) guesses: Guesses,
    /// Wrong passwords, by address.
    pub(crate) password_guesses: Guesses,
    /// Answers of the identity provider that nobody was waiting for, by address.
    pub(crate) oidc_guesses: Guesses,
    /// Who signs people in, where one is configured.
    pub(crate) oidc: Option<Oidc>,
    /// Each opens the console once.
    pub(crate) login_codes: LoginCodes,
    /// Browsers that were logged out.
    pub(crate) ended_logins: EndedLogins,
    /// Files being written.
    pub(crate) uploads: Uploads,
    /// Who runs the sessions' tasks.
    pub(crate) task_runners: TaskRunners,
    /// Answers being written, and other work that must end before the process does.
    pub(crate) tasks: TaskTracker,
    /// Requests that a handler is answering.
    pub(crate) requests: TaskTracker,
    /// Cancelled when the server is told to end: from then on nothing new is let in.
    pub(crate) closing: CancellationToken,
    /// Cancelled when everything that was let in has ended: what goes on by itself goes no further.
    pub(crate) shutdown: CancellationToken,
    pub(crate) metrics: metrics_exporter_prometheus::PrometheusHandle,
}

impl App {
    /// Logs a failure of the store and says what a client may know of it.
    pub(crate) fn storage_failed(&self, error: &(dyn std::error::Error + 'static)) -> InferenceError {
        tracing::error!(error, "the store failed");
        InferenceError::new(ErrorCode::StorageUnavailable, "the server's storage does not answer; try again shortly")
    }
}
