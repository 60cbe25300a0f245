//! Finding, listing, searching and exporting completions.

use protocol::{
    CompletionId, SessionId, UserId,
    completion::{Choice, Completion, CompletionTiming, CompletionUsage, Order},
    session::Page,
};
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

use super::{CompletionFilter, Picks};
use crate::{
    ListError, StorageError, Store,
    page::{self, List, Paging},
    rows::Columns,
    search,
};

impl Store {
    /// A completion. One that has just begun is found once it is stored.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_completion(&self, id: CompletionId) -> Result<Option<Completion>, StorageError> {
        let found = sqlx::query("SELECT * FROM completion WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// A completion of a session of this owner that is not being deleted.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_completion_of(
        &self,
        owner: UserId,
        id: CompletionId,
    ) -> Result<Option<Completion>, StorageError> {
        let found = sqlx::query(
            "SELECT completion.* FROM completion JOIN session ON session.id = completion.session
             WHERE completion.id = ? AND owner = ? AND deleting_at IS NULL",
        )
        .bind(id.as_bytes().as_slice())
        .bind(owner.as_bytes().as_slice())
        .fetch_optional(self.readers())
        .await?;
        found.as_ref().map(read).transpose()
    }

    /// A session's completions, in the order asked for. A search finds finished answers whose words begin with every
    /// word of the query; a query that holds no word finds nothing.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_completions(
        &self,
        session: SessionId,
        filter: &CompletionFilter,
        paging: &Paging,
    ) -> Result<Page<Completion>, ListError> {
        let limit = paging.bounded();
        let (beyond, start, end) = match filter.order {
            Order::Newest => (" < ", paging.before(List::Completions)?, " DESC LIMIT "),
            Order::Oldest => (" > ", paging.after(List::Completions)?, " LIMIT "),
        };
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT completion.* FROM ");
        let id = match filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            None => {
                query.push("completion WHERE session = ").push_bind(session.as_bytes().to_vec());
                "id"
            }
            Some(q) => {
                let asked = search::asked(q);
                if asked.is_empty() {
                    return Ok(Page { items: Vec::new(), next_cursor: None });
                }
                // The words lie together, session by session: they are looked through first.
                query.push("completion_words AS w CROSS JOIN completion ON completion.id = w.completion");
                query.push(" WHERE w.session = ").push_bind(session.as_bytes().to_vec());
                for word in asked {
                    query.push(" AND instr(w.words, ").push_bind(word).push(") > 0");
                }
                "w.completion"
            }
        };
        query.push(" AND ").push(id).push(beyond).push_bind(start);
        narrow(&mut query, filter.picks);
        if let Some(origin) = filter.origin {
            query.push(" AND origin = ").push_bind(origin.as_str());
        }
        if let Some(conversation) = &filter.conversation {
            query.push(" AND conversation = ").push_bind(conversation.as_str());
        }
        query.push(" ORDER BY ").push(id).push(end).push_bind(i64::from(limit) + 1);
        let found = query.build().fetch_all(self.readers()).await?;
        let items = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut(items, limit, List::Completions, |completion| *completion.id.as_bytes()))
    }

    /// A session's finished completions for a download, oldest first: at most `limit` (up to 200) after the given one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn export_completions(
        &self,
        session: SessionId,
        picks: Picks,
        after: Option<CompletionId>,
        limit: u32,
    ) -> Result<Vec<Completion>, StorageError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("SELECT * FROM completion WHERE status = 'done' AND session = ");
        query.push_bind(session.as_bytes().to_vec());
        query.push(" AND id > ").push_bind(after.map_or_else(Vec::new, |id| id.as_bytes().to_vec()));
        narrow(&mut query, picks);
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit.clamp(1, page::MAX_LIMIT)));
        query.build().fetch_all(self.readers()).await?.iter().map(read).collect()
    }

    /// Bytes of a session's results: its requests and answers, and the inputs of its tasks' rows.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn measure_results(&self, session: SessionId) -> Result<u64, StorageError> {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT (SELECT coalesce(sum(octet_length(request) + octet_length(response)
                    + coalesce(octet_length(choices), 0)), 0) FROM completion WHERE session = ?1)
                + (SELECT coalesce(sum(coalesce(octet_length(content), 0) + coalesce(octet_length(custom_id), 0)), 0)
                    FROM task_row JOIN task ON task.id = task_row.task WHERE task.session = ?1)",
        )
        .bind(session.as_bytes().as_slice())
        .fetch_one(self.readers())
        .await?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// How many completions a session has, running ones included.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn count_completions(&self, session: SessionId) -> Result<u64, StorageError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM completion WHERE session = ?")
            .bind(session.as_bytes().as_slice())
            .fetch_one(self.readers())
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn narrow(query: &mut QueryBuilder<Sqlite>, picks: Picks) {
    match picks {
        Picks::All => {}
        Picks::Starred => {
            query.push(" AND starred = 1");
        }
        Picks::Unstarred => {
            query.push(" AND starred = 0");
        }
    }
}

fn read(row: &SqliteRow) -> Result<Completion, StorageError> {
    let columns = Columns::new(row, "a completion");
    let response: String = columns.get("response")?;
    let finish_reason = columns.maybe_word("finish_reason")?;
    let choices = match columns.maybe_json::<Vec<Choice>>("choices")? {
        Some(choices) => choices,
        None => vec![Choice { index: 0, text: response.clone(), finish_reason }],
    };
    Ok(Completion {
        id: columns.id("id", CompletionId::from_bytes)?,
        session_id: columns.id("session", SessionId::from_bytes)?,
        conversation: columns.get("conversation")?,
        origin: columns.word("origin")?,
        status: columns.word("status")?,
        request: columns.json("request")?,
        response,
        choices,
        finish_reason,
        error: columns.maybe_json("error")?,
        usage: CompletionUsage {
            prompt_tokens: columns.count("prompt_tokens")?,
            completion_tokens: columns.count("completion_tokens")?,
        },
        timing: CompletionTiming {
            queued_ms: columns.get("queued_ms")?,
            first_token_ms: columns.get("first_token_ms")?,
            total_ms: columns.get("total_ms")?,
            tokens_per_second: columns.get("tokens_per_second")?,
        },
        created_at: columns.at("created_at")?,
        finished_at: columns.maybe_at("finished_at")?,
        starred: columns.get("starred")?,
    })
}
