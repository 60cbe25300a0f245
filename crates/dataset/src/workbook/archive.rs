//! What is unpacked of a workbook before its parser sees it.
//!
//! Every part is unpacked once and counted, whatever sizes the archive declares. In the table of texts, two things are
//! looked for on the way because the parser trusts them: `uniqueCount`, for which it sets memory aside at once, so that a
//! large one would end the process; and an encoding other than UTF-8, in which the first could hide.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;
use zip::ZipArchive;

use crate::{bounds::Bounds, error::InputError, signature};

/// Most parts of a workbook.
const MAX_PARTS: usize = 10_000;
/// Bytes at the end of a chunk that are looked at again with the next: longer than any of what is looked for.
const OVERLAP: usize = 512;
const CHUNK: usize = 64 << 10;

/// Refuses what is no readable workbook within the bounds.
pub(super) fn check<S: Read + Seek>(source: &mut S, head: &[u8], bounds: &Bounds) -> Result<(), InputError> {
    if head.starts_with(signature::COMPOUND) {
        return Err(compound(source)?);
    }
    source.rewind()?;
    let mut archive = ZipArchive::new(source).map_err(|error| broken(&error.to_string()))?;
    check_kind(&archive)?;
    if archive.len() > MAX_PARTS {
        return Err(broken(&format!("it has {} parts", archive.len())));
    }
    let mut left = bounds.workbook_bytes;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&error.to_string()))?;
        let is_texts = is_texts(part.name_raw()) || part.name().is_ok_and(|name| is_texts(name.as_bytes()));
        // One byte above the bound tells that there are more.
        let part = part.take(left + 1);
        let read = if is_texts { scan(part, |chunk| inspect(chunk, bounds))? } else { scan(part, |_| Ok(()))? };
        left = left.checked_sub(read).ok_or(InputError::WorkbookTooLarge { bound: bounds.workbook_bytes })?;
    }
    Ok(())
}

fn broken(message: &str) -> InputError {
    InputError::BrokenWorkbook { message: message.to_owned() }
}

fn check_kind<S: Read + Seek>(archive: &ZipArchive<S>) -> Result<(), InputError> {
    const KINDS: [(&str, &str); 4] = [
        ("xl/workbook.bin", "a binary workbook (.xlsb)"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a presentation"),
        ("content.xml", "an OpenDocument file"),
    ];
    let has = |wanted: &str| archive.file_names().flatten().any(|name| name == wanted);
    for (part, found) in KINDS {
        if has(part) {
            let remedy = "save its sheet as .xlsx or CSV";
            return Err(InputError::WrongFormat { format: protocol::dataset::Format::Xlsx, found, remedy });
        }
    }
    if has("[Content_Types].xml") || has("xl/workbook.xml") {
        return Ok(());
    }
    let (found, remedy) = ("a zip archive of other files", "unpack it first");
    Err(InputError::WrongFormat { format: protocol::dataset::Format::Xlsx, found, remedy })
}

fn is_texts(name: &[u8]) -> bool {
    memmem::find(&name.to_ascii_lowercase(), b"strings").is_some()
}

/// A piece of a part: what begins in the first `judged` of its bytes is to be looked at.
struct Chunk<'a> {
    bytes: &'a [u8],
    judged: usize,
    is_first: bool,
}

/// Unpacks a part to nowhere and counts its bytes.
fn scan(mut part: impl Read, inspect: impl Fn(&Chunk<'_>) -> Result<(), InputError>) -> Result<u64, InputError> {
    let mut buffer = vec![0; CHUNK];
    let (mut kept, mut total) = (0, 0u64);
    loop {
        let read = match part.read(&mut buffer[kept..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(&error.to_string())),
        };
        let filled = kept + read;
        // What begins within the overlap is judged with the bytes that follow it, unless none follow.
        let judged = if read == 0 { filled } else { filled.saturating_sub(OVERLAP) };
        inspect(&Chunk { bytes: &buffer[..filled], judged, is_first: total == kept as u64 })?;
        if read == 0 {
            return Ok(total);
        }
        total += read as u64;
        buffer.copy_within(judged..filled, 0);
        kept = filled - judged;
    }
}

fn inspect(chunk: &Chunk<'_>, bounds: &Bounds) -> Result<(), InputError> {
    let Chunk { bytes, judged, is_first } = *chunk;
    let is_wide =
        bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.iter().take(4).any(|&b| b == 0);
    if is_first && is_wide {
        return Err(broken("a part is not in UTF-8"));
    }
    for at in memmem::find_iter(bytes, "<?xml").take_while(|&at| at < judged) {
        let declaration = &bytes[at..bytes.len().min(at + OVERLAP)];
        let end = memmem::find(declaration, b"?>").ok_or_else(|| broken("a part has an endless declaration"))?;
        let text = String::from_utf8_lossy(&declaration[..end]).to_ascii_lowercase();
        // Each that is named, so that none is hidden behind another attribute.
        let is_utf8 = |behind: &str| {
            let value = behind.trim_start_matches(|char: char| char.is_whitespace() || char == '=');
            value.starts_with("\"utf-8\"") || value.starts_with("'utf-8'")
        };
        if !text.split("encoding").skip(1).all(is_utf8) {
            return Err(broken("a part is not in UTF-8"));
        }
    }
    for at in memmem::find_iter(bytes, "uniqueCount").take_while(|&at| at < judged) {
        let behind = &bytes[at + "uniqueCount".len()..bytes.len().min(at + OVERLAP)];
        let digits =
            behind.iter().skip_while(|byte| !byte.is_ascii_alphanumeric()).take_while(|byte| byte.is_ascii_digit());
        let count = digits.fold(0u64, |count, digit| count.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        if count > bounds.cells {
            return Err(InputError::TooManyCells { bound: bounds.cells });
        }
    }
    Ok(())
}

/// What a compound file is: its directory names its streams in UTF-16.
fn compound<S: Read + Seek>(source: &mut S) -> io::Result<InputError> {
    const LOOKED_AT: u64 = 1 << 20;
    let mut bytes = Vec::new();
    source.rewind()?;
    source.by_ref().take(LOOKED_AT).read_to_end(&mut bytes)?;
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(length.saturating_sub(LOOKED_AT)))?;
    source.by_ref().take(LOOKED_AT).read_to_end(&mut bytes)?;
    let names = |name: &str| {
        let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        memmem::find(&bytes, &wanted).is_some()
    };
    Ok(if names("EncryptedPackage") {
        InputError::Encrypted
    } else if names("Workbook") || names("Book") {
        InputError::OldWorkbook
    } else {
        InputError::WrongFormat {
            format: protocol::dataset::Format::Xlsx,
            found: "an Office document of an old format",
            remedy: "save its rows as .xlsx or CSV",
        }
    })
}
