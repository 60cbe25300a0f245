//! The format of a file, from its name and its first bytes.

use std::io::{self, BufReader, Read, Seek};

use protocol::dataset::Format;

use crate::{
    encoding::{Decoded, Encoding},
    error::InputError,
    json, signature,
};

/// Bytes of a file's beginning that its format and separator are told from.
pub(crate) const HEAD: u64 = 64 << 10;

/// Tells the format. The name decides by its ending (`.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, `.xlsx`, `.xlsm`,
/// `.txt`, `.md`; without one of them, the first bytes do for a workbook and for JSON. JSON lines whose first has
/// `custom_id` and `body` are a batch. The source is read from its start, and left there.
///
/// # Errors
/// [`InputError::UnknownFormat`] where neither tells; [`InputError::Empty`], [`InputError::WrongFormat`].
pub fn detect(name: Option<&str>, source: &mut (impl Read + Seek)) -> Result<Format, InputError> {
    let head = head(source)?;
    if head.is_empty() {
        return Err(InputError::Empty);
    }
    let format = match name.and_then(by_name) {
        Some(Format::Jsonl) => by_first_line(&head),
        Some(format) => format,
        None if signature::is_workbook(&head) => Format::Xlsx,
        None if text(&head).trim_start().starts_with('{') => by_first_line(&head),
        None => {
            // What is surely none of them is named rather than called unknown.
            signature::check(Format::Text, &head)?;
            return Err(InputError::UnknownFormat { name: name.map(str::to_owned) });
        }
    };
    check(format, &head)?;
    Ok(format)
}

/// The beginning of the source, which is left at its start.
pub(crate) fn head(source: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
    source.rewind()?;
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head)?;
    source.rewind()?;
    Ok(head)
}

/// The text of the beginning, as far as it is text.
pub(crate) fn text(head: &[u8]) -> String {
    let (encoding, mark) = Encoding::of(head);
    let mut bytes = Vec::new();
    // Reading from memory cannot fail; what was decoded until then would serve as well.
    let _ = Decoded::new(BufReader::new(&head[mark..]), encoding).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Refuses a file whose first bytes say that it is not of the format.
pub(crate) fn check(format: Format, head: &[u8]) -> Result<(), InputError> {
    signature::check(format, head)?;
    let text = text(head);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let wrong = |found, remedy| Err(InputError::WrongFormat { format, found, remedy });
    match (format, lines.next()) {
        (Format::Jsonl | Format::Batch, Some(first)) if first.starts_with('[') => {
            wrong("a JSON array", "write one object a line, as `jq -c '.[]'` does")
        }
        (Format::Jsonl | Format::Batch, Some("{")) => {
            wrong("JSON over several lines", "write one object a line, as `jq -c .` does")
        }
        (Format::Csv, Some(first)) if json::object(first).is_ok() => wrong("JSON lines", "name the format `jsonl`"),
        _ => Ok(()),
    }
}

fn by_name(name: &str) -> Option<Format> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" | "json" => Format::Jsonl,
        "csv" | "tsv" => Format::Csv,
        // A file that was named so by mistake is told what it is when it is opened.
        "xlsx" | "xlsm" | "xls" => Format::Xlsx,
        "txt" | "text" | "md" => Format::Text,
        _ => return None,
    })
}

fn by_first_line(head: &[u8]) -> Format {
    let text = text(head);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match json::object(first) {
        Ok(object) if object.get("custom_id").is_some() && object.get("body").is_some() => Format::Batch,
        Ok(_) => Format::Jsonl,
        // Longer than what is looked at, or bad: a batch line begins with its names in all that is written.
        Err(_) if first.contains("\"custom_id\"") && first.contains("\"body\"") => Format::Batch,
        Err(_) => Format::Jsonl,
    }
}
