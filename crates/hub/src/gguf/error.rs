//! Why a file is no model that can be read.

use std::io;

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("the model file cannot be opened")]
    Open(#[source] io::Error),
    #[error("the model file cannot be read")]
    Read(#[source] io::Error),
    /// It does not begin with the four letters `GGUF`.
    #[error("the file is no GGUF: {found}")]
    NotGguf {
        /// What the first bytes look like.
        found: String,
    },
    #[error("the file is GGUF version {version}; versions 2 and 3 can be read")]
    UnsupportedVersion { version: u32 },
    #[error("the file is a big-endian GGUF; convert it to little endian")]
    BigEndian,
    /// Weights are missing at the end.
    #[error("the file is truncated at {have} of {need} bytes")]
    Truncated { have: u64, need: u64 },
    /// It ends within its header; `need` is what is known by then to be missing.
    #[error("the file is truncated at {have} bytes, within its header; it has {need} at the least")]
    HeaderTruncated { have: u64, need: u64 },
    /// It says something that cannot be.
    #[error("the file is damaged: {what}")]
    Corrupt { what: String },
    /// A count or length passes what any model has.
    #[error("the file announces {value} {what}; at most {limit} are accepted")]
    TooLarge { what: String, value: u64, limit: u64 },
}

impl InspectError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn not_gguf(start: &[u8]) -> Self {
        Self::NotGguf { found: describe(start) }
    }
}

/// What the first bytes of a file look like.
fn describe(start: &[u8]) -> String {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "it begins like a ZIP archive or a PyTorch checkpoint; convert the model to GGUF"),
        (b"\x1f\x8b", "it begins like a gzip archive; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "it begins like a Zstandard archive; unpack it first"),
        (b"ggml", "it begins like a file of the old GGML format; convert the model to GGUF"),
        (b"ggjt", "it begins like a file of the old GGJT format; convert the model to GGUF"),
        (b"\x7fELF", "it begins like a program"),
        (b"\x89HDF", "it begins like an HDF5 file; convert the model to GGUF"),
        (b"version https://git-lfs", "it is a Git LFS pointer; fetch the file itself (`git lfs pull`)"),
        (b"<!DOCTYPE", "it begins like a web page; the download may have failed"),
        (b"<html", "it begins like a web page; the download may have failed"),
        (b"FUGG", "its first letters are reversed (big endian); convert it to little endian"),
    ];
    if start.is_empty() {
        return "it is empty".into();
    }
    if let Some((_, text)) = KNOWN.iter().find(|(magic, _)| start.starts_with(magic)) {
        return (*text).into();
    }
    // safetensors: the length of a JSON object, then the object.
    if start.len() > 8 && start[8] == b'{' && start[5..8] == [0, 0, 0] {
        return "it begins like a safetensors file; convert the model to GGUF".into();
    }
    let shown = &start[..start.len().min(16)];
    match std::str::from_utf8(shown) {
        Ok(text) if text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()) => {
            format!("it begins with the text {text:?}")
        }
        Ok(_) | Err(_) => {
            let bytes: Vec<String> = shown.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("it begins with the bytes {}", bytes.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn the_first_bytes_are_told() {
        assert_eq!(describe(b""), "it is empty");
        assert!(describe(b"Hello, world").contains("\"Hello, world\""));
        assert!(describe(b"\x00\x01\x02\x03").contains("00 01 02 03"));
        assert!(describe(b"PK\x03\x04zzz").contains("ZIP"));
        assert!(describe(b"\x10\x20\x00\x00\x00\x00\x00\x00{\"a\":").contains("safetensors"));
        assert!(describe(b"version https://git-lfs.github.com/spec/v1").contains("LFS"));
    }
}
