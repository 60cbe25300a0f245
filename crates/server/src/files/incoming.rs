//! A file on its way in: noted, written, counted, hashed, on disk, then kept.

use std::{path::PathBuf, pin::pin};

use bytes::Bytes;
use domain::Session;
use futures::{Stream, StreamExt};
use protocol::{
    ErrorCode, FileId,
    file::{File, PartialFile},
};
use sha2::{Digest, Sha256};
use store::{Garbage, PartialUpload};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{
    ContentRange, contents_path, ensure_folder, not_written, range::hex, remove_garbage, too_large, wrong_digest,
};
use crate::{api::problem::ApiError, app::App, quota};

/// What is uploaded, and as what.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) path: String,
    pub(crate) purpose: Option<String>,
    /// Of an upload in parts.
    pub(crate) range: Option<ContentRange>,
    /// What the whole is to hash to, where the client says.
    pub(crate) sha256: Option<String>,
    /// Bytes that the body is said to have.
    pub(crate) announced: Option<u64>,
}

/// What became of an upload.
#[derive(Debug)]
pub(crate) enum Stored {
    Whole(File),
    Part(PartialFile),
}

/// Takes an upload in. A part is kept whatever happens to the rest; a file in one go is kept whole or not at all.
///
/// # Errors
/// Every rule that it breaks, with figures; `malformed_request` where the client went away.
pub(crate) async fn put<E>(
    app: &App,
    session: &Session,
    contents: Contents,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<Stored, ApiError> {
    super::check_path(&contents.path)?;
    let max = app.config.files.file_bytes;
    let announced = contents.range.map(|range| range.whole).or(contents.announced);
    if announced.is_some_and(|bytes| bytes > max) {
        return Err(too_large(max));
    }
    if let Some(bytes) = announced {
        app.store.check_file(session.id, &contents.path, bytes, app.config.file_quotas()).await?;
    }
    let _writing = app.uploads.begin(session.id, &contents.path)?;
    match contents.range {
        None => put_whole(app, session, contents, body).await.map(Stored::Whole),
        Some(range) => put_part(app, session, contents, range, body).await,
    }
}

async fn put_whole<E>(
    app: &App,
    session: &Session,
    contents: Contents,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<File, ApiError> {
    let id = FileId::generate();
    begin(app, session, (id, &contents.path, None)).await?;
    let written = write_whole(app, session, id, body).await;
    let kept = match written {
        Ok((bytes, sha256)) => keep(app, session, contents, id, (bytes, sha256)).await,
        Err(error) => Err(error),
    };
    if kept.is_err() {
        abandon(app, session, id).await;
    }
    kept
}

async fn begin(app: &App, session: &Session, (id, path, bytes): (FileId, &str, Option<u64>)) -> Result<(), ApiError> {
    let upload = PartialUpload { id, session: session.id, path: path.to_owned(), bytes };
    app.store.begin_file(upload, app.clock.now()).await?;
    ensure_folder(app, session).map_err(|error| not_written(&error))?;
    Ok(())
}

/// Gives an upload up; what that does not reach is swept at the next start.
async fn abandon(app: &App, session: &Session, id: FileId) {
    let given_up = async {
        app.store.abandon_file(id).await?;
        remove_garbage(app, vec![Garbage { session: session.id, id }]).await
    };
    if let Err(error) = given_up.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a broken upload was left for the next start");
    }
    // A session that was deleted meanwhile leaves no folder behind that this upload made again.
    if let Ok(None) = app.store.find_session(session.id).await {
        let folder = protocol::shim::SessionFolder::new(&app.data, session.id);
        let _ = tokio::fs::remove_dir_all(folder.root()).await;
    }
}

async fn write_whole<E>(
    app: &App,
    session: &Session,
    id: FileId,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<(u64, String), ApiError> {
    let (mut body, max) = (pin!(body), app.config.files.file_bytes);
    let mut file = create(contents_path(app, session.id, id)).await?;
    let (mut hash, mut bytes) = (Sha256::new(), 0u64);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| broken_off("nothing of it was kept"))?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > max {
            return Err(too_large(max));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(|error| not_written(&error))?;
    }
    sync(file).await?;
    Ok((bytes, hex(&hash.finalize())))
}

fn broken_off(kept: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedRequest, format!("the upload broke off; {kept}"))
}

async fn create(path: PathBuf) -> Result<tokio::fs::File, ApiError> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).await.map_err(|error| not_written(&error))
}

