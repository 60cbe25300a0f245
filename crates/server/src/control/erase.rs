//! Deleting: a mark, the end of what lives, the files, the rows, and then proof that no byte stayed.

use std::sync::Arc;

use domain::{Event, Session, reason};
use protocol::{SessionId, session::DeletionReceipt, shim::SessionFolder};
use store::{AuditNote, Store, WriteSessionError};

use super::{ApplyError, apply, start::Work, supervise, supervisor::Outcome};
use crate::{app::App, storage};

/// Removes a session with all its data and returns what that was. A live one is cut and stopped first.
///
/// # Errors
/// [`ApplyError`]; a deletion that has begun is finished all the same, by the next start of the server at the latest.
pub(crate) async fn delete(
    app: &Arc<App>,
    id: SessionId,
    actor: &str,
    note: Option<AuditNote>,
) -> Result<DeletionReceipt, ApplyError> {
    let store = note.map_or_else(|| app.store.clone(), |note| app.store.audited(note));
    mark(app, &store, id).await?;
    let mut receipt = app.supervisors.watch_deletion(id);
    for event in [Event::StopRequested(reason::user()), Event::Cut] {
        match apply(app, id, &event, actor).await {
            Ok(_) | Err(ApplyError::Gone | ApplyError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    supervise(app, id);
    let done = receipt.wait_for(Option::is_some).await.map_err(|_| ApplyError::Gone)?;
    (*done).ok_or(ApplyError::Gone)
}

/// From here on the session is shown to nobody.
async fn mark(app: &Arc<App>, store: &Store, id: SessionId) -> Result<(), ApplyError> {
    loop {
        let before = app.store.find_session(id).await.map_err(ApplyError::Read)?.ok_or(ApplyError::Gone)?;
        if before.deleting_at.is_some() {
            return Ok(());
        }
        let after = Session { deleting_at: Some(app.clock.now()), ..before.clone() };
        match store.write_session(before.revision, after, None).await {
            Ok(_) => return Ok(()),
            Err(WriteSessionError::Conflict { .. }) => {}
            Err(error) => return Err(ApplyError::Write(error)),
        }
    }
}

/// Removes what is left of a session that has ended and is to be deleted. Safe to repeat from any point.
pub(super) async fn erase(app: &Arc<App>, session: &Session) -> Work {
    app.live.remove(session.id);
    let folder = SessionFolder::new(&app.data, session.id);
    let (files, temporary) = storage::remove_all(&folder).await?;
    let results = app.store.measure_results(session.id).await?;
    let rows = app.store.erase_session_rows(session.id).await?;
    app.store.scrub().await?;
    let receipt = DeletionReceipt {
        completions: rows.completions,
        files: files.files,
        bytes_temporary: temporary.max(session.storage.temporary_bytes),
        bytes_persistent: files.bytes + results,
    };
    tracing::info!(session = %session.id, completions = receipt.completions, files = receipt.files, "session deleted");
    Ok(Outcome::Deleted(receipt))
}
