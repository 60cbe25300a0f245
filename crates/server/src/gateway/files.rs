//! OpenAI's calls on files: the same files as the management API's, for the holder of a session's token.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Multipart, Path, Query, Request, State, multipart::Field},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::Session;
use http::{HeaderValue, header};
use protocol::{ErrorCode, FileId, file::File};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{batches, error::InferenceError, list};
use crate::{
    api::{files::serve, problem::ApiError},
    app::App,
    auth::{self, Caller, InferenceCaller},
    files::{self, Contents, Stored},
};

/// Longest word that says what a file is for.
const MAX_PURPOSE: usize = 64;
/// Names that are tried for a file whose name is taken.
const NAMES: u32 = 1000;

/// The calls on files, but for uploading.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/files", get(list_files))
        .route("/v1/files/{id}", get(get_file).delete(delete_file))
        .route("/v1/files/{id}/content", get(get_content))
}

/// Uploading, whose body is not held to the bound of the others.
pub(crate) fn upload_router() -> Router<Arc<App>> {
    Router::new().route("/v1/files", post(create_file))
}

/// The session of a token, ended or not.
///
/// # Errors
/// A user's token, which has no session of its own; a session that was deleted.
pub(super) async fn session_of(app: &App, caller: Caller) -> Result<Session, InferenceError> {
    let Caller::Session { id } = caller else {
        let message = "files and batches belong to a session: send its own token (`viva session endpoint`)";
        return Err(InferenceError::new(ErrorCode::Forbidden, message));
    };
    let session = app.store.find_session(id).await.map_err(|error| app.storage_failed(&error))?;
    let session = session
        .filter(|session| session.deleting_at.is_none())
        .ok_or_else(|| InferenceError::new(ErrorCode::Unauthorized, "this token's session has been deleted"))?;
    auth::require_enabled(app, session.owner)?;
    match session.state.reason().filter(|_| session.state.is_terminal()) {
        Some(reason) => Err(InferenceError::not_running(reason)),
        None => Ok(session),
    }
}

impl From<ApiError> for InferenceError {
    fn from(error: ApiError) -> Self {
        let problem = error.0;
        let refused = Self::new(problem.code, problem.detail);
        match problem.errors.into_iter().next() {
            Some(field) => refused.with_param(field.field),
            None => refused,
        }
    }
}

fn shown(file: &File) -> Value {
    json!({
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created_at.as_second(),
        "filename": file.path,
        "purpose": file.purpose.as_deref().unwrap_or("user_data"),
        "status": "processed",
    })
}

#[derive(Debug, Deserialize)]
struct ListFiles {
    purpose: Option<String>,
    limit: Option<u32>,
    after: Option<FileId>,
}

async fn list_files(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Query(query): Query<ListFiles>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let after = query.after.map(|id| id.to_string());
    let paging = list::paging(query.limit, (200, 200), after.as_deref().map(|id| ('f', id, FileId::PREFIX)));
    let page = app.store.list_files(session.id, &paging).await.map_err(|error| app.storage_failed(&error))?;
    let wanted = |file: &&File| {
        query.purpose.as_deref().is_none_or(|purpose| file.purpose.as_deref().unwrap_or("user_data") == purpose)
    };
    let data: Vec<Value> = page.items.iter().filter(wanted).map(shown).collect();
    Ok(Json(list::listed(data, page.next_cursor.as_ref())))
}

/// A session's file by its id.
pub(super) async fn find(app: &App, session: &Session, id: &str) -> Result<File, InferenceError> {
    let missing = || InferenceError::new(ErrorCode::NotFound, "this session has no such file").with_param("id");
    let id: FileId = id.parse().map_err(|_| missing())?;
    let found = app.store.find_file_by_id(session.id, id).await.map_err(|error| app.storage_failed(&error))?;
    found.ok_or_else(missing)
}

async fn get_file(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    if let Some(output) = batches::find_output(&app, &session, &id).await? {
        return Ok(Json(output.shown()));
    }
    Ok(Json(shown(&find(&app, &session, &id).await?)))
}

async fn get_content(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    if let Some(output) = batches::find_output(&app, &session, &id).await? {
        let mut response = Body::from_stream(output.lines(app)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        return Ok(response);
    }
    let file = find(&app, &session, &id).await?;
    Ok(serve(&app, &file, request).await?)
}

async fn delete_file(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let file = find(&app, &session, &id).await?;
    files::delete(&app, None, session.id, &file.path).await?;
    Ok(Json(json!({"id": file.id, "object": "file", "deleted": true})))
}

/// Takes a form with `file` and `purpose`, in whichever order.
async fn create_file(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let malformed = |message: String| InferenceError::new(ErrorCode::MalformedRequest, message);
    let mut form = form.map_err(|error| malformed(format!("the body is no form with a file: {error}")))?;
    let (mut file, mut purpose): (Option<File>, Option<String>) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| malformed(error.to_string()))? {
        match field.name() {
            Some("file") if file.is_none() => file = Some(take(&app, &session, field).await?),
            Some("purpose") => {
                let text = field.text().await.map_err(|error| malformed(error.to_string()))?;
                purpose = Some(text.chars().take(MAX_PURPOSE).collect());
            }
            Some(_) | None => {}
        }
    }
    let mut file = file.ok_or_else(|| malformed("the form has no `file`".to_owned()).with_param("file"))?;
    if let Some(purpose) = purpose {
        app.store.set_file_purpose(file.id, &purpose).await.map_err(|error| app.storage_failed(&error))?;
        file.purpose = Some(purpose);
    }
    Ok(Json(shown(&file)))
}

async fn take(app: &App, session: &Session, field: Field<'_>) -> Result<File, InferenceError> {
    let name = field.file_name().unwrap_or("upload").rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let path = free_path(app, session, &name).await?;
    let contents = Contents { path, purpose: None, range: None, sha256: None, announced: None };
    match files::put(app, session, contents, field).await? {
        Stored::Whole(file) => Ok(file),
        Stored::Part(_) => Err(InferenceError::new(ErrorCode::Internal, "a form's file came in parts")),
    }
}

/// The name, or `name-2.ext` and so on where a file has it: OpenAI's files of one name do not replace each other.
async fn free_path(app: &App, session: &Session, name: &str) -> Result<String, InferenceError> {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    for number in 1..=NAMES {
        let path = if number == 1 { name.to_owned() } else { format!("{stem}-{number}{ending}") };
        let found = app.store.find_file(session.id, &path).await.map_err(|error| app.storage_failed(&error))?;
        if found.is_none() {
            return Ok(path);
        }
    }
    let message = format!("{NAMES} files are called `{name}`; choose another name");
    Err(InferenceError::new(ErrorCode::Conflict, message).with_param("file"))
}
