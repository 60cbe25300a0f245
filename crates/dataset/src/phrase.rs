//! Words of the messages: names in backticks, numbers with thousands separated, sizes.

use serde_json::Value;

/// Most characters of a name, and names of a list, that a message repeats.
const LONGEST: usize = 60;
const MOST: usize = 20;

/// A name or value in backticks, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut chars = text.chars();
    let head: String =
        chars.by_ref().take(LONGEST).map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect();
    if chars.next().is_some() { format!("`{head}…`") } else { format!("`{head}`") }
}

/// Names in backticks, separated by commas, the first twenty.
pub(crate) fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST).map(|name| quoted(name)).collect();
    let left = names.len().saturating_sub(MOST);
    if left == 0 { shown.join(", ") } else { format!("{} and {left} more", shown.join(", ")) }
}

/// A whole number with its thousands separated.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size, in MiB where it is whole ones.
pub(crate) fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", number(bytes / MIB))
    } else {
        format!("{} bytes", number(bytes))
    }
}

/// What kind of JSON value it is, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::{list, number, quoted, size};

    #[test]
    fn numbers_and_sizes_are_written_as_people_read_them() {
        assert_eq!([number(7), number(1_000), number(1_234_567)], ["7", "1,000", "1,234,567"]);
        assert_eq!([size(1 << 20), size(1_500)], ["1 MiB", "1,500 bytes"]);
    }

    #[test]
    fn long_names_and_lists_are_cut() {
        assert_eq!(quoted(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
        assert_eq!(quoted("a\nb"), "`a\u{fffd}b`");
        let names: Vec<String> = (0..22).map(|index| index.to_string()).collect();
        assert!(list(&names).ends_with("`19` and 2 more"));
    }
}
