//! A model as text: a row of the list, the whole page.

use protocol::model::{Criterion, LearningStage, Model, ModelScope, ModelType};

use crate::{
    command::figures::{bytes, count},
    moment::humane,
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

pub(super) fn table(models: &[Model]) -> Table {
    let mut table = Table::new([
        Column::new("MODEL").flexible(14),
        Column::new("OPENS").flexible(16),
        Column::new("TYPE").optional(3),
        Column::new("SIZE").align(Align::Right).optional(1),
        Column::new("PARAMETERS").align(Align::Right).optional(4),
        Column::new("QUANTIZATION").optional(5),
        Column::new("CONTEXT").align(Align::Right).optional(2),
        Column::new("LIST").optional(6),
    ]);
    for model in models {
        table.row([
            Cell::new(format!("{}:{}", model.name, model.version)),
            opens(model),
            Cell::new(kind(model.kind)),
            Cell::new(bytes(model.size_bytes)),
            Cell::new(count(model.parameters)),
            Cell::new(model.quantization.as_deref().unwrap_or("–")),
            Cell::new(model.context_length.map_or("–".into(), |tokens| tokens.to_string())),
            Cell::new(scope(model.scope)),
        ]);
    }
    table
}

/// Whether a session opens on it, and if not, what it fails.
fn opens(model: &Model) -> Cell {
    if model.eligible {
        return Cell::painted("✓ yes", Paint::Green);
    }
    let failed: Vec<&str> = model.ineligible_because.iter().map(|failure| criterion(failure.criterion)).collect();
    Cell::painted(format!("✗ {}", failed.join(", ")), Paint::Yellow)
}

pub(super) fn page(model: &Model, style: Style) -> String {
    let mut text = format!("{}\n\n", style.paint(Paint::Bold, &clean(&format!("{}:{}", model.name, model.version))));
    let mut row = |label: &str, value: String| {
        text.push_str(&format!("{} {value}\n", style.paint(Paint::Dim, &format!("{label:<14}"))));
    };
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "not known".into());
    row("id", model.id.to_string());
    row("list", scope(model.scope).into());
    row("family", clean(&model.family));
    row("parameters", count(model.parameters));
    row("quantization", or_unknown(model.quantization.clone()));
    row("context", or_unknown(model.context_length.map(|tokens| format!("{tokens} tokens"))));
    row("chat template", if model.has_chat_template { "yes" } else { "none" }.into());
    row("memory needed", or_unknown(model.memory_needed_bytes.map(bytes)));
    if !model.tags.is_empty() {
        row("tags", clean(&model.tags.join(", ")));
    }
    for file in &model.files {
        row("file", format!("{} ({}, sha256 {})", clean(&file.path), bytes(file.bytes), file.sha256));
    }
    for limit in limits(model) {
        row("limit", limit);
    }
    text.push_str(&format!("\n{}\n", style.paint(Paint::Dim, "can a session be opened on it?")));
    for (which, is) in criteria(model) {
        let failure = model.ineligible_because.iter().find(|failure| failure.criterion == which);
        let (sign, paint, why) = match failure {
            None => ("✓", Paint::Green, is),
            Some(failure) => ("✗", Paint::Red, clean(&failure.message)),
        };
        text.push_str(&format!("  {} {:<15}{why}\n", style.paint(paint, sign), criterion(which)));
    }
    text
}

/// Each criterion with what the model has for it.
fn criteria(model: &Model) -> [(Criterion, String); 4] {
    let stage = &model.learning_stage;
    let files = if model.files.len() == 1 {
        "1 file, present".into()
    } else {
        format!("{} files, all present", model.files.len())
    };
    [
        (Criterion::Type, kind(model.kind).to_owned()),
        (Criterion::Size, bytes(model.size_bytes)),
        (Criterion::LearningStage, format!("{}, told by {}", learning_stage(stage.stage), clean(&stage.inferred_from))),
        (Criterion::Files, files),
    ]
}

fn limits(model: &Model) -> Vec<String> {
    let limits = &model.limits;
    [
        limits.after_seconds.map(|seconds| format!("stops after {}", humane(seconds))),
        limits.idle_seconds.map(|seconds| format!("stops after {} without a request", humane(seconds))),
        limits.max_interactions.map(|most| format!("at most {most} interactions")),
        limits.max_tokens.map(|most| format!("at most {most} tokens")),
        limits.at.map(|at| format!("stops at {}", crate::moment::local(at))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const fn criterion(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Type => "type",
        Criterion::Size => "size",
        Criterion::LearningStage => "learning stage",
        Criterion::Files => "files",
    }
}

const fn kind(kind: ModelType) -> &'static str {
    match kind {
        ModelType::Llm => "LLM",
        ModelType::Vlm => "VLM",
        ModelType::Other => "other",
    }
}

const fn scope(scope: ModelScope) -> &'static str {
    match scope {
        ModelScope::Catalog => "catalog",
        ModelScope::Private => "private",
    }
}

const fn learning_stage(stage: LearningStage) -> &'static str {
    match stage {
        LearningStage::Pretrained => "pretrained",
        LearningStage::InstructionTuned => "instruction-tuned",
        LearningStage::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model() -> Model {
        serde_json::from_value(json!({
            "id": "mdl_01900000000070008000000000000001", "name": "whale", "version": "1", "scope": "private",
            "family": "llama", "type": "llm", "parameters": 494_032_768, "size_bytes": 397_808_192, "format": "gguf",
            "quantization": "Q4_K", "context_length": 32_768, "has_chat_template": false,
            "learning_stage": {"stage": "pretrained", "inferred_from": "general.name: `Whale Base`"},
            "tags": ["sea"], "files": [{"path": "whale.gguf", "bytes": 397_808_192, "sha256": "00ff"}],
            "eligible": false,
            "ineligible_because": [{"criterion": "learning_stage", "message": "its learning stage is Pretrained"}],
            "limits": {"after_seconds": 600, "at": null, "max_interactions": null, "idle_seconds": null, "max_tokens": null},
            "memory_needed_bytes": null, "created_at": "2030-01-01T12:00:00Z"
        }))
        .unwrap()
    }

    #[test]
    fn every_criterion_is_shown_with_what_fails() {
        let text = page(&model(), Style::Plain);
        for part in [
            "✓ type           LLM",
            "✓ size           379 MiB",
            "✗ learning stage its learning stage is Pretrained",
            "✓ files          1 file, present",
            "stops after 10m",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn the_list_says_what_a_model_fails() {
        let text = table(&[model()]).render(Style::Plain, 80);
        assert!(text.contains("whale:1") && text.contains("✗ learning stage"), "{text}");
        assert!(text.lines().all(|line| crate::output::width_of(line) <= 80), "{text}");
    }
}
