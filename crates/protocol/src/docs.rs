//! Questions to the documentation, and what it answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most Unicode scalar values of a question, after trimming.
pub const MAX_QUESTION: usize = 1000;

/// Body of `POST /docs/ask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDocs {
    /// The question, 1 to 1,000 characters.
    pub question: String,
    /// The page that it is asked from, such as `start`: context for what is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What the documentation answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DocsAnswer {
    /// The answer in Markdown: sentences, list items and table rows of the documentation.
    pub answer: String,
    /// How sure it is that this answers the question, from 0 to 1; 0: the documentation does not hold the answer.
    pub confidence: f64,
    /// What the answer was taken from, the best first; empty where there is no answer.
    pub excerpts: Vec<DocsExcerpt>,
    /// The pages of the excerpts; where there is no answer, the nearest pages.
    pub sources: Vec<DocsSource>,
}

/// A passage of the documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocsExcerpt {
    /// The passage, in Markdown.
    pub text: String,
    /// The page's name, as in its address: `manage-a-session`.
    pub page: String,
    /// The section's heading; the page's title for its beginning.
    pub section: String,
    /// The section's address on this server.
    pub url: String,
}

/// A page or section of the documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocsSource {
    pub title: String,
    pub url: String,
}

/// Answer of `GET /docs/search`: the sections that fit best, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocsSearch {
    pub items: Vec<DocsHit>,
}

/// A section that a search has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocsHit {
    /// The page's title.
    pub title: String,
    /// The section's heading; the page's title for its beginning.
    pub section: String,
    /// The passage of the section that fits best, as plain text.
    pub text: String,
    pub url: String,
}
