//! Adding, changing and removing models: the hub keeps the files, the store their entries.

use std::{path::PathBuf, sync::Arc};

use axum::body::Body;
use domain::limits;
use futures::StreamExt;
use hub::{ImportError, ImportOptions, Imported};
use protocol::{
    ErrorCode, FieldError, ModelId, Problem,
    audit::AuditAction,
    model::{ImportModel, LearningStageFinding, ModelFile, ModelScope, UpdateModel},
    session::StopPolicy,
};
use serde_json::json;
use store::{ModelRecord, StorageError, WriteModelError};

use crate::{api::problem::ApiError, app::App, auth::Access, control, gateway::request::Kind};

/// Longest name or version of a model, in characters.
const MAX_NAME: usize = 100;

/// Whether a model's file is there, whole as far as its size tells.
pub(crate) fn is_present(app: &App, file: &ModelFile) -> bool {
    file.sha256.parse().is_ok_and(|sha256| app.hub.is_present(&sha256, file.bytes))
}

/// Where a model's file lies.
pub(crate) fn path_of(app: &App, file: &ModelFile) -> Option<PathBuf> {
    file.sha256.parse().ok().map(|sha256| app.hub.blob_path(&sha256))
}

/// A model that ships in the binary.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedModel {
    pub name: &'static str,
    pub version: &'static str,
    pub gguf: &'static [u8],
}

/// Sees to it that the embedded models stand in the catalog, in the order given: the last is the newest.
///
/// # Errors
/// A model cannot be kept.
pub(crate) async fn ensure_embedded(app: &Arc<App>, embedded: &[EmbeddedModel]) -> Result<(), ApiError> {
    for model in embedded {
        let reference = format!("{}:{}", model.name, model.version);
        let found = app.store.resolve_model(app.owner, &reference).await?;
        if found.is_some_and(|found| found.files.iter().all(|file| is_present(app, file))) {
            continue;
        }
        let options =
            ImportOptions { file_name: Some(format!("{}-{}.gguf", model.name, model.version)), ..Default::default() };
        let imported = app.hub.import_bytes(model.gguf, options).await.map_err(refused)?;
        let query = ImportModel {
            name: Some(model.name.to_owned()),
            version: Some(model.version.to_owned()),
            tags: Some("demo".to_owned()),
            scope: Some(ModelScope::Catalog),
            ..ImportModel::default()
        };
        match record(app, By::Server, imported, &query).await {
            Ok(_) => {}
            // The entry is there and only its file was missing.
            Err(error) if error.0.errors.iter().any(|error| error.code == "taken") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Adds a model from a file on this machine.
///
/// # Errors
/// The file cannot be used, or the name is taken.
pub(crate) async fn import_path(
    app: &Arc<App>,
    access: Access,
    path: PathBuf,
    query: &ImportModel,
) -> Result<ModelRecord, ApiError> {
    check_query(query)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let options = ImportOptions { file_name, ..ImportOptions::default() };
    let imported = app.hub.import_path(path, options, |_| {}).await.map_err(refused)?;
    record(app, By::User(access), imported, query).await
}

/// Adds a model from a request's body.
///
/// # Errors
/// The file cannot be used, the name is taken, or the client went away.
pub(crate) async fn import_stream(
    app: &Arc<App>,
    access: Access,
    body: Body,
    query: &ImportModel,
) -> Result<ModelRecord, ApiError> {
    check_query(query)?;
    let options = ImportOptions { file_name: query.filename.clone(), ..ImportOptions::default() };
    let mut upload = app.hub.begin_upload(options).await.map_err(refused)?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            upload.abort().await;
            return Err(ApiError::new(ErrorCode::MalformedRequest, "the upload broke off; nothing of it was kept"));
        };
        upload.write(chunk).await.map_err(refused)?;
    }
    let imported = upload.finish().await.map_err(refused)?;
    record(app, By::User(access), imported, query).await
}

fn check_text(field: &str, text: &str) -> Result<(), FieldError> {
    let length = text.chars().count();
    if !(1..=MAX_NAME).contains(&length) {
        let message = format!("the {field} has {length} characters; give 1 to {MAX_NAME}");
        return Err(FieldError::new(field, "length", message));
    }
    if text.chars().any(|c| c.is_control()) || (field == "name" && text.contains(':')) {
        let message =
            format!("the {field} holds a character that is not allowed (control characters, and `:` in names)");
        return Err(FieldError::new(field, "character", message));
    }
    Ok(())
}

fn check_query(query: &ImportModel) -> Result<(), ApiError> {
    let texts = [("name", &query.name), ("version", &query.version)];
    let errors: Vec<FieldError> =
        texts.into_iter().filter_map(|(field, text)| check_text(field, text.as_deref()?.trim()).err()).collect();
    if errors.is_empty() { Ok(()) } else { Err(ApiError::fields(errors)) }
}

/// The name where none is given: the file's metadata, then its file name.
fn offered_name(imported: &Imported, query: &ImportModel) -> String {
    let of_file = query.filename.as_deref().or(query.path.as_deref()).map(|name| {
        let name = name.rsplit('/').next().unwrap_or(name);
        name.strip_suffix(".gguf").unwrap_or(name).to_owned()
    });
    let name = query.name.clone().or_else(|| imported.inspection.name.clone()).or(of_file);
    let name: String = name
        .unwrap_or_default()
        .trim()
        .chars()
        .map(|c| if c.is_control() || c == ':' { '-' } else { c })
        .take(MAX_NAME)
        .collect();
    if name.is_empty() { "model".to_owned() } else { name }
}

/// Who adds a model.
#[derive(Debug, Clone, Copy)]
enum By {
    User(Access),
    /// Those that ship in the binary.
    Server,
}

/// Records an imported file as a model. Of one that cannot be recorded, the file is removed.
async fn record(app: &Arc<App>, by: By, imported: Imported, query: &ImportModel) -> Result<ModelRecord, ApiError> {
    let sha256 = imported.sha256;
    let recorded = write_entry(app, by, imported, query).await;
    // Recorded, it is settled; else nobody's, unless another model has the same.
    if let Err(error) = remove_if_unused(app, sha256).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a model's file is looked at again by the next start");
    }
    recorded
}

