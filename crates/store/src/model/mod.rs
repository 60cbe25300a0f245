//! The entries of the model hub. The files themselves are the hub's; here are their hashes.

mod find;
mod write;

use domain::memory::Shape;
use jiff::Timestamp;
use protocol::{
    ModelId, SessionId, UserId,
    model::{LearningStageFinding, ModelFile, ModelScope, ModelType},
    session::StopPolicy,
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use crate::{StorageError, rows::Columns};

/// A model as it is stored: what the API shows of it, without what is concluded from it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRecord {
    pub id: ModelId,
    /// None: it stands in the catalog.
    pub owner: Option<UserId>,
    pub name: String,
    pub version: String,
    pub family: String,
    pub kind: ModelType,
    pub parameters: u64,
    pub size_bytes: u64,
    pub format: String,
    pub quantization: Option<String>,
    pub context_length: Option<u32>,
    pub has_chat_template: bool,
    pub learning_stage: LearningStageFinding,
    pub tags: Vec<String>,
    pub files: Vec<ModelFile>,
    pub limits: StopPolicy,
    /// What decides its memory, where the inspection found it.
    pub shape: Option<Shape>,
    pub created_at: Timestamp,
}

impl ModelRecord {
    pub const fn scope(&self) -> ModelScope {
        match self.owner {
            None => ModelScope::Catalog,
            Some(_) => ModelScope::Private,
        }
    }
}

/// Which of the models that an owner sees are listed; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFilter {
    pub scope: Option<ModelScope>,
    /// Text that the name and version, the family or a tag holds; case and diacritics do not matter.
    pub q: Option<String>,
}

/// Why a model was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteModelError {
    #[error("there is no such model")]
    NotFound,
    #[error("another model of this list has this name and version")]
    NameTaken,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a model was not deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeleteModelError {
    #[error("there is no such model")]
    NotFound,
    #[error("{} live sessions use the model", .sessions.len())]
    InUse { sessions: Vec<SessionId> },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// [`Shape`] as it stands in a row.
#[derive(Serialize, Deserialize)]
struct StoredShape {
    weight_bytes: u64,
    layers: u64,
    key_width: u64,
    value_width: u64,
    embedding_width: u64,
    vocabulary: u64,
    context_length: u32,
}

impl From<&Shape> for StoredShape {
    fn from(shape: &Shape) -> Self {
        let Shape { weight_bytes, layers, key_width, value_width, embedding_width, vocabulary, context_length } =
            *shape;
        Self { weight_bytes, layers, key_width, value_width, embedding_width, vocabulary, context_length }
    }
}

impl From<StoredShape> for Shape {
    fn from(stored: StoredShape) -> Self {
        let StoredShape { weight_bytes, layers, key_width, value_width, embedding_width, vocabulary, context_length } =
            stored;
        Self { weight_bytes, layers, key_width, value_width, embedding_width, vocabulary, context_length }
    }
}

/// Reads a row; the files stand in rows of their own.
fn read(row: &SqliteRow, files: Vec<ModelFile>) -> Result<ModelRecord, StorageError> {
    let columns = Columns::new(row, "a model");
    let owner: Option<&[u8]> = columns.get("owner")?;
    Ok(ModelRecord {
        id: columns.id("id", ModelId::from_bytes)?,
        owner: owner.map(|_| columns.id("owner", UserId::from_bytes)).transpose()?,
        name: columns.get("name")?,
        version: columns.get("version")?,
        family: columns.get("family")?,
        kind: columns.word("kind")?,
        parameters: columns.count("parameters")?,
        size_bytes: columns.count("size_bytes")?,
        format: columns.get("format")?,
        quantization: columns.get("quantization")?,
        context_length: columns
            .get::<Option<i64>>("context_length")?
            .map(|_| columns.small("context_length"))
            .transpose()?,
        has_chat_template: columns.get("has_chat_template")?,
        learning_stage: columns.json("learning_stage")?,
        tags: columns.json("tags")?,
        files,
        limits: columns.json("limits")?,
        shape: columns.maybe_json::<StoredShape>("inspection")?.map(Shape::from),
        created_at: columns.at("created_at")?,
    })
}
