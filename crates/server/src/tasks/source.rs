//! The input of a task on its way to rows: a file of the session, a text, or rows in the request.

use std::{fs::File, io::Cursor, path::PathBuf};

use dataset::{Bounds, InputError, Reader};
use domain::Session;
use protocol::{
    ErrorCode, FieldError, TestSetId,
    dataset::Format,
    task::{SourceFile, TaskInput},
};
use serde_json::{Value, json};

use super::test_set;
use crate::{api::problem::ApiError, app::App, files};

/// Where rows are read from; can be opened more than once.
#[derive(Debug, Clone)]
pub(super) struct Source {
    from: From,
    /// The field of the request that says so.
    pub(super) field: &'static str,
    /// As the client says, else as it turns out.
    format: Option<Format>,
    name: Option<String>,
    pub(super) file: Option<SourceFile>,
    pub(super) test_set: Option<TestSetId>,
}

#[derive(Debug, Clone)]
enum From {
    File(PathBuf),
    Text(bytes::Bytes),
}

/// Anything that rows are read from.
pub(super) trait ReadSeek: std::io::Read + std::io::Seek + Send {}
impl<T: std::io::Read + std::io::Seek + Send> ReadSeek for T {}

impl Source {
    /// The input that a request names.
    ///
    /// # Errors
    /// None or several of its kinds; no such file.
    pub(super) async fn find(app: &App, session: &Session, input: TaskInput) -> Result<Self, ApiError> {
        let TaskInput { file, rows, text, test_set, format } = input;
        match (file, rows, text, test_set) {
            (Some(name), None, None, None) => {
                let found = find_file(app, session.id, &name).await?;
                Ok(Self {
                    from: From::File(files::contents_path(app, session.id, found.id)),
                    field: "input.file",
                    format,
                    name: Some(found.path.clone()),
                    file: Some(SourceFile { id: found.id, path: found.path }),
                    test_set: None,
                })
            }
            (None, Some(rows), None, None) => {
                let (text, format) = lines(&rows, format)?;
                let from = From::Text(text.into());
                Ok(Self { from, field: "input.rows", format: Some(format), name: None, file: None, test_set: None })
            }
            (None, None, Some(text), None) => Ok(Self {
                from: From::Text(text.into()),
                field: "input.text",
                format,
                name: None,
                file: None,
                test_set: None,
            }),
            (None, None, None, Some(id)) => {
                let from = From::Text(test_set::lines(app, session.owner, id).await?.into());
                let format = Some(Format::Jsonl);
                Ok(Self { from, field: "input.test_set", format, name: None, file: None, test_set })
            }
            _ => {
                let message = "`input` needs exactly one of `file`, `rows`, `text` and `test_set`";
                Err(ApiError::field(FieldError::new("input", "one_of", message)))
            }
        }
    }

    /// Opens it from its start. Blocks.
    ///
    /// # Errors
    /// What keeps every row from being read.
    pub(super) fn open(&self, bounds: &Bounds) -> Result<Reader<Box<dyn ReadSeek>>, InputError> {
        let mut source: Box<dyn ReadSeek> = match &self.from {
            From::File(path) => Box::new(File::open(path)?),
            From::Text(text) => Box::new(Cursor::new(text.clone())),
        };
        let format = match self.format {
            Some(format) => format,
            None => dataset::detect(self.name.as_deref(), &mut source)?,
        };
        dataset::open(format, source, bounds)
    }

    /// An error of the input, at its field.
    pub(super) fn refused(&self, error: &InputError) -> ApiError {
        if let InputError::Read(cause) = error {
            tracing::error!(error = %cause, "a task's input could not be read");
            return ApiError::new(ErrorCode::StorageUnavailable, "the input could not be read; try again");
        }
        ApiError::field(FieldError::new(self.field, "unreadable", format!("`{}`: {error}", self.field)))
    }
}

/// A session's file by its id or path.
async fn find_file(app: &App, session: protocol::SessionId, name: &str) -> Result<protocol::file::File, ApiError> {
    if let Ok(id) = name.parse()
        && let Some(file) = app.store.find_file_by_id(session, id).await?
    {
        return Ok(file);
    }
    app.store.find_file(session, name).await?.ok_or_else(|| {
        let name: String = name.chars().take(100).collect();
        let message = format!("the session has no file `{name}`; upload it first");
        ApiError::field(FieldError::new("input.file", "unknown", message))
    })
}

/// Rows of a request as lines of JSON; a string is a prompt.
fn lines(rows: &[Value], format: Option<Format>) -> Result<(String, Format), ApiError> {
    let refused = |code, message: String| Err(ApiError::field(FieldError::new("input.rows", code, message)));
    let is_batch = rows.first().is_some_and(|row| row.get("custom_id").is_some() && row.get("body").is_some());
    let format = match format {
        None if is_batch => Format::Batch,
        None => Format::Jsonl,
        Some(format @ (Format::Batch | Format::Jsonl)) => format,
        Some(format) => {
            let message = format!("rows are `jsonl` or `batch`, not `{}`; send them as `input.text`", format.as_str());
            return refused("format", message);
        }
    };
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        match row {
            Value::Object(_) => text.push_str(&row.to_string()),
            Value::String(prompt) => text.push_str(&json!({ "prompt": prompt }).to_string()),
            _ => return refused("malformed", format!("`input.rows[{place}]` is neither an object nor a string")),
        }
        text.push('\n');
    }
    Ok((text, format))
}
