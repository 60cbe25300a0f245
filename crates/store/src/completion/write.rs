//! The statements of the gateway's hot path.

use protocol::{
    CompletionId, SessionId,
    completion::{Choice, CompletionStatus, CompletionTiming, CompletionUsage, FinishReason},
};
use sqlx::{Row as _, SqliteConnection};

use super::{Begin, Checkpoint, Finish};
use crate::{
    WriteCompletionError,
    bulk::{repeated, runs},
    made::{self, Made},
    rows,
};

/// A completion's row.
pub(crate) struct Row<'a> {
    begin: &'a Begin,
    status: CompletionStatus,
    response: &'a str,
    choices: Option<String>,
    finish_reason: Option<&'static str>,
    error: Option<String>,
    usage: CompletionUsage,
    timing: CompletionTiming,
    finished_at: Option<i64>,
}

impl<'a> Row<'a> {
    pub(crate) fn begun(begin: &'a Begin) -> Self {
        Self {
            begin,
            status: CompletionStatus::Running,
            response: "",
            choices: Some("[]".to_owned()),
            finish_reason: None,
            error: None,
            usage: CompletionUsage::default(),
            timing: CompletionTiming::default(),
            finished_at: None,
        }
    }

    pub(crate) fn finished(finish: &'a Finish) -> Self {
        Self {
            begin: &finish.begin,
            status: CompletionStatus::Done,
            response: finish.choices.first().map_or("", |choice| &choice.text),
            choices: several(&finish.choices, finish.finish_reason),
            finish_reason: Some(finish.finish_reason.as_str()),
            error: finish.error.as_ref().map(rows::json),
            usage: finish.usage,
            timing: finish.timing,
            finished_at: Some(rows::micros(finish.finished_at)),
        }
    }
}

impl Row<'_> {
    pub(crate) fn session(&self) -> SessionId {
        self.begin.session_id
    }

    /// Bytes that count as the session's results.
    pub(crate) fn bytes(&self) -> i64 {
        let bytes = self.begin.request.len() + self.response.len() + self.choices.as_ref().map_or(0, String::len);
        i64::try_from(bytes).unwrap_or(i64::MAX)
    }
}

/// The choices as JSON, unless the response and the finish reason say all of them.
fn several(choices: &[Choice], finish_reason: FinishReason) -> Option<String> {
    match choices {
        [Choice { index: 0, finish_reason: Some(own), .. }] if *own == finish_reason => None,
        _ => Some(rows::json(choices)),
    }
}

const COLUMNS: &str = "INSERT INTO completion (id, session, conversation, origin, status, request, response, choices,
    finish_reason, error, prompt_tokens, completion_tokens, queued_ms, first_token_ms, total_ms, tokens_per_second,
    created_at, finished_at, task, task_row) VALUES ";
const VALUES: &str = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

pub(crate) async fn insert(connection: &mut SqliteConnection, rows: &[Row<'_>]) -> Result<(), sqlx::Error> {
    for run in runs(rows) {
        let mut query = sqlx::query(repeated(COLUMNS, VALUES, run.len(), ""));
        for row in run {
            query = query
                .bind(row.begin.id.as_bytes().as_slice())
                .bind(row.begin.session_id.as_bytes().as_slice())
                .bind(row.begin.conversation.as_deref())
                .bind(row.begin.origin.as_str())
                .bind(status(row.status))
                .bind(row.begin.request.as_str())
                .bind(row.response)
                .bind(row.choices.as_deref())
                .bind(row.finish_reason)
                .bind(row.error.as_deref())
                .bind(rows::signed(row.usage.prompt_tokens))
                .bind(rows::signed(row.usage.completion_tokens))
                .bind(row.timing.queued_ms)
                .bind(row.timing.first_token_ms)
                .bind(row.timing.total_ms)
                .bind(row.timing.tokens_per_second)
                .bind(rows::micros(row.begin.created_at))
                .bind(row.finished_at)
                .bind(row.begin.task_row.as_ref().map(|(task, _)| task.as_bytes().as_slice()))
                .bind(row.begin.task_row.map(|(_, number)| rows::signed(number)));
        }
        query.execute(&mut *connection).await?;
    }
    for Begin { id, repeatable, .. } in rows.iter().map(|row| row.begin) {
        if let Some((owner, key)) = repeatable {
            made::note(connection, *owner, key, Made::Completion(*id)).await?;
        }
    }
    Ok(())
}

const fn status(status: CompletionStatus) -> &'static str {
    match status {
        CompletionStatus::Running => "running",
        CompletionStatus::Done => "done",
    }
}

/// The end of a completion whose begin is stored.
pub(crate) async fn finish(connection: &mut SqliteConnection, row: &Row<'_>) -> Result<(), WriteCompletionError> {
    let done = sqlx::query(
        "UPDATE completion SET status = ?2, response = ?3, choices = ?4, finish_reason = ?5, error = ?6,
            prompt_tokens = ?7, completion_tokens = ?8, queued_ms = ?9, first_token_ms = ?10, total_ms = ?11,
            tokens_per_second = ?12, finished_at = ?13
         WHERE id = ?1",
    )
    .bind(row.begin.id.as_bytes().as_slice())
    .bind(status(row.status))
    .bind(row.response)
    .bind(row.choices.as_deref())
    .bind(row.finish_reason)
    .bind(row.error.as_deref())
    .bind(rows::signed(row.usage.prompt_tokens))
    .bind(rows::signed(row.usage.completion_tokens))
    .bind(row.timing.queued_ms)
    .bind(row.timing.first_token_ms)
    .bind(row.timing.total_ms)
    .bind(row.timing.tokens_per_second)
    .bind(row.finished_at)
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(WriteCompletionError::SessionGone) }
}

/// The text so far. False where no such completion is running.
pub(crate) async fn checkpoint(
    connection: &mut SqliteConnection,
    id: CompletionId,
    checkpoint: &Checkpoint,
) -> Result<bool, sqlx::Error> {
    let choices: Vec<Choice> = (0..)
        .zip(&checkpoint.texts)
        .map(|(index, text)| Choice { index, text: text.clone(), finish_reason: None })
        .collect();
    let done = sqlx::query(
        "UPDATE completion SET response = ?2, choices = ?3, prompt_tokens = ?4, completion_tokens = ?5
         WHERE id = ?1 AND status = 'running'",
    )
    .bind(id.as_bytes().as_slice())
    .bind(checkpoint.texts.first().map_or("", String::as_str))
    .bind(rows::json(&choices))
    .bind(rows::signed(checkpoint.usage.prompt_tokens))
    .bind(rows::signed(checkpoint.usage.completion_tokens))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The tokens that are counted of a stored completion.
pub(crate) async fn find_counted(
    connection: &mut SqliteConnection,
    id: CompletionId,
) -> Result<Option<CompletionUsage>, sqlx::Error> {
    let row = sqlx::query("SELECT prompt_tokens, completion_tokens FROM completion WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(CompletionUsage {
            prompt_tokens: u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
            completion_tokens: u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0),
        })
    })
    .transpose()
}

/// Makes finished answers searchable.
pub(crate) async fn insert_words(
    connection: &mut SqliteConnection,
    list: &[(SessionId, CompletionId, &str)],
) -> Result<(), sqlx::Error> {
    let head = "INSERT OR REPLACE INTO completion_words (session, completion, words) VALUES ";
    for run in runs(list) {
        let mut query = sqlx::query(repeated(head, "(?,?,?)", run.len(), ""));
        for (session, completion, words) in run {
            query = query.bind(session.as_bytes().as_slice()).bind(completion.as_bytes().as_slice()).bind(*words);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
