//! Colour and width of text.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    None,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Style {
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        let code = match (self, paint) {
            (Self::Plain, _) | (_, Paint::None) => return text.to_owned(),
            (Self::Colour, Paint::Bold) => "1",
            (Self::Colour, Paint::Dim) => "2",
            (Self::Colour, Paint::Red) => "31",
            (Self::Colour, Paint::Green) => "32",
            (Self::Colour, Paint::Yellow) => "33",
            (Self::Colour, Paint::Cyan) => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Columns that a text takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.width()
}

/// The text without what could move the cursor or rewrite the screen: line breaks and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The beginning of a text on one line, in at most so many columns, with `…` where something was cut.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let line: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    if line.width() <= columns {
        return line;
    }
    let mut cut = String::new();
    let mut used = 1;
    for c in line.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns_not_by_characters() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("longer", 5), "long…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("a\nb\x1b[31m", 10), "a b[31m");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn what_moves_the_cursor_is_taken_out() {
        assert_eq!(clean("a\x1b[2Jb\r\n\tc"), "a[2Jb\n\tc");
    }
}
