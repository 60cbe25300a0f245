//! The calls on test sets and their cases.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use protocol::{
    ErrorCode, FieldError, Problem, TestSetId, UserId,
    audit::AuditAction,
    session::Page,
    test_set::{CreateTestCase, CreateTestSet, TestCase, TestSet, UpdateTestCase, UpdateTestSet},
};
use serde::Deserialize;
use store::{TestSetWrite, WriteTestSetError};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery, paging, place},
    problem::ApiError,
    sessions::Confirmation,
};
use crate::{
    app::App,
    auth::{UserAccess, UserCaller},
    tasks::test_set,
};

/// The calls on test sets.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_test_sets, create_test_set))
        .routes(routes!(get_test_set, update_test_set, delete_test_set))
        .routes(routes!(list_test_cases, create_test_case))
        .routes(routes!(update_test_case, delete_test_case))
}

async fn find_own_set(app: &App, owner: UserId, id: TestSetId) -> Result<TestSet, ApiError> {
    let set = app.store.find_test_set(owner, id).await?.ok_or_else(|| ApiError::not_found("test set"))?;
    Ok(test_set::view(app, set))
}

/// List your test sets by name, each with its last run.
#[utoipa::path(get, path = "/api/v1/test-sets", tag = "test sets",
    responses((status = 200, description = "All of them", body = Page<TestSet>), (status = 401, description = "No token", body = Problem)))]
async fn list_test_sets(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
) -> Result<Json<Page<TestSet>>, ApiError> {
    let sets = app.store.list_test_sets(owner).await?;
    Ok(Json(Page { items: sets.into_iter().map(|set| test_set::view(&app, set)).collect(), next_cursor: None }))
}

/// Create a test set.
#[utoipa::path(post, path = "/api/v1/test-sets", tag = "test sets", request_body = CreateTestSet,
    responses((status = 201, description = "Created", body = TestSet), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_test_set(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiJson(request): ApiJson<CreateTestSet>,
) -> Result<Response, ApiError> {
    let name = domain::naming::name(&request.name).map_err(ApiError::field)?;
    if let Some(run) = &request.run {
        test_set::check_run(run)?;
    }
    let id = TestSetId::generate();
    let write = TestSetWrite::Create { name, run: request.run, now: app.clock.now() };
    app.store.write_test_set(owner, id, write).await?;
    let location = format!("/api/v1/test-sets/{id}");
    let set = find_own_set(&app, owner, id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(set)).into_response())
}

