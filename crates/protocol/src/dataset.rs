//! The input of a task: the shapes that its rows may have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the rows of a task's input are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// OpenAI's batch: a line is a whole request, `{"custom_id", "method", "url", "body"}`.
    Batch,
    /// A JSON object a line; its fields are the columns.
    Jsonl,
    /// A header and rows, separated by commas, semicolons or tabs.
    Csv,
    /// The first visible sheet of a workbook; its first row is the header.
    Xlsx,
    /// A prompt a line; the column is `prompt`.
    Text,
}

impl Format {
    /// Every format, in the order that messages list them.
    pub const ALL: [Self; 5] = [Self::Batch, Self::Jsonl, Self::Csv, Self::Xlsx, Self::Text];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Text => "text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn a_format_is_its_word_on_the_wire() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
    }
}