async fn write_entry(app: &Arc<App>, by: By, imported: Imported, query: &ImportModel) -> Result<ModelRecord, ApiError> {
    let inspection = &imported.inspection;
    let name = offered_name(&imported, query);
    let asked_version = query.version.as_deref().map(str::trim).map(str::to_owned);
    let tags = query.tags.as_deref().map_or_else(Vec::new, split_tags);
    let learning_stage = match query.learning_stage {
        Some(stage) => LearningStageFinding { stage, inferred_from: "the person who added it".to_owned() },
        None => inspection.learning_stage.clone(),
    };
    let mut record = ModelRecord {
        id: ModelId::generate(),
        owner: match query.scope.unwrap_or(ModelScope::Private) {
            ModelScope::Catalog => None,
            ModelScope::Private => Some(match by {
                By::User(access) => access.user,
                By::Server => app.owner,
            }),
        },
        name,
        version: asked_version.clone().unwrap_or_else(|| "1".to_owned()),
        family: inspection.architecture.clone(),
        kind: inspection.kind,
        parameters: inspection.parameters,
        size_bytes: imported.bytes,
        format: "gguf".to_owned(),
        quantization: inspection.quantization.clone(),
        context_length: inspection.context_length,
        has_chat_template: inspection.has_chat_template(),
        learning_stage,
        tags: if tags.is_empty() { inspection.tags.iter().take(16).cloned().collect() } else { tags },
        files: vec![ModelFile {
            path: "model.gguf".to_owned(),
            bytes: imported.bytes,
            sha256: imported.sha256.to_string(),
        }],
        limits: StopPolicy::default(),
        shape: inspection.shape,
        created_at: app.clock.now(),
    };
    let mut number = 1u32;
    loop {
        let store = match by {
            By::User(access) => app.store.audited(access.note(app, AuditAction::ModelAdded, record.id)),
            By::Server => app.store.clone(),
        };
        match store.insert_model(record.clone()).await {
            Ok(()) => return Ok(record),
            Err(WriteModelError::NameTaken) if asked_version.is_none() && number < 1000 => {
                number += 1;
                record.version = number.to_string();
            }
            Err(error) => return Err(unwritten(error)),
        }
    }
}

