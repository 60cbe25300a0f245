//! The calls on a session's files.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::{
    Problem, SessionId,
    audit::AuditAction,
    file::{File, FilePage, FileStorage, PartialFile},
};
use serde::Deserialize;
use tower::ServiceExt;
use tower_http::services::ServeFile;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiPath, ApiQuery, paging},
    problem::ApiError,
    sessions::find_own,
};
use crate::{
    app::App,
    auth::{UserAccess, UserCaller},
    files::{self, ContentRange, Contents, Stored},
    quota,
};

/// The calls on files, but for writing.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_files)).routes(routes!(get_file, delete_file))
}

/// Writing, whose body is not held to the bound of the others.
pub(crate) fn upload_router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(put_file))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListFiles {
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List a session's files, the one written last first, with what they may take.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/files", tag = "files", params(("id" = SessionId, Path), ListFiles),
    responses((status = 200, description = "A page", body = FilePage), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_files(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<ListFiles>,
) -> Result<Json<FilePage>, ApiError> {
    find_own(&app, owner, id).await?;
    let page = app.store.list_files(id, &paging(query.limit, query.cursor)?).await?;
    let (bytes, quotas) = (app.store.measure_files(id, owner).await?, quota::file_quotas_of(&app, owner));
    let storage = FileStorage {
        session_bytes: bytes.session,
        session_quota: quotas.session_bytes,
        user_bytes: bytes.user,
        user_quota: quotas.user_bytes,
        file_max: app.config.files.file_bytes,
    };
    Ok(Json(FilePage { items: page.items, next_cursor: page.next_cursor, storage }))
}

/// Read a file. `Range` gives a part of it; its `ETag` is its SHA-256.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/files/{*path}", tag = "files",
    params(("id" = SessionId, Path), ("path" = String, Path, description = "Names parted by `/`"), ("Range" = Option<String>, Header, description = "`bytes=FIRST-LAST`")),
    responses((status = 200, description = "The contents", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A part of them", body = Vec<u8>, content_type = "application/octet-stream"), (status = "4XX", description = "Refused", body = Problem)))]
async fn get_file(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath((id, path)): ApiPath<(SessionId, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    find_own(&app, owner, id).await?;
    let file = app.store.find_file(id, &path).await?.ok_or_else(|| ApiError::not_found("file"))?;
    serve(&app, &file, request).await
}

/// A file's contents, or the part of them that is asked for.
pub(crate) async fn serve(app: &App, file: &File, request: Request) -> Result<Response, ApiError> {
    let tag = format!("\"{}\"", file.sha256);
    let matches = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if matches.is_some_and(|tags| tags.split(',').any(|one| one.trim() == tag || one.trim() == "*")) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let contents = files::contents_path(app, file.session_id, file.id);
    let mut response = ServeFile::new(contents)
        .oneshot(request)
        .await
        .map(|response| response.map(Body::new))
        .unwrap_or_else(|never| match never {});
    if response.status() == StatusCode::NOT_FOUND {
        return Err(ApiError::not_found("file"));
    }
    let headers = response.headers_mut();
    headers.remove(header::LAST_MODIFIED);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    for (name, value) in [(header::ETAG, tag), (header::CONTENT_DISPOSITION, attachment(&file.path))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// The name to save a file by (RFC 6266): a plain one for old clients, and the real one.
fn attachment(path: &str) -> String {
    use std::fmt::Write;
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if is_plain(char::from(byte)) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Write a file, in one go or, with `Content-Range`, in parts that can be gone on with. `Repr-Digest: sha-256=:…:` has
/// the contents checked.
#[utoipa::path(put, path = "/api/v1/sessions/{id}/files/{*path}", tag = "files",
    params(("id" = SessionId, Path), ("path" = String, Path, description = "Names parted by `/`"),
        ("Content-Range" = Option<String>, Header, description = "`bytes FIRST-LAST/WHOLE` for a part; `bytes */WHOLE` asks how far it has come"),
        ("Repr-Digest" = Option<String>, Header, description = "`sha-256=:BASE64:` of the whole")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The contents"),
    responses((status = 201, description = "Kept", body = File), (status = 202, description = "A part of it is here", body = PartialFile), (status = "4XX", description = "Refused", body = Problem)))]
async fn put_file(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath((id, path)): ApiPath<(SessionId, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let session = find_own(&app, owner, id).await?;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let contents = Contents {
        path,
        purpose: None,
        range: ContentRange::of(&headers)?,
        sha256: files::wanted_sha256(&headers)?,
        announced,
    };
    Ok(match files::put(&app, &session, contents, body.into_data_stream()).await {
        Ok(Stored::Whole(file)) => (StatusCode::CREATED, Json(file)).into_response(),
        Ok(Stored::Part(part)) => (StatusCode::ACCEPTED, Json(part)).into_response(),
        // What is left of the body is not read: the client is told not to use the connection again.
        Err(error) => ([(header::CONNECTION, "close")], error).into_response(),
    })
}

/// Remove a file.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}/files/{*path}", tag = "files", params(("id" = SessionId, Path), ("path" = String, Path, description = "Names parted by `/`")),
    responses((status = 204, description = "Removed"), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_file(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ApiPath((id, path)): ApiPath<(SessionId, String)>,
) -> Result<StatusCode, ApiError> {
    find_own(&app, access.user, id).await?;
    let note = access.note(&app, AuditAction::FileDeleted, id);
    files::delete(&app, Some(note), id, &path).await?.ok_or_else(|| ApiError::not_found("file"))?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_named_by_its_last_part_in_any_language() {
        assert_eq!(attachment("a/b c.csv"), "attachment; filename=\"b_c.csv\"; filename*=UTF-8''b%20c.csv");
        assert_eq!(attachment("é\".txt"), "attachment; filename=\"__.txt\"; filename*=UTF-8''%C3%A9%22.txt");
    }
}
