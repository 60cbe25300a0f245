//! Tables to download: lines of CSV, and workbooks.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use protocol::ErrorCode;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::problem::ApiError;

/// Longest text that a cell of a workbook takes, in characters.
const MAX_CELL: usize = 32_767;
/// Rows that a sheet takes, its heading included.
const MAX_ROWS: u32 = 1_048_576;

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(Option<f64>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// The first line of a table in CSV.
pub(crate) fn csv_heading(columns: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = columns.iter().map(|name| csv_text(name.as_ref())).collect();
    format!("{}\r\n", names.join(","))
}

/// A line of CSV (RFC 4180).
pub(crate) fn csv_line(cells: &[Cell]) -> String {
    let fields: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Number(number) => number.map(|number| number.to_string()).unwrap_or_default(),
            Cell::Text(text) => csv_text(text),
        })
        .collect();
    format!("{}\r\n", fields.join(","))
}

/// A field of CSV. What a spreadsheet would take for a formula gets an apostrophe before it.
fn csv_text(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A workbook of one sheet, written row by row. Rows beyond what a sheet takes are left out.
pub(crate) struct Sheet {
    book: Workbook,
    row: u32,
}

impl Sheet {
    pub(crate) fn new(columns: &[impl AsRef<str>]) -> Result<Self, ApiError> {
        let mut book = Workbook::new();
        let (sheet, bold) = (book.add_worksheet(), Format::new().set_bold());
        for (column, name) in (0u16..).zip(columns) {
            sheet.write_string_with_format(0, column, name.as_ref(), &bold).map_err(failed)?;
        }
        Ok(Self { book, row: 1 })
    }

    pub(crate) fn push(&mut self, cells: &[Cell]) -> Result<(), ApiError> {
        if self.row >= MAX_ROWS {
            return Ok(());
        }
        let sheet = self.book.worksheet_from_index(0).map_err(failed)?;
        for (column, cell) in (0u16..).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    let text: String = text.chars().take(MAX_CELL).collect();
                    sheet.write_string(self.row, column, text).map_err(failed)?;
                }
                Cell::Number(Some(number)) => {
                    sheet.write_number(self.row, column, *number).map_err(failed)?;
                }
                Cell::Number(None) => {}
            }
        }
        self.row += 1;
        Ok(())
    }

    /// The workbook's bytes.
    pub(crate) async fn finish(mut self) -> Result<Vec<u8>, ApiError> {
        tokio::task::spawn_blocking(move || self.book.save_to_buffer())
            .await
            .map_err(|_| ApiError::new(ErrorCode::Internal, "the workbook could not be written"))?
            .map_err(failed)
    }
}

fn failed(error: XlsxError) -> ApiError {
    tracing::error!(error = &error as &dyn std::error::Error, "a workbook could not be written");
    ApiError::new(ErrorCode::Internal, "the workbook could not be written; JSONL and CSV hold the same")
}

/// A body to be saved under a name.
pub(crate) fn attached(body: Body, kind: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_fields_are_quoted_and_formulas_disarmed() {
        assert_eq!(csv_text("plain"), "plain");
        assert_eq!(csv_text("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(csv_text("=1+1"), "\"'=1+1\"");
    }
}
