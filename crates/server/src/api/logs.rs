//! The log of a session's runtime: its last lines, the text from an offset on, the whole as a file.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use protocol::{ErrorCode, FieldError, Problem, SessionId, shim::SessionFolder};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiPath, ApiQuery},
    problem::ApiError,
    sessions::find_own,
};
use crate::{app::App, auth::UserCaller};

/// The call on the log.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_session_logs))
}

/// Most bytes of a log that are read for one answer.
const WINDOW: u64 = 4 << 20;
/// The offset to ask for next.
const NEXT: &str = "x-log-next";

/// How much of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// Last lines, 1 to 10000; 200 if neither this nor `from` is given.
    tail: Option<usize>,
    /// Everything from this byte on, at most 4 MiB at a time; not together with `tail`. A byte beyond the end gives
    /// nothing, and the end to go on from: a log that is full has lost its middle and is shorter than it was.
    from: Option<u64>,
    /// `true`: as a file to keep; the whole log, unless `tail` or `from` says less.
    download: Option<bool>,
}

/// What of the log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Tail(usize),
    From(u64),
    /// All from an offset on, however much.
    File(u64),
}

impl LogQuery {
    fn part(&self) -> Result<Part, ApiError> {
        match (self.tail, self.from, self.download.unwrap_or(false)) {
            (Some(_), Some(_), _) => Err(wrong("from", "give `tail` or `from`, not both".to_owned())),
            (Some(lines), None, _) if !(1..=10_000).contains(&lines) => {
                Err(wrong("tail", format!("{lines} is out of range: give 1 to 10000")))
            }
            (Some(lines), None, _) => Ok(Part::Tail(lines)),
            (None, from, true) => Ok(Part::File(from.unwrap_or(0))),
            (None, Some(from), false) => Ok(Part::From(from)),
            (None, None, false) => Ok(Part::Tail(200)),
        }
    }
}

fn wrong(field: &str, message: String) -> ApiError {
    let code = if field == "tail" { "out_of_range" } else { "conflict" };
    let error = FieldError::new(field, code, message.clone());
    ApiError::from(Problem::new(ErrorCode::InvalidParameter, message).with_errors(vec![error]))
}

/// The runtime's log. Follow it by asking again from `x-log-next`.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/logs", tag = "sessions", params(("id" = SessionId, Path), LogQuery),
    responses((status = 200, description = "The part asked for; empty where there is no log yet", body = String, content_type = "text/plain",
        headers(("x-log-next" = u64, description = "The byte to ask for next, as `from`"))),
        (status = "4XX", description = "Refused", body = Problem)))]
async fn get_session_logs(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<LogQuery>,
) -> Result<Response, ApiError> {
    let session = find_own(&app, owner, id).await?;
    let part = query.part()?;
    let path = SessionFolder::new(&app.data, id).runtime_log(session.generation);
    let read = match part {
        Part::File(from) => open(path, from).await,
        Part::Tail(_) | Part::From(_) => tokio::task::spawn_blocking(move || read(&path, part))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map(|(text, next)| (Body::from(text), next)),
    };
    let (body, next) = match read {
        // Nothing was started yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Body::empty(), 0),
        read => read.map_err(unreadable)?,
    };
    let mut response = ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response();
    response.headers_mut().insert(NEXT, HeaderValue::from(next));
    if query.download == Some(true) {
        let name = format!("attachment; filename=\"{id}.log\"");
        let name = HeaderValue::try_from(name).expect("an id is ASCII without quotes");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn unreadable(error: io::Error) -> ApiError {
    tracing::error!(error = &error as &dyn std::error::Error, "a runtime's log could not be read");
    ApiError::new(ErrorCode::StorageUnavailable, "the log cannot be read now; try again shortly")
}

/// The file from an offset on, as it is sent.
async fn open(path: PathBuf, from: u64) -> io::Result<(Body, u64)> {
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let from = from.min(length);
    file.seek(SeekFrom::Start(from)).await?;
    Ok((Body::from_stream(ReaderStream::new(file.take(length - from))), length))
}

/// The text, and the offset behind it.
fn read(path: &std::path::Path, part: Part) -> io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let from = match part {
        Part::Tail(_) => length.saturating_sub(WINDOW),
        Part::From(from) | Part::File(from) => from.min(length),
    };
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    bytes.truncate(bytes.len() - cut_character(&bytes));
    let next = from + bytes.len() as u64;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match part {
        Part::Tail(lines) => (last_lines(&text, lines).to_owned(), next),
        Part::From(_) | Part::File(_) => (text.into_owned(), next),
    })
}

/// Bytes at the end that begin a character whose rest has not been written, or not been read, yet.
fn cut_character(bytes: &[u8]) -> usize {
    let end = &bytes[bytes.len().saturating_sub(3)..];
    (1..=end.len())
        .find(|back| {
            let last = &end[end.len() - back..];
            std::str::from_utf8(last).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

fn last_lines(text: &str, lines: usize) -> &str {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let start = body.rmatch_indices('\n').nth(lines - 1).map_or(0, |(at, _)| at + 1);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_never_cut() {
        let text = "aé€🦀".as_bytes();
        let whole: Vec<usize> = (0..=text.len()).map(|end| end - cut_character(&text[..end])).collect();
        assert_eq!(whole, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        // What is no UTF-8 at all is passed on, replaced, rather than waited for.
        assert_eq!(cut_character(b"a\xff"), 0);
        assert_eq!(cut_character(b"\x80\x80\x80\x80"), 0);
    }

    #[test]
    fn the_last_lines_are_whole() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
        assert_eq!(last_lines("a\n", 9), "a\n");
        assert_eq!(last_lines("", 1), "");
    }
}
