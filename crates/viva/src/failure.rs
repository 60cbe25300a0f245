//! Errors as a person reads them: one sentence, and a hint that can be acted on.

use std::fmt;

/// A failed command, in a sentence without a full stop.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    kind: Kind,
}

/// Whose fault it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Exit status 1.
    Failed,
    /// Exit status 2.
    Usage,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Failed }
    }

    /// A command that was not said right.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, kind: Kind::Usage }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit status for an error.
pub(crate) fn exit_status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Failure>() {
        Some(Failure { kind: Kind::Usage, .. }) => 2,
        Some(Failure { kind: Kind::Failed, .. }) | None => 1,
    }
}

/// What to try, where the error says.
pub(crate) fn hint_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let failure = cause.downcast_ref::<Failure>().and_then(|failure| failure.hint.clone());
        failure.or_else(|| cause.downcast_ref::<crate::client::ApiError>().and_then(crate::client::ApiError::hint))
    })
}

/// The error and its causes as one sentence; a cause that the text before it already tells is left out.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let cause = cause.trim_end_matches('.');
        if text.is_empty() {
            cause.clone_into(&mut text);
        } else if !text.contains(cause) {
            text.push_str(": ");
            text.push_str(cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_make_one_sentence_and_the_hint_is_found() {
        let error = anyhow::Error::new(Failure::new("it failed.").hint("do that")).context("reading the list");
        assert_eq!(sentence(&error), "reading the list: it failed");
        assert_eq!(hint_of(&error).as_deref(), Some("do that"));
        assert_eq!(exit_status(&error), 1);
        assert_eq!(exit_status(&Failure::usage("no").into()), 2);
    }
}
