//! Reads a runtime's event stream: bytes in any cut, the `data` of whole events out.

/// Most bytes of one event; a longer one is no answer of a language model.
pub(crate) const MAX_EVENT: usize = 8 << 20;

/// The stream holds an event that is longer than [`MAX_EVENT`], or is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadStream {
    #[error("the runtime sent an event of more than {MAX_EVENT} bytes")]
    TooLong,
    #[error("the runtime sent text that is not UTF-8")]
    NotUtf8,
}

/// Collects lines into events, as the HTML standard's event streams have it; only `data` is kept.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    buffer: Vec<u8>,
    scanned: usize,
    data: String,
}

impl EventReader {
    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The data of the next whole event, if one is there.
    ///
    /// # Errors
    /// [`BadStream`]; the reader is of no use afterwards.
    pub(crate) fn next_event(&mut self) -> Result<Option<String>, BadStream> {
        let mut start = 0;
        let result = loop {
            let from = start.max(self.scanned);
            let Some(length) = self.buffer[from..].iter().position(|byte| *byte == b'\n') else {
                self.scanned = self.buffer.len();
                if self.buffer.len() - start + self.data.len() > MAX_EVENT {
                    return Err(BadStream::TooLong);
                }
                break None;
            };
            let end = from + length;
            let line = std::str::from_utf8(&self.buffer[start..end]).map_err(|_| BadStream::NotUtf8)?;
            let line = line.strip_suffix('\r').unwrap_or(line);
            start = end + 1;
            self.scanned = start;
            if line.is_empty() {
                if !self.data.is_empty() {
                    break Some(std::mem::take(&mut self.data));
                }
            } else if let Some(data) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
        };
        self.buffer.drain(..start);
        self.scanned -= start;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(event) = reader.next_event().unwrap() {
                events.push(event);
            }
        }
        events
    }

    #[test]
    fn every_cut_of_the_bytes_gives_the_same_events() {
        let text = "data: {\"a\":\"ä\"}\r\n\r\n: comment\nevent: x\ndata: b\ndata:c\n\n\n\ndata: [DONE]\n\n".as_bytes();
        let whole = read(&[text]);
        assert_eq!(whole, ["{\"a\":\"ä\"}", "b\nc", "[DONE]"]);
        for cut in 0..text.len() {
            assert_eq!(read(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut reader = EventReader::default();
        reader.push(&vec![b'x'; MAX_EVENT + 1]);
        assert_eq!(reader.next_event(), Err(BadStream::TooLong));
    }
}
