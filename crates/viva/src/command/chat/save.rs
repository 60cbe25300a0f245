//! A conversation as a file.

use std::path::Path;

use anyhow::Context as _;
use protocol::session::Session;
use serde_json::json;

use super::conversation::Conversation;
use crate::failure::Failure;

/// Writes the conversation in the form that the file's name tells.
///
/// # Errors
/// The name tells no form, or the file cannot be written.
pub(super) fn save(conversation: &Conversation, session: &Session, file: &Path) -> anyhow::Result<()> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let text = match extension.as_deref() {
        Some("md" | "markdown") => markdown(conversation, session),
        Some("jsonl") => jsonl(conversation),
        Some(_) | None => {
            return Err(Failure::new(format!("the name `{}` tells no form", file.display()))
                .hint("end it with .md or .jsonl")
                .into());
        }
    };
    if file.exists() {
        return Err(Failure::new(format!("{} is there already", file.display())).hint("choose another name").into());
    }
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn markdown(conversation: &Conversation, session: &Session) -> String {
    let mut text = format!("# {}\n\nModel: {}:{}\n", session.name, session.model.name, session.model.version);
    for message in conversation.messages() {
        text.push_str(&format!("\n## {}\n\n{}\n", message.role.as_str(), message.content.trim_end()));
    }
    text
}

/// A line for each message; an answer has the id of its completion.
fn jsonl(conversation: &Conversation) -> String {
    let mut lines: Vec<serde_json::Value> = Vec::new();
    lines.extend(conversation.system.iter().map(|text| json!({"role": "system", "content": text})));
    for turn in conversation.turns() {
        lines.push(json!({"role": "user", "content": turn.user}));
        lines.push(json!({"role": "assistant", "content": turn.answer, "completion": turn.completion}));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{chat::conversation::tests::completion, session::sample};

    #[test]
    fn the_name_tells_the_form_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let session = sample::sessions().remove(0);
        let mut conversation = Conversation::new(Some("Be kind.".into()));
        conversation.add("hi", &completion("hello"));
        let (md, jsonl) = (folder.path().join("a.md"), folder.path().join("a.jsonl"));
        save(&conversation, &session, &md).unwrap();
        save(&conversation, &session, &jsonl).unwrap();
        assert!(std::fs::read_to_string(&md).unwrap().contains("## assistant\n\nhello\n"));
        assert_eq!(std::fs::read_to_string(&jsonl).unwrap().lines().count(), 3);
        assert!(save(&conversation, &session, &md).is_err());
        assert!(save(&conversation, &session, &folder.path().join("a.txt")).is_err());
    }
}
