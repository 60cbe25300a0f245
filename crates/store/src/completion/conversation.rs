//! Conversations: completions that name the same one, listed by their latest.

use protocol::{CompletionId, SessionId, completion::Conversation, session::Page};
use sqlx::sqlite::SqliteRow;

use crate::{
    ListError, StorageError, Store,
    page::{self, List, Paging},
    rows::Columns,
};

/// Grouped by the index alone; only of those on the page are the first and the last completion read. The title is cut
/// out where the request lies, as a request may hold images.
const LIST: &str = "
    WITH found AS (
        SELECT conversation, count(*) AS completions, min(id) AS first, max(id) AS last
        FROM completion WHERE session = ?1 AND conversation IS NOT NULL
        GROUP BY conversation HAVING max(id) < ?2 ORDER BY last DESC LIMIT ?3
    )
    SELECT found.*, oldest.created_at, coalesce(newest.finished_at, newest.created_at) AS updated_at, (
        SELECT CASE json_type(oldest.request, message.fullkey || '.content')
            WHEN 'text' THEN substr(json_extract(oldest.request, message.fullkey || '.content'), 1, 80)
            WHEN 'array' THEN (
                SELECT substr(json_extract(oldest.request, part.fullkey || '.text'), 1, 80)
                FROM json_each(oldest.request, message.fullkey || '.content') AS part
                WHERE json_extract(oldest.request, part.fullkey || '.type') = 'text' LIMIT 1)
            END
        FROM json_each(oldest.request, '$.messages') AS message
        WHERE json_extract(oldest.request, message.fullkey || '.role') = 'user' LIMIT 1
    ) AS title
    FROM found JOIN completion AS oldest ON oldest.id = found.first JOIN completion AS newest ON newest.id = found.last
    ORDER BY found.last DESC";

impl Store {
    /// A session's conversations, the one with the newest completion first.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_conversations(
        &self,
        session: SessionId,
        paging: &Paging,
    ) -> Result<Page<Conversation>, ListError> {
        let limit = paging.bounded();
        let found = sqlx::query(LIST)
            .bind(session.as_bytes().as_slice())
            .bind(paging.before(List::Conversations)?)
            .bind(i64::from(limit) + 1)
            .fetch_all(self.readers())
            .await?;
        let items = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let page = page::cut(items, limit, List::Conversations, |(last, _)| *last.as_bytes());
        let items = page.items.into_iter().map(|(_, conversation)| conversation).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }
}

fn read(row: &SqliteRow) -> Result<(CompletionId, Conversation), StorageError> {
    let columns = Columns::new(row, "a conversation");
    let conversation = Conversation {
        id: columns.get("conversation")?,
        title: columns.get("title")?,
        completions: columns.count("completions")?,
        created_at: columns.at("created_at")?,
        updated_at: columns.at("updated_at")?,
    };
    Ok((columns.id("last", CompletionId::from_bytes)?, conversation))
}