async fn sync(mut file: tokio::fs::File) -> Result<(), ApiError> {
    let synced = async {
        file.flush().await?;
        file.sync_all().await
    };
    synced.await.map_err(|error| not_written(&error))
}

/// Makes what is on disk a file of the session.
async fn keep(
    app: &App,
    session: &Session,
    contents: Contents,
    id: FileId,
    (bytes, sha256): (u64, String),
) -> Result<File, ApiError> {
    if let Some(expected) = contents.sha256.filter(|expected| *expected != sha256) {
        return Err(wrong_digest(&expected, &sha256));
    }
    // The name in the folder is as durable as the contents.
    let folder = ensure_folder(app, session).and_then(std::fs::File::open);
    folder.and_then(|folder| folder.sync_all()).map_err(|error| not_written(&error))?;
    let file = File {
        id,
        session_id: session.id,
        path: contents.path,
        bytes,
        sha256,
        purpose: contents.purpose,
        created_at: app.clock.now(),
    };
    let replaced = app.store.find_file(session.id, &file.path).await?;
    app.store.put_file(file.clone(), quota::file_quotas_of(app, session.owner)).await?;
    if let Some(replaced) = replaced {
        remove_garbage(app, vec![Garbage { session: session.id, id: replaced.id }]).await?;
    }
    Ok(file)
}

async fn put_part<E>(
    app: &App,
    session: &Session,
    contents: Contents,
    range: ContentRange,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<Stored, ApiError> {
    let path = contents.path.clone();
    let found = app.store.find_partial_file(session.id, &path).await?;
    let upload = match found.filter(|upload| upload.bytes == Some(range.whole)) {
        Some(upload) => upload,
        None if range.first.is_some_and(|first| first > 0) => return Err(out_of_step(range, 0)),
        None => {
            let id = FileId::generate();
            begin(app, session, (id, &path, Some(range.whole))).await?;
            create(contents_path(app, session.id, id)).await?;
            PartialUpload { id, session: session.id, path: path.clone(), bytes: Some(range.whole) }
        }
    };
    let received = append(app, &upload, range, body).await?;
    if received < range.whole {
        return Ok(Stored::Part(PartialFile { path, received, bytes: range.whole }));
    }
    let sha256 = hash(contents_path(app, session.id, upload.id)).await?;
    match keep(app, session, contents, upload.id, (received, sha256)).await {
        Ok(file) => Ok(Stored::Whole(file)),
        Err(error) => {
            // Whole and not to be kept as it is: there is nothing to go on with.
            abandon(app, session, upload.id).await;
            Err(error)
        }
    }
}

/// Writes a part where the last one ended; returns how many bytes are then on disk.
async fn append<E>(
    app: &App,
    upload: &PartialUpload,
    range: ContentRange,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<u64, ApiError> {
    let path = contents_path(app, upload.session, upload.id);
    let opened = tokio::fs::OpenOptions::new().write(true).open(path).await;
    let mut file = opened.map_err(|error| not_written(&error))?;
    let mut received = file.seek(std::io::SeekFrom::End(0)).await.map_err(|error| not_written(&error))?;
    let Some(first) = range.first else { return Ok(received) };
    if first != received {
        return Err(out_of_step(range, received));
    }
    let (mut body, end) = (pin!(body), first + range.length);
    let mut broken = false;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            broken = true;
            break;
        };
        let wanted = usize::try_from(end - received).unwrap_or(usize::MAX).min(chunk.len());
        file.write_all(&chunk[..wanted]).await.map_err(|error| not_written(&error))?;
        received += wanted as u64;
        if wanted < chunk.len() {
            break;
        }
    }
    sync(file).await?;
    if broken || received < end {
        return Err(broken_off(&format!("{received} of {} bytes are here: go on from there", range.whole)));
    }
    Ok(received)
}

fn out_of_step(range: ContentRange, received: u64) -> ApiError {
    let problem = protocol::Problem::new(
        ErrorCode::Conflict,
        format!("{received} of {} bytes are here: the next part begins at byte {received}", range.whole),
    );
    ApiError::from(problem.with_figures(serde_json::json!({"received": received, "bytes": range.whole})))
}

async fn hash(path: PathBuf) -> Result<String, ApiError> {
    let read = async {
        let mut file = tokio::fs::File::open(path).await?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
        loop {
            match file.read(&mut buffer).await? {
                0 => return Ok(hex(&hash.finalize())),
                count => hash.update(&buffer[..count]),
            }
        }
    };
    read.await.map_err(|error| not_written(&error))
}
