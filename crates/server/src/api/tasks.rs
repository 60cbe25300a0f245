//! The calls on tasks.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use protocol::{
    Problem, SessionId, TaskId, UserId,
    audit::AuditAction,
    session::Page,
    task::{CreateTask, ResumeTask, RowState, Task, TaskReceipt, TaskRow},
};
use serde::Deserialize;
use store::{Made, RowFilter};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery, paging, place},
    problem::ApiError,
    sessions::{Confirmation, find_own},
};
use crate::{
    app::App,
    auth::{UserAccess, UserCaller},
    repeat, tasks,
};

/// The calls on tasks.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create_task, list_session_tasks))
        .routes(routes!(list_tasks))
        .routes(routes!(get_task, delete_task))
        .routes(routes!(list_task_rows))
        .routes(routes!(cancel_task))
        .routes(routes!(resume_task))
        .routes(routes!(super::task_export::export_task))
}

/// Run a set of prompts over a session in the background.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/tasks", tag = "tasks",
    params(("id" = SessionId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Repeating the request with the same key creates nothing")), request_body = CreateTask,
    responses((status = 201, description = "Created", body = Task), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_task(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    headers: HeaderMap,
    ApiJson(request): ApiJson<CreateTask>,
) -> Result<Response, ApiError> {
    let session = find_own(&app, owner, id).await?;
    let Some(key) = repeat::key(&headers)? else {
        return Ok(created(&app, tasks::create(&app, &session, request).await?));
    };
    let asked = serde_json::to_vec(&request).unwrap_or_default();
    let repeatable = repeat::identify(&key, &[id.to_string().as_bytes(), &asked].concat());
    // Two of the same key at once: the second waits and sees what the first has made.
    let _turn = app.task_runners.repeatable.lock().await;
    if let Some(made) = repeat::find_task(&app, owner, &repeatable).await? {
        return Ok(created(&app, find_own_task(&app, owner, made).await?));
    }
    let task = tasks::create(&app, &session, request).await?;
    app.store.remember_made(owner, repeatable, Made::Task(task.id)).await?;
    Ok(created(&app, task))
}

fn created(app: &App, task: Task) -> Response {
    let location = format!("/api/v1/tasks/{}", task.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(tasks::view(app, task))).into_response()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListTasks {
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List a session's tasks, newest first.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/tasks", tag = "tasks", params(("id" = SessionId, Path), ListTasks),
    responses((status = 200, description = "A page", body = Page<Task>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_session_tasks(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<ListTasks>,
) -> Result<Json<Page<Task>>, ApiError> {
    find_own(&app, owner, id).await?;
    page(&app, owner, Some(id), query).await
}

/// List the tasks of all your sessions, newest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(ListTasks),
    responses((status = 200, description = "A page", body = Page<Task>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_tasks(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<ListTasks>,
) -> Result<Json<Page<Task>>, ApiError> {
    page(&app, owner, None, query).await
}

async fn page(
    app: &Arc<App>,
    owner: UserId,
    session: Option<SessionId>,
    query: ListTasks,
) -> Result<Json<Page<Task>>, ApiError> {
    let page = app.store.list_tasks(owner, session, None, &paging(query.limit, query.cursor)?).await?;
    let items = page.items.into_iter().map(|task| tasks::view(app, task)).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

/// The caller's task, or 404.
pub(crate) async fn find_own_task(app: &App, owner: UserId, id: TaskId) -> Result<Task, ApiError> {
    app.store.find_task_of(owner, id).await?.ok_or_else(|| ApiError::not_found("task"))
}

/// Show a task.
#[utoipa::path(get, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "The task", body = Task), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_task(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TaskId>,
) -> Result<Json<Task>, ApiError> {
    let task = find_own_task(&app, owner, id).await?;
    Ok(Json(tasks::view(&app, task)))
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListRows {
    state: Option<RowState>,
    /// Text of the input or of the response, as it is written.
    q: Option<String>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List a task's rows in the order of its input, those of the tasks that it goes on with among them.
#[utoipa::path(get, path = "/api/v1/tasks/{id}/rows", tag = "tasks", params(("id" = TaskId, Path), ListRows),
    responses((status = 200, description = "A page", body = Page<TaskRow>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_task_rows(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TaskId>,
    ApiQuery(query): ApiQuery<ListRows>,
) -> Result<Json<Page<TaskRow>>, ApiError> {
    find_own_task(&app, owner, id).await?;
    let limit = paging(query.limit, None)?.limit;
    let from = place(query.cursor.as_deref(), 'r')?;
    let filter = RowFilter { state: query.state, q: query.q };
    let (items, next) = app.store.list_task_rows(id, &filter, from, limit).await?;
    Ok(Json(Page { items, next_cursor: next.map(|number| format!("r{number}")) }))
}

/// Cancel a task: what is in flight is cut, what is done stays. It can be resumed.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/cancel", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 202, description = "Being cut", body = Task), (status = 200, description = "Over already", body = Task), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn cancel_task(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TaskId>,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    let task = find_own_task(&app, owner, id).await?;
    if task.status.is_over() {
        return Ok((StatusCode::OK, Json(task)));
    }
    tasks::cancel(&app, &task).await?;
    let task = find_own_task(&app, owner, id).await?;
    Ok((StatusCode::ACCEPTED, Json(tasks::view(&app, task))))
}

/// Go on with a cut task in a session that has not ended: another task, of the rows that are left.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/resume", tag = "tasks", params(("id" = TaskId, Path)), request_body = ResumeTask,
    responses((status = 201, description = "The task that goes on", body = Task), (status = "4XX", description = "Refused", body = Problem)))]
async fn resume_task(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TaskId>,
    ApiJson(request): ApiJson<ResumeTask>,
) -> Result<Response, ApiError> {
    find_own_task(&app, owner, id).await?;
    if app.store.find_session_of(owner, request.session).await?.is_none() {
        return Err(store::ResumeTaskError::SessionGone.into());
    }
    let task = tasks::resume(&app, id, request.session).await?;
    Ok(created(&app, task))
}

/// Delete a task with its rows and their completions, for good.
#[utoipa::path(delete, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = TaskId, Path), Confirmation),
    responses((status = 200, description = "What was removed", body = TaskReceipt), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_task(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ApiPath(id): ApiPath<TaskId>,
    ApiQuery(confirmation): ApiQuery<Confirmation>,
) -> Result<Json<TaskReceipt>, ApiError> {
    find_own_task(&app, access.user, id).await?;
    confirmation.check("a task")?;
    let receipt = app.store.audited(access.note(&app, AuditAction::TaskDeleted, id)).delete_task(id).await?;
    app.store.scrub().await?;
    Ok(Json(receipt))
}
