//! A conversation as a file.

use std::{io::Write, path::Path};

use anyhow::Context as _;
use protocol::session::Session;
use serde_json::json;

use super::conversation::Conversation;
use crate::failure::Failure;

/// How a conversation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Markdown,
    JsonLines,
}

impl Form {
    /// The form that a file's name tells.
    ///
    /// # Errors
    /// It tells none.
    pub(super) fn of(file: &Path) -> anyhow::Result<Self> {
        let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown") => Ok(Self::Markdown),
            Some("jsonl") => Ok(Self::JsonLines),
            Some(_) | None => Err(Failure::new(format!("the name `{}` tells no form", file.display()))
                .hint("end it with .md or .jsonl")
                .into()),
        }
    }
}

/// Writes the conversation, whole or not at all; a file that is there is replaced.
///
/// # Errors
/// The file cannot be written.
pub(super) fn save(conversation: &Conversation, session: &Session, form: Form, file: &Path) -> anyhow::Result<()> {
    let text = match form {
        Form::Markdown => markdown(conversation, session),
        Form::JsonLines => jsonl(conversation),
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut part = tempfile::NamedTempFile::new_in(folder)?;
        part.write_all(text.as_bytes())?;
        part.as_file().sync_all()?;
        part.persist(file).map_err(|error| error.error)
    };
    write().with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(())
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
    fn the_name_tells_the_form_and_a_later_state_replaces_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let session = sample::sessions().remove(0);
        let mut conversation = Conversation::new(Some("Be kind.".into()));
        conversation.add("hi", &completion("hello"));
        let (md, jsonl) = (folder.path().join("a.md"), folder.path().join("a.jsonl"));
        save(&conversation, &session, Form::of(&md).unwrap(), &md).unwrap();
        save(&conversation, &session, Form::of(&jsonl).unwrap(), &jsonl).unwrap();
        assert!(std::fs::read_to_string(&md).unwrap().contains("## assistant\n\nhello\n"));
        assert_eq!(std::fs::read_to_string(&jsonl).unwrap().lines().count(), 3);
        conversation.add("and?", &completion("well"));
        save(&conversation, &session, Form::JsonLines, &jsonl).unwrap();
        assert_eq!(std::fs::read_to_string(&jsonl).unwrap().lines().count(), 5);
        assert!(Form::of(Path::new("a.txt")).is_err());
        assert!(save(&conversation, &session, Form::Markdown, &folder.path().join("none/a.md")).is_err());
    }
}
