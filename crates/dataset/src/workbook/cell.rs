//! A cell's value as JSON.

use calamine::{CellErrorType, DataRef, ExcelDateTime};
use serde_json::Value;

/// A cell that is not empty.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    /// Where the text is among those of the sheet.
    Shared(usize),
    Text(Box<str>),
    Number(f64),
    Bool(bool),
    Error(CellErrorType),
}

impl Cell {
    /// The value of a cell whose text is its own; none where it is empty.
    pub(super) fn read(value: &DataRef<'_>) -> Option<Self> {
        let text = |text: &str| (!text.is_empty()).then(|| Self::Text(text.into()));
        match value {
            DataRef::Empty => None,
            DataRef::SharedString(shared) => text(shared),
            DataRef::String(own) | DataRef::DateTimeIso(own) | DataRef::DurationIso(own) => text(own),
            DataRef::Int(number) => Some(Self::Number(*number as f64)),
            DataRef::Float(number) => Some(Self::Number(*number)),
            DataRef::Bool(value) => Some(Self::Bool(*value)),
            DataRef::DateTime(time) => text(&instant(time)),
            DataRef::Error(error) => Some(Self::Error(error.clone())),
        }
    }

    /// Bytes of the value, about.
    pub(super) fn len(&self, texts: &[String]) -> usize {
        match self {
            Self::Shared(index) => texts[*index].len(),
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Bool(_) | Self::Error(_) => 8,
        }
    }

    pub(super) fn value(&self, texts: &[String]) -> Result<Value, String> {
        match self {
            Self::Shared(index) => Ok(texts[*index].as_str().into()),
            Self::Text(text) => Ok(text.as_ref().into()),
            Self::Number(value) => Ok(number(*value)),
            Self::Bool(value) => Ok((*value).into()),
            Self::Error(error) => Err(error.to_string()),
        }
    }

    /// The value as the name of a column.
    pub(super) fn text(&self, texts: &[String]) -> Result<String, String> {
        Ok(match self.value(texts)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}

/// A number with the 15 digits that a spreadsheet shows, whole where it is whole.
fn number(value: f64) -> Value {
    let shown: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    // Up to here every whole number has a double of its own.
    if shown.fract() == 0.0 && shown.abs() <= 9_007_199_254_740_992.0 {
        Value::from(shown as i64)
    } else {
        shown.into()
    }
}

/// `2026-03-01`, `2026-03-01T14:30:00`, `14:30:00` for a time of day, `31:15:00` for a duration; milliseconds where
/// there are any.
fn instant(time: &ExcelDateTime) -> String {
    let days = time.as_f64();
    if time.is_duration() || (0.0..1.0).contains(&days) {
        let milliseconds = (days.abs() * 86_400_000.0).round() as u64;
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        let sign = if days < 0.0 { "-" } else { "" };
        return format!("{sign}{}", clock(seconds / 3600, seconds / 60 % 60, seconds % 60, rest));
    }
    let (year, month, day, hour, minute, second, milliseconds) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milliseconds) == (0, 0, 0, 0) {
        return date;
    }
    format!("{date}T{}", clock(hour.into(), minute.into(), second.into(), milliseconds.into()))
}

fn clock(hours: u64, minutes: u64, seconds: u64, milliseconds: u64) -> String {
    let time = format!("{hours:02}:{minutes:02}:{seconds:02}");
    if milliseconds == 0 { time } else { format!("{time}.{milliseconds:03}") }
}

/// A column's letters, from its number, from 0.
pub(super) fn letters(column: u32) -> String {
    let (mut left, mut letters) = (u64::from(column) + 1, Vec::new());
    while left > 0 {
        letters.push(b'A' + ((left - 1) % 26) as u8);
        left = (left - 1) / 26;
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::{letters, number};

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (column, wanted) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(letters(column), wanted);
        }
    }

    #[test]
    fn numbers_are_as_a_spreadsheet_shows_them() {
        for (value, wanted) in [(42.0, "42"), (0.1 + 0.2, "0.3"), (-1.5, "-1.5"), (1e20, "1e+20"), (f64::NAN, "null")] {
            assert_eq!(number(value).to_string(), wanted);
        }
    }
}
