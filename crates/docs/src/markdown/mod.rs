//! The Markdown of the pages as a tree, and the tree as HTML, Markdown and plain text.

mod html;
mod parse;
mod text;

pub(crate) use html::{escape, render_blocks};
pub(crate) use parse::parse;
pub(crate) use text::{inline_markdown, plain, table_markdown};

/// A block of a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Heading { level: u8, slug: String, children: Vec<Inline> },
    Paragraph(Vec<Inline>),
    List { start: Option<u64>, items: Vec<Vec<Block>> },
    Table { head: Vec<Vec<Inline>>, rows: Vec<Vec<Vec<Inline>>> },
    Code { language: String, text: String },
    Quote(Vec<Block>),
    Rule,
}

/// A part of a line. HTML in the source is text like any other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Link { address: String, children: Vec<Inline> },
    Break,
}
