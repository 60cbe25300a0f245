//! Creating a session: every rule checked, then one transaction.

use std::sync::Arc;

use domain::Session;
use protocol::{audit::AuditAction, session::CreateSession};
use store::{Created, Creation};

use crate::{api::problem::ApiError, app::App, auth::Access, control, plan::plan, quota, repeat};

/// Creates a session for the caller, or returns the one that the same key created before.
///
/// # Errors
/// Every rule that the request breaks, with field, value and remedy.
pub(crate) async fn create(
    app: &Arc<App>,
    access: Access,
    request: CreateSession,
    key: Option<String>,
) -> Result<Session, ApiError> {
    let idempotency = key.map(|key| repeat::identify(&key, &serde_json::to_vec(&request).unwrap_or_default()));
    let owner = access.user;
    let mut plan = plan(app, owner, request).await?;
    loop {
        let (actor, quotas) = (owner.to_string(), quota::limits_of(app, owner).admission());
        let creation = Creation { session: plan.session.clone(), actor, quotas, idempotency };
        let note = access.note(app, AuditAction::SessionCreated, plan.session.id);
        match app.store.audited(note).create_session(creation).await {
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
