//! Finding and listing sessions.

use domain::Session;
use protocol::{SessionId, UserId, session::Page};
use sqlx::{QueryBuilder, Sqlite};

use super::{SessionFilter, row};
use crate::{
    ListError, StorageError, Store,
    page::{self, List, Paging},
    search,
};

impl Store {
    /// A session, being deleted or not.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_session(&self, id: SessionId) -> Result<Option<Session>, StorageError> {
        let found = sqlx::query("SELECT * FROM session WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(row::read).transpose()
    }

    /// A session of this owner that is not being deleted.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_session_of(&self, owner: UserId, id: SessionId) -> Result<Option<Session>, StorageError> {
        let found = self.find_session(id).await?;
        Ok(found.filter(|session| session.owner == owner && session.deleting_at.is_none()))
    }

    /// An owner's sessions that are not being deleted, newest first.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_sessions(
        &self,
        owner: UserId,
        filter: &SessionFilter,
        paging: &Paging,
    ) -> Result<Page<Session>, ListError> {
        let limit = paging.bounded();
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM session WHERE deleting_at IS NULL");
        query.push(" AND owner = ").push_bind(owner.as_bytes().to_vec());
        query.push(" AND id < ").push_bind(paging.before(List::Sessions)?);
        if let Some(status) = filter.status {
            query.push(" AND status = ").push_bind(status.as_str());
        }
        if let Some(q) = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            query.push(" AND instr(search, ").push_bind(search::folded(q)).push(") > 0");
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let found = query.build().fetch_all(self.readers()).await?;
        let items = found.iter().map(row::read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut(items, limit, List::Sessions, |session| *session.id.as_bytes()))
    }

    /// Whether any session of any owner waits in the queue.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn is_anyone_queued(&self) -> Result<bool, StorageError> {
        let found = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM session WHERE phase = 'queued')");
        Ok(found.fetch_one(self.readers()).await?)
    }

    /// Every session that is not at rest: not ended, or ended with something of it still alive, or being deleted;
    /// oldest first, of all owners.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_unfinished(&self) -> Result<Vec<Session>, StorageError> {
        let found = sqlx::query(
            "SELECT * FROM session WHERE phase <> 'ended' OR unreleased = 1 OR deleting_at IS NOT NULL ORDER BY id",
        )
        .fetch_all(self.readers())
        .await?;
        found.iter().map(row::read).collect()
    }
}
