//! Text as UTF-8: a byte order mark is taken off, UTF-16 that has one is decoded.
//!
//! Nothing is guessed: a file without a mark is UTF-8, and a line of it that is not is a bad row.

use std::io::{self, BufRead, Read};

/// How the text of a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// The encoding that a file's first bytes tell, and the length of the mark that tells it.
    pub(crate) fn of(head: &[u8]) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => (Self::Utf8, 0),
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Utf16Be => u16::from_be_bytes(bytes),
            Self::Utf8 | Self::Utf16Le => u16::from_le_bytes(bytes),
        }
    }
}

/// A source of text as UTF-8. What is no UTF-16 becomes bytes that are no UTF-8, so that one check finds both.
pub(crate) struct Decoded<R> {
    source: R,
    encoding: Encoding,
    /// The first half of a surrogate pair, waiting for its second.
    high: Option<u16>,
    /// Decoded bytes that are to be read, from `at` on.
    buffer: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Decoded<R> {
    /// Reads on from behind the mark.
    pub(crate) fn new(source: R, encoding: Encoding) -> Self {
        Self { source, encoding, high: None, buffer: Vec::new(), at: 0 }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn decode_some(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.at = 0;
        let mut bytes = [0; 8192];
        let mut filled = 0;
        // Whole units are wanted: a read may end within one.
        while filled < bytes.len() {
            match self.source.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        for pair in bytes[..filled].chunks(2) {
            match *pair {
                [first, second] => self.push(self.encoding.unit([first, second])),
                // Half a unit at the end of the file.
                _ => self.buffer.push(0xff),
            }
        }
        if filled < bytes.len() && self.high.take().is_some() {
            self.buffer.push(0xff);
        }
        Ok(())
    }

    fn push(&mut self, unit: u16) {
        let high = self.high.take();
        if high.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        for decoded in char::decode_utf16(high.into_iter().chain([unit])) {
            match decoded {
                Ok(char) => self.buffer.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(_) => self.buffer.push(0xff),
            }
        }
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.encoding == Encoding::Utf8 {
            return self.source.fill_buf();
        }
        if self.at == self.buffer.len() {
            self.decode_some()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        match self.encoding {
            Encoding::Utf8 => self.source.consume(amount),
            Encoding::Utf16Le | Encoding::Utf16Be => self.at += amount,
        }
    }
}

/// The row's text.
///
/// # Errors
/// A sentence that names the first byte at fault, counted from the row's start.
pub(crate) fn text(bytes: &[u8], encoding: Encoding) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        match encoding {
            Encoding::Utf8 => {
                format!("not UTF-8 at byte offset {at} (0x{:02X}): save the file as UTF-8", bytes[at])
            }
            Encoding::Utf16Le | Encoding::Utf16Be => {
                let units = String::from_utf8_lossy(&bytes[..at]).encode_utf16().count();
                format!("not UTF-16 at byte offset {}: save the file as UTF-8", units * 2)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Decoded, Encoding, text};

    fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Decoded::new(bytes, encoding).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn utf_16_is_decoded_in_both_orders_whatever_its_length() {
        for length in [0, 1, 4095, 4096, 4097, 9000] {
            let wanted = format!("{}𝄞é", "a".repeat(length));
            let little: Vec<u8> = wanted.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = wanted.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(decoded(Encoding::Utf16Le, &little), wanted.as_bytes());
            assert_eq!(decoded(Encoding::Utf16Be, &big), wanted.as_bytes());
        }
    }

    #[test]
    fn broken_utf_16_is_no_text() {
        for bytes in [&[0x61, 0x00, 0x3d, 0xd8][..], &[0x61, 0x00, 0x3d], &[0x61, 0x00, 0x00, 0xdc, 0x61, 0x00]] {
            let out = decoded(Encoding::Utf16Le, bytes);
            let message = text(&out, Encoding::Utf16Le).unwrap_err();
            assert_eq!(message, "not UTF-16 at byte offset 2: save the file as UTF-8");
        }
        assert_eq!(
            text(b"caf\xe9", Encoding::Utf8).unwrap_err(),
            "not UTF-8 at byte offset 3 (0xE9): save the file as UTF-8"
        );
    }
}
