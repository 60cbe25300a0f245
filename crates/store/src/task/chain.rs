//! A task with those that it goes on with.

use protocol::TaskId;

use crate::{StorageError, Store};

/// Tasks that one chain is read over; earlier ones are left out.
const LONGEST: i64 = 100;

impl Store {
    /// A task and those that it goes on with, itself first.
    ///
    /// # Errors
    /// [`StorageError`]
    pub(super) async fn task_chain(&self, id: TaskId) -> Result<Vec<Vec<u8>>, StorageError> {
        let chain = sqlx::query_scalar(
            "WITH RECURSIVE chain (id, resumed_from, place) AS (
                SELECT id, resumed_from, 0 FROM task WHERE id = ?1
                UNION ALL
                SELECT task.id, task.resumed_from, place + 1 FROM task JOIN chain ON task.id = chain.resumed_from
                WHERE place < ?2)
             SELECT id FROM chain ORDER BY place",
        )
        .bind(id.as_bytes().as_slice())
        .bind(LONGEST)
        .fetch_all(self.readers())
        .await?;
        Ok(chain)
    }
}
