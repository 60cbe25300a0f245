//! Quotas that somebody has set, and the tokens of each day.

use protocol::{UserId, quota::QuotaKind};

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

/// A quota that somebody has set; of nobody: of all users together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredQuota {
    pub user: Option<UserId>,
    pub kind: QuotaKind,
    pub most: u64,
}

impl Store {
    /// Every quota that somebody has set.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_quotas(&self) -> Result<Vec<StoredQuota>, StorageError> {
        let found = sqlx::query("SELECT * FROM quota").fetch_all(self.readers()).await?;
        let read = |row| {
            let columns = Columns::new(row, "a quota");
            let user: Option<Vec<u8>> = columns.get("user")?;
            let user = user.map(|user| user.try_into().map(UserId::from_bytes)).transpose();
            let user = user.map_err(|_| StorageError::Unreadable { what: "a quota" })?;
            Ok(StoredQuota { user, kind: columns.word("kind")?, most: columns.count("most")? })
        };
        found.iter().map(read).collect()
    }

    /// Sets quotas of a user, or of all together; none: it goes back to the configuration.
    ///
    /// # Errors
    /// [`StorageError`], also where there is no such user; nothing changed.
    pub async fn set_quotas(
        &self,
        user: Option<UserId>,
        changes: Vec<(QuotaKind, Option<u64>)>,
    ) -> Result<(), StorageError> {
        self.writer().execute(Set { user, changes }).await
    }

    /// The tokens that users have used in a day, which is counted from 1970 in UTC. Deleting takes none back.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_token_use(&self, day: i64) -> Result<Vec<(UserId, u64)>, StorageError> {
        let found =
            sqlx::query("SELECT user, tokens FROM token_use WHERE day = ?").bind(day).fetch_all(self.readers()).await?;
        let read = |row| {
            let columns = Columns::new(row, "the tokens of a day");
            Ok((columns.id("user", UserId::from_bytes)?, columns.count("tokens")?))
        };
        found.iter().map(read).collect()
    }
}

struct Set {
    user: Option<UserId>,
    changes: Vec<(QuotaKind, Option<u64>)>,
}

impl Command for Set {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let user = self.user.map(|user| user.as_bytes().to_vec());
        for (kind, most) in self.changes {
            sqlx::query("DELETE FROM quota WHERE user IS ? AND kind = ?")
                .bind(user.clone())
                .bind(kind.as_str())
                .execute(&mut *tx.connection)
                .await?;
            if let Some(most) = most {
                sqlx::query("INSERT INTO quota (user, kind, most) VALUES (?, ?, ?)")
                    .bind(user.clone())
                    .bind(kind.as_str())
                    .bind(rows::signed(most))
                    .execute(&mut *tx.connection)
                    .await?;
            }
        }
        Ok(())
    }
}
