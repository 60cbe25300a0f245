//! How far a model's training went, and what says so.

use protocol::model::{LearningStage, LearningStageFinding};

use crate::gguf::Metadata;

/// Parts of a name that tell an instruction-tuned model.
const TUNED: &[&str] = &["instruct", "instruction", "instructed", "chat", "it", "sft", "dpo", "rlhf", "assistant"];
/// Parts of a name that tell one that is not.
const BASE: &[&str] = &["base", "pretrain", "pretrained", "pt"];

/// The finding in force: a person's word, where given, goes before what was inferred.
pub fn learning_stage(inferred: LearningStageFinding, word: Option<LearningStage>) -> LearningStageFinding {
    match word {
        Some(stage) => LearningStageFinding { stage, inferred_from: "the person who added it".into() },
        None => inferred,
    }
}

/// What the metadata and the file's name tell, the surest sign first.
pub(super) fn infer(meta: &Metadata, file_name: Option<&str>) -> LearningStageFinding {
    let signs = [
        ("general.finetune", meta.text("general.finetune")),
        ("general.name", meta.text("general.name")),
        ("general.basename", meta.text("general.basename")),
        ("the file's name", file_name),
    ];
    let named = signs.into_iter().find_map(|(source, text)| {
        let text = text?;
        stage_in(text).map(|stage| (stage, format!("{source}: `{}`", shortened(text))))
    });
    let (stage, inferred_from) = named.unwrap_or_else(|| {
        if meta.text("tokenizer.chat_template").is_some_and(|text| !text.is_empty()) {
            (LearningStage::InstructionTuned, "a chat template (tokenizer.chat_template)".into())
        } else {
            (LearningStage::Unknown, "nothing in the file: no finetune, no telling name, no chat template".into())
        }
    });
    LearningStageFinding { stage, inferred_from }
}

/// The stage that a word of the text tells; tuned goes before base, for names such as `Base-Instruct`.
fn stage_in(text: &str) -> Option<LearningStage> {
    let lower = text.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    if words().any(|word| TUNED.contains(&word)) {
        Some(LearningStage::InstructionTuned)
    } else if words().any(|word| BASE.contains(&word)) {
        Some(LearningStage::Pretrained)
    } else {
        None
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    if text.chars().count() > 80 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_stage_by_its_words() {
        use LearningStage::{InstructionTuned, Pretrained};
        for (name, stage) in [
            ("Qwen2.5-0.5B-Instruct-Q4_K_M.gguf", Some(InstructionTuned)),
            ("gemma-3-1b-it", Some(InstructionTuned)),
            ("Llama 2 7B Chat", Some(InstructionTuned)),
            ("gemma-3-1b-pt", Some(Pretrained)),
            ("Qwen3-0.6B-Base", Some(Pretrained)),
            ("Whitman-7B", None),
            ("chatglm3", None),
            ("", None),
        ] {
            assert_eq!(stage_in(name), stage, "{name}");
        }
    }

    #[test]
    fn a_persons_word_goes_first() {
        let inferred = LearningStageFinding { stage: LearningStage::Unknown, inferred_from: "nothing".into() };
        assert_eq!(learning_stage(inferred.clone(), None), inferred);
        let told = learning_stage(inferred, Some(LearningStage::InstructionTuned));
        assert_eq!(told.stage, LearningStage::InstructionTuned);
        assert!(told.inferred_from.contains("person"));
    }
}
