//! What a model file says of itself.
//!
//! Owns the reading of metadata into the words of the API. Refuses to guess: what the file does not say is `None`
//! or unknown, and every conclusion names its ground.

mod kind;
mod shape;
mod stage;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use domain::memory::Shape;
use protocol::model::{LearningStageFinding, ModelType};

pub use crate::gguf::InspectError;
use crate::gguf::{self, Header};
pub use stage::learning_stage;

/// A whole, readable model file.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Version of the GGUF format: 2 or 3.
    pub format_version: u32,
    /// `general.architecture`. May be one that the engine does not know: [`crate::is_known_architecture`].
    pub architecture: String,
    /// `general.name`.
    pub name: Option<String>,
    /// `general.version`.
    pub version: Option<String>,
    /// `general.type`: `model`, `adapter`, `mmproj` …
    pub general_type: Option<String>,
    pub size_bytes: u64,
    /// Sum of the elements of all tensors.
    pub parameters: u64,
    /// The tensor type that most bytes of weights are stored in: `Q8_0`, `F16`, `Q4_K` …
    pub quantization: Option<String>,
    /// Tokens of context in training.
    pub context_length: Option<u32>,
    /// `tokenizer.chat_template`.
    pub chat_template: Option<String>,
    /// LLM, VLM or neither, of the file alone; see [`Inspection::kind_with_projector`].
    pub kind: ModelType,
    /// Of the metadata and the file's name; a person's word goes before: [`learning_stage`].
    pub learning_stage: LearningStageFinding,
    pub tags: Vec<String>,
    /// `general.license`.
    pub licence: Option<String>,
    /// What decides its memory; `None` where the file does not say enough.
    pub shape: Option<Shape>,
}

impl Inspection {
    pub const fn has_chat_template(&self) -> bool {
        self.chat_template.is_some()
    }

    /// The type of the model that this file and the projector file make together.
    pub fn kind_with_projector(&self, projector: &Self) -> ModelType {
        match self.kind {
            ModelType::Llm if kind::is_projector(&projector.architecture, projector.general_type.as_deref()) => {
                ModelType::Vlm
            }
            ModelType::Llm | ModelType::Vlm | ModelType::Other => self.kind,
        }
    }
}

/// Reads the header of a GGUF file and checks that its tensors are all there. Blocks; reads no weights.
///
/// # Errors
/// The file cannot be opened or read, is no GGUF, is cut short, or says what cannot be.
pub fn inspect(path: &Path) -> Result<Inspection, InspectError> {
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    inspect_as(path, file_name.as_deref())
}

/// As [`inspect`], for a file whose own name is another: the learning stage may be told by it.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_as(path: &Path, file_name: Option<&str>) -> Result<Inspection, InspectError> {
    let file = File::open(path).map_err(InspectError::Open)?;
    let size = file.metadata().map_err(InspectError::Open)?.len();
    inspect_from(BufReader::with_capacity(1 << 16, file), size, file_name)
}

/// As [`inspect_as`], of anything that is read like a file of `size_bytes`.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_from(
    file: impl Read + Seek,
    size_bytes: u64,
    file_name: Option<&str>,
) -> Result<Inspection, InspectError> {
    conclude(&gguf::read(file, size_bytes)?, size_bytes, file_name)
}

/// The words of the API for what the header says.
fn conclude(header: &Header, size_bytes: u64, file_name: Option<&str>) -> Result<Inspection, InspectError> {
    let meta = &header.metadata;
    let Some(architecture) = meta.text("general.architecture").filter(|name| !name.trim().is_empty()) else {
        return Err(InspectError::Corrupt { what: "it names no architecture (general.architecture)".into() });
    };
    let general_type = meta.text("general.type");
    let text = |key: &str| meta.text(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Inspection {
        format_version: header.version,
        architecture: architecture.to_owned(),
        name: text("general.name"),
        version: text("general.version"),
        general_type: general_type.map(str::to_owned),
        size_bytes,
        parameters: header.tensors.elements,
        quantization: header.tensors.prevailing_type().map(str::to_owned),
        context_length: shape::context_length(meta, architecture),
        chat_template: meta.text("tokenizer.chat_template").filter(|text| !text.is_empty()).map(str::to_owned),
        kind: kind::of(meta, architecture, general_type),
        learning_stage: stage::infer(meta, file_name),
        tags: meta.texts("general.tags").to_vec(),
        licence: text("general.license"),
        shape: shape::of(header, architecture),
    })
}
