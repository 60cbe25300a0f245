//! The documentation for users, in the binary: its pages as HTML and Markdown, searched, and asked.
//!
//! Pure: text in, text out. Knows nothing of HTTP, of the store or of the clock; who serves it decides who may read it.
//! What it answers is made of the documentation's own sentences and of nothing else.

mod ask;
mod asked;
mod index;
mod library;
mod markdown;
mod page;
mod passage;
mod runs;
mod search;
mod site;
mod sought;
mod synonyms;
mod vectors;
mod words;

pub use ask::{Asked, DocsGiven, Measured, QuestionError, answer_as_markdown};
pub use library::{Library, library};
pub use page::{Page, Section};
pub use site::{ICON, SCRIPT, STYLE};
