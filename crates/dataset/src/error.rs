//! What is wrong with a row, and what with a whole file.

use std::{fmt, io};

use protocol::dataset::Format;
use serde::{Deserialize, Serialize};

use crate::phrase::{number, quoted, size};

/// A row that cannot be used. The rows after it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadRow {
    /// The line of the file, or row of the sheet, that it starts in, from 1.
    pub line: u64,
    /// What is wrong and, where it is not plain, what to do.
    pub message: String,
}

impl BadRow {
    pub(crate) fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Why a file cannot be read, or not on, with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("the file is empty: give it at least one row")]
    Empty,
    #[error("the file has no rows: {}", if *.headed { "add at least one below its header" } else { "it holds blank lines alone" })]
    NoRows { headed: bool },
    #[error("the header cannot be read: line {}: {}", .0.line, .0.message)]
    Header(BadRow),
    #[error("column {column} of the header has no name: name it, or remove the column")]
    UnnamedColumn {
        /// From 1.
        column: usize,
    },
    #[error("the header names {} twice, in columns {first} and {second}: rename one of them", quoted(.name))]
    DoubledColumn { name: String, first: usize, second: usize },
    #[error("the file has more than {} columns: leave out those that are not needed", number(*.bound as u64))]
    TooManyColumns { bound: usize },
    #[error("the file has more than {} rows: split it", number(*.bound))]
    TooManyRows { bound: u64 },
    #[error("the file has {} bytes, and {} is the most: split it", number(*.bytes), size(*.bound))]
    TooLarge { bytes: u64, bound: u64 },
    #[error("the file is {found}, not {}: {remedy}", noun(*.format))]
    WrongFormat { format: Format, found: &'static str, remedy: &'static str },
    #[error("{}: name one of {}", untold(.name.as_deref()), formats())]
    UnknownFormat { name: Option<String> },
    #[error("the workbook is protected by a password: save it without one")]
    Encrypted,
    #[error("the file is a workbook of Excel 97–2003 (.xls): save it as .xlsx or CSV")]
    OldWorkbook,
    #[error("the workbook unpacks to more than {}: save its sheet as CSV", size(*.bound))]
    WorkbookTooLarge { bound: u64 },
    #[error("the sheet has more than {} cells: save it as CSV, or leave out what is not needed", number(*.bound))]
    TooManyCells { bound: u64 },
    #[error("the workbook has no visible sheet with cells: add one, or show it")]
    NoSheet,
    #[error("the workbook cannot be read ({message}): open it and save it again as .xlsx, or as CSV")]
    BrokenWorkbook { message: String },
    #[error("reading the file")]
    Read(#[from] io::Error),
}

/// What a file of the format is called.
pub(crate) fn noun(format: Format) -> &'static str {
    match format {
        Format::Batch => "batch lines",
        Format::Jsonl => "JSONL",
        Format::Csv => "CSV",
        Format::Xlsx => "an .xlsx workbook",
        Format::Text => "text",
    }
}

fn untold(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the format cannot be told from the name {} and the first bytes", quoted(name)),
        None => "the format cannot be told from the first bytes".to_owned(),
    }
}

fn formats() -> impl fmt::Display {
    Format::ALL.map(|format| format!("`{}`", format.as_str())).join(", ")
}
