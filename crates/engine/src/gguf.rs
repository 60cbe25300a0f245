//! A bounded reading of a GGUF file's header, before llama.cpp sees the file: whether it is a GGUF at all, of
//! which architecture, and whether it is whole. Format: ggml's `docs/gguf.md`, versions 2 and 3.
//!
//! Owns no content: values are skipped but for the few that are needed here. Every count is bounded.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
};

const MAX_KEYS: u64 = 65_536;
const MAX_TENSORS: u64 = 1_000_000;
const MAX_TEXT: u64 = 64 << 20;
const MAX_ITEMS: u64 = 64 << 20;
const MAX_DIMENSIONS: u32 = 8;
const DEFAULT_ALIGNMENT: u64 = 32;

/// A file that is no whole GGUF.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GgufError {
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    #[error("it is no GGUF file: it begins with other bytes than `GGUF`")]
    Magic,
    #[error("GGUF version {0} is not read here: only 2 and 3")]
    Version(u32),
    #[error("it ends within its header, at {0} bytes: the file is cut off or damaged")]
    HeaderCut(u64),
    #[error("its header is damaged: {0}")]
    Header(&'static str),
    #[error("it is cut off: its last tensor begins at byte {needed} and the file has {found}")]
    TensorsCut { needed: u64, found: u64 },
    #[error("its header names no architecture")]
    NoArchitecture,
}

/// What the engine needs to know of a header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) architecture: String,
    /// Whether the file is one of several parts.
    pub(crate) split: bool,
}

/// Reads the header of an open file.
pub(crate) fn read_header(file: &File) -> Result<Header, GgufError> {
    let found = file.metadata().map_err(GgufError::Read)?.len();
    let mut reader = Reader { inner: BufReader::with_capacity(1 << 20, file), found };
    let mut magic = [0; 4];
    match reader.inner.read_exact(&mut magic) {
        Ok(()) if &magic == b"GGUF" => {}
        Ok(()) => return Err(GgufError::Magic),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(GgufError::Magic),
        Err(error) => return Err(GgufError::Read(error)),
    }
    match reader.u32()? {
        2 | 3 => {}
        version => return Err(GgufError::Version(version)),
    }
    let tensors = reader.count(MAX_TENSORS, "too many tensors")?;
    let keys = reader.count(MAX_KEYS, "too many keys")?;
    let (mut architecture, mut split, mut alignment) = (None, false, DEFAULT_ALIGNMENT);
    for _ in 0..keys {
        let key = reader.text()?;
        let kind = reader.u32()?;
        match (key.as_str(), kind) {
            ("general.architecture", 8) => architecture = Some(reader.text()?),
            ("general.alignment", 4) => alignment = u64::from(reader.u32()?.max(1)),
            ("split.count", 2) => split = reader.bytes::<2>()? > [1, 0],
            _ => reader.skip_value(kind, 0)?,
        }
    }
    let last = reader.last_tensor(tensors)?;
    let start = reader.position()?.next_multiple_of(alignment);
    let needed = start.saturating_add(last);
    if tensors > 0 && needed >= found {
        return Err(GgufError::TensorsCut { needed, found });
    }
    Ok(Header { architecture: architecture.ok_or(GgufError::NoArchitecture)?, split })
}

struct Reader<'a> {
    inner: BufReader<&'a File>,
    found: u64,
}

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        match self.inner.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(GgufError::HeaderCut(self.found)),
            Err(error) => Err(GgufError::Read(error)),
        }
    }

    fn u32(&mut self) -> Result<u32, GgufError> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, GgufError> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn count(&mut self, most: u64, fault: &'static str) -> Result<u64, GgufError> {
        self.u64().and_then(|count| if count <= most { Ok(count) } else { Err(GgufError::Header(fault)) })
    }

    fn position(&mut self) -> Result<u64, GgufError> {
        self.inner.stream_position().map_err(GgufError::Read)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), GgufError> {
        if self.position()?.saturating_add(bytes) > self.found {
            return Err(GgufError::HeaderCut(self.found));
        }
        let bytes = i64::try_from(bytes).map_err(|_| GgufError::Header("a length out of range"))?;
        self.inner.seek_relative(bytes).map_err(GgufError::Read)
    }

    fn text(&mut self) -> Result<String, GgufError> {
        let length = self.count(MAX_TEXT.min(self.found), "a text longer than the file")?;
        let mut bytes = vec![0; length as usize];
        match self.inner.read_exact(&mut bytes) {
            Ok(()) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(GgufError::HeaderCut(self.found)),
            Err(error) => Err(GgufError::Read(error)),
        }
    }

    fn skip_text(&mut self) -> Result<(), GgufError> {
        let length = self.count(MAX_TEXT, "a text too long")?;
        self.skip(length)
    }

    fn skip_value(&mut self, kind: u32, depth: u32) -> Result<(), GgufError> {
        match (fixed_size(kind), kind) {
            (Some(size), _) => self.skip(size),
            (None, 8) => self.skip_text(),
            (None, 9) if depth < 4 => {
                let item = self.u32()?;
                let count = self.count(MAX_ITEMS, "an array too long")?;
                match fixed_size(item) {
                    Some(size) => self.skip(size.saturating_mul(count)),
                    None => (0..count).try_for_each(|_| self.skip_value(item, depth + 1)),
                }
            }
            _ => Err(GgufError::Header("a value of an unknown type")),
        }
    }

    /// The offset of the tensor that begins last, in the tensors' part of the file.
    fn last_tensor(&mut self, tensors: u64) -> Result<u64, GgufError> {
        let mut last = 0;
        for _ in 0..tensors {
            self.skip_text()?;
            let dimensions = self.u32()?;
            if dimensions > MAX_DIMENSIONS {
                return Err(GgufError::Header("a tensor of too many dimensions"));
            }
            self.skip(8 * u64::from(dimensions) + 4)?;
            last = last.max(self.u64()?);
        }
        Ok(last)
    }
}

/// Bytes of a value of this type, if they are the same for all.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
