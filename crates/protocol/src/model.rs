//! Models as the API shows and takes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ModelId, session::StopPolicy};

/// Which list a model stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelScope {
    /// Shared by all users.
    Catalog,
    /// Its owner's alone.
    Private,
}

/// What goes in: text, or text and images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelType {
    Llm,
    Vlm,
    /// Neither: an embedding model, a projector, an adapter …; never eligible.
    Other,
}

/// How far the training went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LearningStage {
    Pretrained,
    InstructionTuned,
    Unknown,
}

/// A learning stage and what it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearningStageFinding {
    pub stage: LearningStage,
    /// What told it: the file's `general.finetune`, a chat template, the person who added it.
    pub inferred_from: String,
}

/// A criterion of eligibility that a model fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Type LLM or VLM.
    Type,
    /// More than 0 bytes.
    Size,
    /// Instruction-tuned.
    LearningStage,
    /// Every file present and whole.
    Files,
}

/// Why a model cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ineligibility {
    pub criterion: Criterion,
    pub message: String,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelFile {
    /// Name within the model.
    pub path: String,
    pub bytes: u64,
    /// Lower-case hexadecimal SHA-256 of the content.
    pub sha256: String,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    pub id: ModelId,
    pub name: String,
    pub version: String,
    pub scope: ModelScope,
    /// Architecture, as the file names it.
    pub family: String,
    #[serde(rename = "type")]
    pub kind: ModelType,
    /// Number of weights.
    pub parameters: u64,
    pub size_bytes: u64,
    /// `gguf`.
    pub format: String,
    /// Most frequent tensor type by bytes: `Q8_0`, `F16` …
    pub quantization: Option<String>,
    /// Tokens of context in training.
    pub context_length: Option<u32>,
    pub has_chat_template: bool,
    pub learning_stage: LearningStageFinding,
    pub tags: Vec<String>,
    pub files: Vec<ModelFile>,
    pub eligible: bool,
    pub ineligible_because: Vec<Ineligibility>,
    /// Limits that every session on this model has.
    pub limits: StopPolicy,
    /// What a session of default settings needs, in bytes.
    pub memory_needed_bytes: Option<u64>,
    pub created_at: Timestamp,
}

/// Query of `POST /api/v1/models`, whose body is the file, streamed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportModel {
    /// Absent: as the file or its metadata names it.
    pub name: Option<String>,
    /// Absent: `1`, or the next free number.
    pub version: Option<String>,
    /// Comma-separated.
    pub tags: Option<String>,
    /// Overrides what the metadata says.
    pub learning_stage: Option<LearningStage>,
    /// Absent: private.
    pub scope: Option<ModelScope>,
    /// Name of the uploaded file, for its record.
    pub filename: Option<String>,
    /// A path on the server instead of a body: for the owner over loopback alone.
    pub path: Option<String>,
}

/// Body of `PATCH /api/v1/models/{id}`: an absent field stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateModel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_stage: Option<LearningStage>,
    /// Replaces all limits of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<StopPolicy>,
}
