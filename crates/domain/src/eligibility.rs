//! Which models may be opened.

use protocol::model::{Criterion, Ineligibility, LearningStage, ModelType};

/// What eligibility looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub kind: ModelType,
    pub size_bytes: u64,
    pub learning_stage: LearningStage,
    /// Files that are absent or not whole.
    pub missing_files: Vec<String>,
}

/// Every criterion that the model fails; none, and it is eligible.
pub fn failures(candidate: &Candidate) -> Vec<Ineligibility> {
    let failure = |criterion, message: String| Some(Ineligibility { criterion, message });
    [
        match candidate.kind {
            ModelType::Llm | ModelType::Vlm => None,
            ModelType::Other => failure(
                Criterion::Type,
                "it is no language model: a session takes an LLM (text in) or a VLM (text and images in)".to_owned(),
            ),
        },
        if candidate.size_bytes == 0 {
            failure(Criterion::Size, "its size is 0 bytes".to_owned())
        } else {
            None
        },
        match candidate.learning_stage {
            LearningStage::InstructionTuned => None,
            LearningStage::Pretrained => failure(
                Criterion::LearningStage,
                "its learning stage is Pretrained; a session takes Instruction-tuned models".to_owned(),
            ),
            LearningStage::Unknown => failure(
                Criterion::LearningStage,
                "its learning stage is not known; if it is Instruction-tuned, say so: `viva model add … --learning-stage instruction-tuned`".to_owned(),
            ),
        },
        if candidate.missing_files.is_empty() {
            None
        } else {
            failure(Criterion::Files, format!("files are missing or damaged: {}", candidate.missing_files.join(", ")))
        },
    ]
    .into_iter()
    .flatten()
    .collect()
}
