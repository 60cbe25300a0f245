//! Bounds on text, and the white space of the implementations that scores agree with.

use std::borrow::Cow;

/// Most bytes of an answer or reference that are compared; what is beyond is not looked at, and the detail says so.
pub const MAX_COMPARED_BYTES: usize = 256 * 1024;

/// Most Unicode scalar values of a detail.
pub const MAX_DETAIL: usize = 500;

/// The beginning of a text that is compared.
pub(crate) fn compared(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_COMPARED_BYTES)]
}

/// What a detail says where one of the texts was too long to be compared whole.
pub(crate) fn cut_detail(texts: &[&str]) -> Option<String> {
    let cut = texts.iter().any(|text| text.len() > MAX_COMPARED_BYTES);
    cut.then(|| format!("compared by the first {MAX_COMPARED_BYTES} bytes"))
}

/// A text, shortened to so many characters with an ellipsis.
pub(crate) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// White space as Python's `str.split` has it: Unicode's, and the four separators of ASCII.
pub(crate) fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        let text = "é".repeat(MAX_COMPARED_BYTES);
        assert_eq!(compared(&text).len(), MAX_COMPARED_BYTES);
        let shifted = format!("a{text}");
        assert_eq!(compared(&shifted).len(), MAX_COMPARED_BYTES - 1);
        assert!(cut_detail(&["a", &text]).is_some());
        assert_eq!(cut_detail(&["a", "b"]), None);
    }

    #[test]
    fn a_clipped_text_has_no_more_characters_than_allowed() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
    }
}