/// Show a test set with its last runs.
#[utoipa::path(get, path = "/api/v1/test-sets/{id}", tag = "test sets", params(("id" = TestSetId, Path)),
    responses((status = 200, description = "The test set", body = TestSet), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_test_set(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TestSetId>,
) -> Result<Json<TestSet>, ApiError> {
    Ok(Json(find_own_set(&app, owner, id).await?))
}

/// Rename a test set, or say how it runs by itself on the next session of a model.
#[utoipa::path(patch, path = "/api/v1/test-sets/{id}", tag = "test sets", params(("id" = TestSetId, Path)), request_body = UpdateTestSet,
    responses((status = 200, description = "The test set", body = TestSet), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_test_set(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TestSetId>,
    ApiJson(change): ApiJson<UpdateTestSet>,
) -> Result<Json<TestSet>, ApiError> {
    let name = change.name.as_deref().map(domain::naming::name).transpose().map_err(ApiError::field)?;
    if let Some(Some(run)) = &change.run {
        test_set::check_run(run)?;
    }
    if let Some(name) = name {
        app.store.write_test_set(owner, id, TestSetWrite::Rename(name)).await?;
    }
    if let Some(run) = change.run {
        app.store.write_test_set(owner, id, TestSetWrite::SetRun { run, now: app.clock.now() }).await?;
    }
    Ok(Json(find_own_set(&app, owner, id).await?))
}

/// Delete a test set with its cases. The tasks that ran it stay with their sessions.
#[utoipa::path(delete, path = "/api/v1/test-sets/{id}", tag = "test sets", params(("id" = TestSetId, Path), Confirmation),
    responses((status = 204, description = "Deleted"), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_test_set(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ApiPath(id): ApiPath<TestSetId>,
    ApiQuery(confirmation): ApiQuery<Confirmation>,
) -> Result<StatusCode, ApiError> {
    find_own_set(&app, access.user, id).await?;
    confirmation.check("a test set")?;
    let note = access.note(&app, AuditAction::TestSetDeleted, id);
    app.store.audited(note).write_test_set(access.user, id, TestSetWrite::Delete).await?;
    app.store.scrub().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListCases {
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List the cases of a test set, the first one first.
#[utoipa::path(get, path = "/api/v1/test-sets/{id}/cases", tag = "test sets", params(("id" = TestSetId, Path), ListCases),
    responses((status = 200, description = "A page", body = Page<TestCase>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_test_cases(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TestSetId>,
    ApiQuery(query): ApiQuery<ListCases>,
) -> Result<Json<Page<TestCase>>, ApiError> {
    find_own_set(&app, owner, id).await?;
    let limit = paging(query.limit, None)?.limit;
    let from = place(query.cursor.as_deref(), 'n')?;
    let mut items = app.store.list_test_cases(id, from, limit + 1).await?;
    let next_cursor =
        (items.len() > limit as usize).then(|| items.pop()).flatten().map(|case| format!("n{}", case.number));
    Ok(Json(Page { items, next_cursor }))
}

/// Keep a case: a conversation, or one that a completion had.
#[utoipa::path(post, path = "/api/v1/test-sets/{id}/cases", tag = "test sets", params(("id" = TestSetId, Path)), request_body = CreateTestCase,
    responses((status = 201, description = "Kept", body = TestCase), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_test_case(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TestSetId>,
    ApiJson(request): ApiJson<CreateTestCase>,
) -> Result<Response, ApiError> {
    find_own_set(&app, owner, id).await?;
    let (messages, expected) = test_set::read_case(&app, owner, request).await?;
    let write = TestSetWrite::AddCase { messages, expected, now: app.clock.now() };
    let number = app.store.write_test_set(owner, id, write).await?;
    Ok((StatusCode::CREATED, Json(find_case(&app, id, number).await?)).into_response())
}

async fn find_case(app: &App, set: TestSetId, number: u64) -> Result<TestCase, ApiError> {
    let found = app.store.list_test_cases(set, number, 1).await?.into_iter().next();
    found.filter(|case| case.number == number).ok_or_else(|| ApiError::not_found("case"))
}

/// Change a case.
#[utoipa::path(patch, path = "/api/v1/test-sets/{id}/cases/{number}", tag = "test sets", params(("id" = TestSetId, Path), ("number" = u64, Path)), request_body = UpdateTestCase,
    responses((status = 200, description = "The case", body = TestCase), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_test_case(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath((id, number)): ApiPath<(TestSetId, u64)>,
    ApiJson(change): ApiJson<UpdateTestCase>,
) -> Result<Json<TestCase>, ApiError> {
    find_own_set(&app, owner, id).await?;
    let mut case = find_case(&app, id, number).await?;
    if let Some(messages) = change.messages {
        test_set::check_messages(&messages)?;
        case.messages = messages;
    }
    if let Some(expected) = change.expected {
        case.expected = expected;
    }
    app.store.write_test_set(owner, id, TestSetWrite::SetCase(case.clone())).await?;
    Ok(Json(case))
}

/// Delete a case.
#[utoipa::path(delete, path = "/api/v1/test-sets/{id}/cases/{number}", tag = "test sets", params(("id" = TestSetId, Path), ("number" = u64, Path)),
    responses((status = 204, description = "Deleted"), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn delete_test_case(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath((id, number)): ApiPath<(TestSetId, u64)>,
) -> Result<StatusCode, ApiError> {
    app.store.write_test_set(owner, id, TestSetWrite::DeleteCase(number)).await?;
    app.store.scrub().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<WriteTestSetError> for ApiError {
    fn from(error: WriteTestSetError) -> Self {
        match error {
            WriteTestSetError::NotFound => Self::not_found("test set or case"),
            WriteTestSetError::NameTaken => {
                let message = "another of your test sets has this name; choose another one";
                Self::field(FieldError::new("name", "taken", message))
            }
            WriteTestSetError::Full => Self::new(ErrorCode::QuotaReached, format!("{error}; begin another set")),
            WriteTestSetError::Storage(error) => error.into(),
        }
    }
}
