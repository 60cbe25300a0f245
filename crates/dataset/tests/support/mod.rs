//! What the tests of the readers share.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::Cursor;

use dataset::{Bounds, Content, Entry, Format, InputError, Reader, Row, open};
use serde_json::{Value, json};

pub(crate) type Memory = Reader<Cursor<Vec<u8>>>;

pub(crate) fn opened(format: Format, bytes: impl AsRef<[u8]>) -> Result<Memory, InputError> {
    open(format, Cursor::new(bytes.as_ref().to_vec()), &Bounds::default())
}

/// Opens with bounds of its own.
pub(crate) fn opened_within(format: Format, bytes: impl AsRef<[u8]>, bounds: &Bounds) -> Result<Memory, InputError> {
    open(format, Cursor::new(bytes.as_ref().to_vec()), bounds)
}

pub(crate) fn entries(format: Format, bytes: impl AsRef<[u8]>) -> Vec<Entry> {
    opened(format, bytes).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Each row as its line and columns, each bad row as the sentence about it.
pub(crate) fn told(format: Format, bytes: impl AsRef<[u8]>) -> Vec<Value> {
    let told = |entry: Entry| match entry {
        Ok(Row { line, content: Content::Columns(columns), .. }) => json!([line, columns]),
        Ok(Row { line, custom_id, content: Content::Request { endpoint, body } }) => {
            json!([line, custom_id, endpoint.path(), body])
        }
        Err(bad) => json!(bad.to_string()),
    };
    entries(format, bytes).into_iter().map(told).collect()
}

/// Why a file cannot be opened or not read to its end.
pub(crate) fn refusal(format: Format, bytes: impl AsRef<[u8]>) -> String {
    refusal_within(format, bytes, &Bounds::default())
}

pub(crate) fn refusal_within(format: Format, bytes: impl AsRef<[u8]>, bounds: &Bounds) -> String {
    match opened_within(format, bytes, bounds) {
        Err(error) => error.to_string(),
        Ok(reader) => reader.collect::<Result<Vec<_>, _>>().unwrap_err().to_string(),
    }
}