fn split_tags(tags: &str) -> Vec<String> {
    tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn unwritten(error: WriteModelError) -> ApiError {
    match error {
        WriteModelError::NameTaken => ApiError::field(FieldError::new(
            "version",
            "taken",
            "a model of this name and version is there already; give another version",
        )),
        WriteModelError::NotFound => ApiError::new(ErrorCode::ModelNotFound, "there is no such model"),
        WriteModelError::Storage(error) => error.into(),
    }
}

fn refused(error: ImportError) -> ApiError {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    let code = match &error {
        ImportError::Inspect(_)
        | ImportError::UnsupportedArchitecture { .. }
        | ImportError::NoWeights
        | ImportError::WrongSize { .. }
        | ImportError::WrongContent { .. } => ErrorCode::ModelInvalid,
        ImportError::TooLarge { .. } => ErrorCode::TooLarge,
        ImportError::NoFile { .. } | ImportError::Source { .. } => ErrorCode::InvalidRequest,
        ImportError::StorageFull { .. } | ImportError::Write(_) => ErrorCode::StorageUnavailable,
        ImportError::UploadOver => ErrorCode::MalformedRequest,
    };
    let problem = Problem::new(code, message);
    ApiError::from(match error {
        ImportError::StorageFull { needed, free } => {
            problem.with_figures(json!({"needed_bytes": needed, "free_bytes": free}))
        }
        _ => problem,
    })
}

/// Changes a model's entry.
///
/// # Errors
/// The fields that break a rule.
pub(crate) async fn update(
    app: &Arc<App>,
    access: Access,
    before: ModelRecord,
    change: UpdateModel,
) -> Result<ModelRecord, ApiError> {
    let mut after = before.clone();
    let mut errors = Vec::new();
    for (field, text, target) in
        [("name", change.name, &mut after.name), ("version", change.version, &mut after.version)]
    {
        if let Some(text) = text {
            match check_text(field, text.trim()) {
                Ok(()) => *target = text.trim().to_owned(),
                Err(error) => errors.push(error),
            }
        }
    }
    if let Some(limits) = change.limits {
        if limits.at.is_some() {
            errors.push(FieldError::new(
                "limits.at",
                "not_allowed",
                "a model's limits hold for every session: no wall-clock time",
            ));
        }
        if let Err(more) = limits::check(&limits, &app.config.bounds(), app.clock.now(), None) {
            errors.extend(
                more.into_iter()
                    .map(|error| FieldError { field: error.field.replacen("stop.", "limits.", 1), ..error }),
            );
        }
        after.limits = limits;
    }
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    if let Some(tags) = change.tags {
        after.tags = tags;
    }
    if let Some(stage) = change.learning_stage {
        after.learning_stage = LearningStageFinding { stage, inferred_from: "the person who added it".to_owned() };
    }
    if after != before {
        let note = access.note(app, AuditAction::ModelChanged, after.id);
        app.store.audited(note).update_model(after.clone()).await.map_err(unwritten)?;
        control::nudge_queue(app);
    }
    Ok(after)
}

/// Removes the files of a removed model that no other model has.
///
/// # Errors
/// The store or the disk fails; what is left is harmless and removed with the next removal.
pub(crate) async fn remove_unused_blobs(app: &Arc<App>, model: &ModelRecord) -> Result<(), ApiError> {
    for file in &model.files {
        if let Ok(sha256) = file.sha256.parse() {
            remove_if_unused(app, sha256).await?;
        }
    }
    Ok(())
}

/// Removes files that an import or a removal which was broken off has left without an entry. To be called at the start,
/// before any import.
///
/// # Errors
/// The store or the disk fails.
pub(crate) async fn sweep_loose(app: &Arc<App>) -> Result<usize, ApiError> {
    let hub = app.hub.clone();
    let failed = |error: &dyn std::error::Error| {
        ApiError::new(ErrorCode::StorageUnavailable, format!("the models' files cannot be looked through: {error}"))
    };
    let listed = tokio::task::spawn_blocking(move || hub.list_loose()).await;
    let mut removed = 0;
    for sha256 in listed.map_err(|error| failed(&error))?.map_err(|error| failed(&error))? {
        removed += usize::from(remove_if_unused(app, sha256).await?);
    }
    Ok(removed)
}

/// Removes a file unless a model has it. What fails is logged, and tried again by the next start.
async fn remove_if_unused(app: &Arc<App>, sha256: hub::Sha256) -> Result<bool, StorageError> {
    let is_used = app.store.is_blob_used(&sha256.to_string()).await?;
    let hub = app.hub.clone();
    let work = move || {
        if is_used {
            hub.settle(&sha256).map_err(Into::into)
        } else {
            hub.remove_blob(&sha256).map(drop).map_err(Into::into)
        }
    };
    let done: Result<Result<(), Box<dyn std::error::Error + Send + Sync>>, _> = tokio::task::spawn_blocking(work).await;
    if let Ok(Err(error)) = done {
        tracing::warn!(error = &*error as &dyn std::error::Error, "a model's file was not removed");
        return Ok(false);
    }
    Ok(!is_used)
}

/// Notes that the files of a model which is about to be removed may be nobody's.
///
/// # Errors
/// The disk fails.
pub(crate) async fn note_loose(app: &Arc<App>, model: &ModelRecord) -> Result<(), ApiError> {
    for sha256 in model.files.iter().filter_map(|file| file.sha256.parse::<hub::Sha256>().ok()) {
        let hub = app.hub.clone();
        let noted = tokio::task::spawn_blocking(move || hub.note_loose(&sha256)).await;
        if let Ok(Err(error)) = noted {
            tracing::error!(error = &error as &dyn std::error::Error, "a model's removal could not be noted");
            let message = "the server's disk cannot be written; free some space and try again";
            return Err(ApiError::new(ErrorCode::StorageUnavailable, message));
        }
    }
    Ok(())
}

/// The call that a model can answer: one without a chat template takes no messages.
///
/// # Errors
/// The store's.
pub(crate) async fn kind_of(app: &App, model: ModelId) -> Result<Kind, StorageError> {
    let record = app.store.find_model(model).await?;
    Ok(if record.is_some_and(|record| !record.has_chat_template) { Kind::Text } else { Kind::Chat })
}
