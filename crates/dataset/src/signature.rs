//! What a file is by its first bytes, where it is none of the formats that are read.

use crate::error::InputError;
use protocol::dataset::Format;

const CHOOSE: &str = "choose the file with the rows";
const UNPACK: &str = "unpack it first";

/// Beginnings of files, with what they are and what to do.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG image", CHOOSE),
    (b"\xff\xd8\xff", "a JPEG image", CHOOSE),
    (b"GIF8", "a GIF image", CHOOSE),
    (b"%PDF-", "a PDF document", CHOOSE),
    (b"\x1f\x8b", "compressed by gzip", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", UNPACK),
    (b"BZh", "compressed by bzip2", UNPACK),
    (b"\xfd7zXZ\0", "compressed by xz", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"PAR1", "a Parquet file", "write it as JSONL or CSV"),
    (b"ARROW1", "an Arrow file", "write it as JSONL or CSV"),
    (b"SQLite format 3\0", "an SQLite database", "write its rows as JSONL or CSV"),
    (b"GGUF", "a GGUF model", CHOOSE),
    (b"\x7fELF", "a program", CHOOSE),
    (b"\xff\xfe\0\0", "UTF-32 text", "save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32 text", "save it as UTF-8"),
];

/// A zip archive, which a workbook is.
pub(crate) const ZIP: &[u8] = b"PK\x03\x04";
/// A compound file: an old workbook, or a new one behind a password.
pub(crate) const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Whether it begins like a workbook, readable or not.
pub(crate) fn is_workbook(head: &[u8]) -> bool {
    head.starts_with(ZIP) || head.starts_with(COMPOUND)
}

/// Refuses what is surely not of the format.
pub(crate) fn check(format: Format, head: &[u8]) -> Result<(), InputError> {
    let wrong = |found, remedy| Err(InputError::WrongFormat { format, found, remedy });
    if let Some((_, found, remedy)) = SIGNATURES.iter().find(|(bytes, ..)| head.starts_with(bytes)) {
        return wrong(found, remedy);
    }
    if format == Format::Xlsx {
        return if is_workbook(head) { Ok(()) } else { wrong("of another kind", "name its format") };
    }
    if head.starts_with(ZIP) {
        return wrong("a zip archive or a workbook", "name the format `xlsx`, or unpack it first");
    }
    if head.starts_with(COMPOUND) {
        return wrong("an Office document of an old format", "save it as .xlsx or CSV");
    }
    let has_mark = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if !has_mark && head.contains(&0) {
        let units = head.as_chunks::<2>().0;
        let halves = [0, 1].map(|half| units.iter().filter(|unit| unit[half] == 0).count());
        return match halves.iter().any(|&zeros| zeros * 2 > units.len()) {
            true => wrong("UTF-16 text without a byte order mark", "save it as UTF-8"),
            false => wrong("binary", CHOOSE),
        };
    }
    Ok(())
}
