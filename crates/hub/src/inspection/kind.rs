//! Whether a file is a language model, one that sees, or neither.

use protocol::model::ModelType;

use crate::{architecture, gguf::Metadata};

/// Whether the file turns images into embeddings for another model.
pub(super) fn is_projector(architecture: &str, general_type: Option<&str>) -> bool {
    architecture == "clip" || general_type == Some("mmproj")
}

/// The type of a file by itself.
pub(super) fn of(meta: &Metadata, architecture: &str, general_type: Option<&str>) -> ModelType {
    let is_model = matches!(general_type, None | Some("model" | ""));
    let gives_text =
        !architecture::is_embedding(architecture) && !architecture::is_part(architecture) && !pools(meta, architecture);
    if !is_model || !gives_text || is_projector(architecture, general_type) {
        ModelType::Other
    } else if architecture::is_vision(architecture) {
        ModelType::Vlm
    } else {
        ModelType::Llm
    }
}

/// An embedding or ranking model made from a decoder says how its vectors are pooled (0 is: not at all).
fn pools(meta: &Metadata, architecture: &str) -> bool {
    meta.number(&format!("{architecture}.pooling_type")).is_some_and(|pooling| pooling != 0)
}
