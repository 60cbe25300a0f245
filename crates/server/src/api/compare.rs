//! Finished tasks on the same input, side by side.

use std::sync::Arc;

use axum::{Json, extract::State};
use protocol::{
    FieldError, Problem, TaskId, UserId,
    session::Page,
    task::{ComparedRow, Comparisons, Tally, Task, Vote},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiQuery, paging, place},
    problem::ApiError,
    tasks::find_own_task,
};
use crate::{app::App, auth::UserCaller, tasks};

/// Most tasks that are put side by side.
const MOST: usize = 8;

/// The calls that compare tasks.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(compare_tasks))
        .routes(routes!(list_compared_rows))
        .routes(routes!(list_votes, vote))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Compare {
    /// Ids of 2 to 8 tasks that are over and have the same input, parted by commas; the first is the baseline.
    tasks: String,
}

/// Compare tasks on the same input: their scores with intervals, and each against the first.
#[utoipa::path(get, path = "/api/v1/compare", tag = "tasks", params(Compare),
    responses((status = 200, description = "Side by side", body = Comparisons), (status = "4XX", description = "Refused", body = Problem)))]
async fn compare_tasks(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<Compare>,
) -> Result<Json<Comparisons>, ApiError> {
    let compared = find_compared(&app, owner, &query.tasks).await?;
    Ok(Json(tasks::compare(&app, compared).await?))
}

fn refused(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::field(FieldError::new("tasks", code, message))
}

/// The tasks that a list of ids names, in its order.
///
/// # Errors
/// Too few or too many, one that is not over, different inputs.
async fn find_compared(app: &App, owner: UserId, list: &str) -> Result<Vec<Task>, ApiError> {
    let ids: Vec<&str> = list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if !(2..=MOST).contains(&ids.len()) {
        return Err(refused("count", format!("`tasks` names {} tasks; give 2 to {MOST}, parted by commas", ids.len())));
    }
    let mut found: Vec<Task> = Vec::with_capacity(ids.len());
    for id in ids {
        let id: TaskId = id.parse().map_err(|_| ApiError::not_found("task"))?;
        let task = find_own_task(app, owner, id).await?;
        if found.iter().any(|before| before.id == id) {
            return Err(refused("doubled", format!("`tasks` names {id} twice")));
        }
        if !task.status.is_over() {
            let status = task.status.as_str();
            return Err(refused("not_over", format!("{id} is {status}; compare it once it is over")));
        }
        if found.first().is_some_and(|first| first.input.sha256 != task.input.sha256) {
            return Err(refused(
                "other_input",
                format!("{id} has another input than the first; run both on the same rows"),
            ));
        }
        found.push(task);
    }
    Ok(found)
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListCompared {
    /// As for comparing them.
    tasks: String,
    /// The name of the scoring whose differences come first; absent: the rows in their order.
    score: Option<String>,
    /// Text of the input or of an answer, as it is written.
    q: Option<String>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The rows of compared tasks side by side, those that differ most by a score first.
#[utoipa::path(get, path = "/api/v1/compare/rows", tag = "tasks", params(ListCompared),
    responses((status = 200, description = "A page", body = Page<ComparedRow>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_compared_rows(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<ListCompared>,
) -> Result<Json<Page<ComparedRow>>, ApiError> {
    let compared = find_compared(&app, owner, &query.tasks).await?;
    if let Some(name) = &query.score
        && !compared.iter().all(|task| task.scoring.iter().any(|scoring| scoring.name() == name))
    {
        let message = format!("not every one of the tasks has a score `{name}`");
        return Err(ApiError::field(FieldError::new("score", "unknown", message)));
    }
    let offset = place(query.cursor.as_deref(), 'd')?;
    let limit = paging(query.limit, None)?.limit;
    let ids: Vec<TaskId> = compared.iter().map(|task| task.id).collect();
    let wanted = store::ComparedRows { score: query.score, q: query.q, offset, limit };
    let (items, more) = app.store.list_compared_rows(&ids, &wanted).await?;
    let next_cursor = more.then(|| format!("d{}", offset + u64::from(limit)));
    Ok(Json(Page { items, next_cursor }))
}

/// A person's vote on a row of two tasks.
#[utoipa::path(post, path = "/api/v1/compare/votes", tag = "tasks", request_body = Vote,
    responses((status = 200, description = "The votes so far", body = Tally), (status = "4XX", description = "Refused", body = Problem)))]
async fn vote(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiJson(vote): ApiJson<Vote>,
) -> Result<Json<Tally>, ApiError> {
    let list = vote.tasks.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let compared = find_compared(&app, owner, &list).await?;
    if let Some(choice) = vote.choice.filter(|choice| !vote.tasks.contains(choice)) {
        let message = format!("{choice} is none of the tasks voted on; give one of them, or null for a tie");
        return Err(ApiError::field(FieldError::new("choice", "unknown", message)));
    }
    if vote.row >= compared[0].progress.rows {
        let message = format!("there is no row {}; the last is {}", vote.row, compared[0].progress.rows - 1);
        return Err(ApiError::field(FieldError::new("row", "out_of_range", message)));
    }
    app.store.vote(&vote, app.clock.now()).await?;
    Ok(Json(app.store.tally(&vote.tasks).await?))
}

/// The votes on the rows of tasks.
#[utoipa::path(get, path = "/api/v1/compare/votes", tag = "tasks", params(Compare),
    responses((status = 200, description = "The votes so far", body = Tally), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_votes(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<Compare>,
) -> Result<Json<Tally>, ApiError> {
    let compared = find_compared(&app, owner, &query.tasks).await?;
    let ids: Vec<TaskId> = compared.iter().map(|task| task.id).collect();
    Ok(Json(app.store.tally(&ids).await?))
}
