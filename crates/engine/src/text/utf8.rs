//! Whole characters out of bytes that arrive in pieces.

/// Holds back the bytes of an unfinished character. Invalid bytes become U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct Utf8Buffer {
    pending: Vec<u8>,
}

impl Utf8Buffer {
    /// Appends to `text` every character that is whole by now.
    pub(crate) fn push(&mut self, bytes: &[u8], text: &mut String) {
        self.pending.extend_from_slice(bytes);
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(valid) => {
                    text.push_str(valid);
                    self.pending.clear();
                    return;
                }
                Err(error) => {
                    let (valid, rest) = self.pending.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    match error.error_len() {
                        Some(invalid) => {
                            text.push(char::REPLACEMENT_CHARACTER);
                            self.pending = rest[invalid..].to_vec();
                        }
                        None => {
                            self.pending = rest.to_vec();
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Ends: an unfinished character becomes U+FFFD.
    pub(crate) fn finish(&mut self, text: &mut String) {
        if !self.pending.is_empty() {
            self.pending.clear();
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(bytes: &[u8], size: usize) -> String {
        let (mut buffer, mut text) = (Utf8Buffer::default(), String::new());
        for piece in bytes.chunks(size.max(1)) {
            buffer.push(piece, &mut text);
        }
        buffer.finish(&mut text);
        text
    }

    proptest! {
        #[test]
        fn any_text_survives_any_cutting(text in ".*", size in 1usize..5) {
            prop_assert_eq!(in_pieces(text.as_bytes(), size), text);
        }

        #[test]
        fn any_bytes_give_what_the_standard_library_gives(bytes: Vec<u8>, size in 1usize..5) {
            prop_assert_eq!(in_pieces(&bytes, size), String::from_utf8_lossy(&bytes));
        }
    }
}
