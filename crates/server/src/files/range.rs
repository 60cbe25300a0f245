//! The heads of an upload: which part it is, and what the whole is to hash to.

use http::{HeaderMap, header};
use protocol::ErrorCode;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::api::problem::ApiError;

/// `Content-Range` of an upload in parts (RFC 9110, section 14.4): `bytes 0-99/1000`, or `bytes */1000` to ask how far
/// it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// Offset of the first byte; none: only asked.
    pub(crate) first: Option<u64>,
    /// Bytes of the part; 0 where only asked.
    pub(crate) length: u64,
    /// Bytes of the whole.
    pub(crate) whole: u64,
}

impl ContentRange {
    /// Reads the head, where there is one.
    ///
    /// # Errors
    /// `invalid_parameter`: it has another form, or contradicts itself.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let Some(value) = headers.get(header::CONTENT_RANGE) else { return Ok(None) };
        value.to_str().ok().and_then(Self::parse).map(Some).ok_or_else(|| {
            let message =
                "Content-Range is to be `bytes FIRST-LAST/WHOLE`, or `bytes */WHOLE` to ask how far it has come";
            ApiError::new(ErrorCode::InvalidParameter, message)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (range, whole) = text.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
        let whole = whole.parse().ok()?;
        if range == "*" {
            return Some(Self { first: None, length: 0, whole });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last && last < whole).then(|| Self { first: Some(first), length: last - first + 1, whole })
    }
}

/// The SHA-256 that `Repr-Digest` (RFC 9530) promises, in hexadecimal.
///
/// # Errors
/// `invalid_parameter`: a `sha-256` that is none. Other algorithms are passed over.
pub(crate) fn wanted_sha256(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("repr-digest").and_then(|value| value.to_str().ok()) else { return Ok(None) };
    let Some(digest) = value.split(',').find_map(|part| part.trim().strip_prefix("sha-256=")) else { return Ok(None) };
    let bytes = digest
        .strip_prefix(':')
        .and_then(|digest| digest.strip_suffix(':'))
        .and_then(|digest| STANDARD.decode(digest).ok());
    match bytes {
        Some(bytes) if bytes.len() == 32 => Ok(Some(hex(&bytes))),
        Some(_) | None => {
            let message = "Repr-Digest is to be `sha-256=:…:` with 32 bytes in Base64";
            Err(ApiError::new(ErrorCode::InvalidParameter, message))
        }
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_it_begins_and_what_the_whole_has() {
        let part = |first, length, whole| Some(ContentRange { first, length, whole });
        assert_eq!(ContentRange::parse("bytes 0-99/1000"), part(Some(0), 100, 1000));
        assert_eq!(ContentRange::parse("bytes 999-999/1000"), part(Some(999), 1, 1000));
        assert_eq!(ContentRange::parse("bytes */1000"), part(None, 0, 1000));
        for wrong in ["", "0-99/1000", "bytes 0-1000/1000", "bytes 5-4/10", "bytes 0-1/*", "bytes -1/10", "lines 0-1/2"]
        {
            assert_eq!(ContentRange::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_promised_hash_is_read_and_a_broken_one_refused() {
        let digest = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("repr-digest", value.parse().unwrap());
            wanted_sha256(&headers)
        };
        let empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        let hash = digest(empty).unwrap().unwrap();
        assert!(hash.starts_with("e3b0c442"), "{hash}");
        assert_eq!(digest(&format!("sha-512=:AA==:, {empty}")).unwrap(), Some(hash));
        assert_eq!(digest("sha-512=:AA==:").unwrap(), None);
        assert!(digest("sha-256=:AA==:").is_err());
        assert!(digest("sha-256=deadbeef").is_err());
    }
}
