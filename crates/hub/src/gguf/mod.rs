//! A bounded reader of GGUF headers, versions 2 and 3, little endian.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Takes any bytes: every count and length is
//! held against the file's size and a hard bound before memory is taken for it, and nothing panics. What
//! llama.cpp's own reader (`gguf.cpp`) refuses is refused here, with a reason.

mod cursor;
mod error;
mod metadata;
mod tensors;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

use cursor::Cursor;
pub use error::InspectError;
pub(crate) use metadata::Metadata;
pub(crate) use tensors::Tensors;

/// The first four bytes.
pub(crate) const MAGIC: &[u8; 4] = b"GGUF";
/// Most metadata entries.
const MAX_ENTRIES: u64 = 1 << 16;
/// Most tensors.
const MAX_TENSORS: u64 = 1 << 18;
/// Fewest bytes of a metadata entry: length of the key, type, one byte of value.
const MIN_ENTRY_BYTES: u64 = 8 + 4 + 1;
/// Fewest bytes of a tensor's entry: length of the name, dimensions, type, offset.
const MIN_TENSOR_BYTES: u64 = 8 + 4 + 4 + 8;

/// Everything before the weights.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) metadata: Metadata,
    pub(crate) tensors: Tensors,
}

/// Reads a header from a file of `size` bytes and checks that the weights it announces are there.
///
/// # Errors
/// Whatever is wrong with the file: [`InspectError`].
pub(crate) fn read(input: impl Read + Seek, size: u64) -> Result<Header, InspectError> {
    let mut cursor = Cursor::new(input, size);
    let version = read_version(&mut cursor)?;
    let tensor_count = cursor.u64()?;
    let entry_count = cursor.u64()?;
    bounded("tensors", tensor_count, MAX_TENSORS)?;
    bounded("metadata entries", entry_count, MAX_ENTRIES)?;
    let least = entry_count * MIN_ENTRY_BYTES + tensor_count * MIN_TENSOR_BYTES;
    cursor.require(least)?;
    let metadata = metadata::read(&mut cursor, entry_count)?;
    let tensors = tensors::read(&mut cursor, tensor_count, alignment(&metadata)?)?;
    Ok(Header { version, metadata, tensors })
}

/// Whether a file may begin so; `None` while there are too few bytes to tell.
pub(crate) fn check_start(start: &[u8]) -> Option<Result<(), InspectError>> {
    let magic = start.get(..MAGIC.len())?;
    Some(if magic == MAGIC { Ok(()) } else { Err(InspectError::not_gguf(start)) })
}

fn read_version<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<u32, InspectError> {
    let start = cursor.peek_start()?;
    match check_start(&start) {
        Some(Ok(())) => {}
        Some(Err(error)) => return Err(error),
        // A file of fewer bytes than the magic is no part of a GGUF unless it begins like one.
        None if !start.is_empty() && MAGIC.starts_with(&start) => {}
        None => return Err(InspectError::not_gguf(&start)),
    }
    let mut magic = [0; 4];
    cursor.fill(&mut magic)?;
    match cursor.u32()? {
        version @ (2 | 3) => Ok(version),
        version if matches!(version.swap_bytes(), 1..=3) => Err(InspectError::BigEndian),
        version => Err(InspectError::UnsupportedVersion { version }),
    }
}

/// Bytes that tensors are aligned to.
fn alignment(metadata: &Metadata) -> Result<u64, InspectError> {
    const DEFAULT: u64 = 32;
    const LARGEST: u64 = 1 << 20;
    if !metadata.has("general.alignment") {
        return Ok(DEFAULT);
    }
    match metadata.number("general.alignment") {
        Some(alignment) if alignment.is_power_of_two() && alignment <= LARGEST => Ok(alignment),
        Some(_) | None => Err(InspectError::corrupt("general.alignment is no power of two up to 1 MiB")),
    }
}

fn bounded(what: &'static str, value: u64, limit: u64) -> Result<(), InspectError> {
    if value > limit { Err(InspectError::TooLarge { what: what.into(), value, limit }) } else { Ok(()) }
}
