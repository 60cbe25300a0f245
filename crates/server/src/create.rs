//! Creating a session: every rule checked, then one transaction.

use std::sync::Arc;

use domain::Session;
use protocol::{UserId, session::CreateSession};
use sha2::{Digest, Sha256};
use store::{Created, Creation, Idempotency};

use crate::{api::problem::ApiError, app::App, control, plan::plan};

/// Creates a session for `owner`, or returns the one that the same key created before.
///
/// # Errors
/// Every rule that the request breaks, with field, value and remedy.
pub(crate) async fn create(
    app: &Arc<App>,
    owner: UserId,
    request: CreateSession,
    key: Option<String>,
) -> Result<Session, ApiError> {
    let idempotency = key.map(|key| {
        let body = serde_json::to_vec(&request).unwrap_or_default();
        Idempotency { key_sha256: Sha256::digest(key).into(), body_sha256: Sha256::digest(body).into() }
    });
    let mut plan = plan(app, owner, request).await?;
    loop {
        let (actor, quotas) = (owner.to_string(), app.config.quotas());
        let creation = Creation { session: plan.session.clone(), actor, quotas, idempotency };
        match app.store.create_session(creation).await {
            Ok(Created::New(session)) => {
                tracing::info!(session = %session.id, model = %session.model.name, "session created");
                control::nudge_queue(app);
                return Ok(session);
            }
            Ok(Created::Repeated(session)) => return Ok(session),
            Err(refusal) => plan.reconsider(refusal)?,
        }
    }
}
