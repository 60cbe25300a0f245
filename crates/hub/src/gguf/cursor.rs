//! Reads a file forward, never past its end, and remembers where it is.

use std::io::{self, Read, Seek, SeekFrom};

use super::InspectError;

pub(super) struct Cursor<R> {
    input: R,
    /// Bytes of the file.
    size: u64,
    /// Bytes read or skipped.
    at: u64,
}

impl<R: Read + Seek> Cursor<R> {
    pub(super) fn new(input: R, size: u64) -> Self {
        Self { input, size, at: 0 }
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Fails unless this many bytes are left.
    pub(super) fn require(&self, bytes: u64) -> Result<(), InspectError> {
        let need = self.at.saturating_add(bytes);
        if need > self.size { Err(InspectError::HeaderTruncated { have: self.size, need }) } else { Ok(()) }
    }

    /// The first bytes of the file, at most 64, without moving.
    pub(super) fn peek_start(&mut self) -> Result<Vec<u8>, InspectError> {
        let mut start = vec![0; usize::try_from(self.size.min(64)).unwrap_or(64)];
        self.input.read_exact(&mut start).map_err(|error| self.failed(error))?;
        self.input.seek(SeekFrom::Start(self.at)).map_err(InspectError::Read)?;
        Ok(start)
    }

    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), InspectError> {
        self.require(buffer.len() as u64)?;
        self.input.read_exact(buffer).map_err(|error| self.failed(error))?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    pub(super) fn u32(&mut self) -> Result<u32, InspectError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(super) fn u64(&mut self) -> Result<u64, InspectError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Moves on without keeping anything.
    pub(super) fn skip(&mut self, bytes: u64) -> Result<(), InspectError> {
        self.require(bytes)?;
        let mut left = bytes;
        while left > 0 {
            let step = i64::try_from(left).unwrap_or(i64::MAX);
            self.input.seek_relative(step).map_err(InspectError::Read)?;
            left -= step.unsigned_abs();
        }
        self.at += bytes;
        Ok(())
    }

    /// A string of at most `limit` bytes, which `what` names.
    pub(super) fn string(&mut self, what: &str, limit: u64) -> Result<String, InspectError> {
        let length = self.string_length(what, limit)?;
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| InspectError::corrupt(format!("{what} is no UTF-8")))
    }

    pub(super) fn skip_string(&mut self, what: &str, limit: u64) -> Result<(), InspectError> {
        let length = self.string_length(what, limit)?;
        self.skip(length as u64)
    }

    fn string_length(&mut self, what: &str, limit: u64) -> Result<usize, InspectError> {
        let length = self.u64()?;
        if length > limit {
            return Err(InspectError::TooLarge { what: format!("bytes for {what}"), value: length, limit });
        }
        self.require(length)?;
        usize::try_from(length).map_err(|_| InspectError::corrupt(format!("{what} is longer than memory")))
    }

    /// A file that ends earlier than its size said was cut while it was read.
    fn failed(&self, error: io::Error) -> InspectError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            InspectError::HeaderTruncated { have: self.at, need: self.size }
        } else {
            InspectError::Read(error)
        }
    }
}
