//! A row that is a JSON object: its depth bounded before the tree is built, its faults told by column.

use serde_json::Value;

use crate::{phrase::kind, row::Columns};

/// Deepest nesting of a row: that of a request.
const MAX_DEPTH: usize = 64;

/// The object that a line holds.
///
/// # Errors
/// What is wrong with it, as a sentence for [`crate::BadRow`].
pub(crate) fn object(text: &str) -> Result<Columns, String> {
    check_depth(text.as_bytes())?;
    if !text.trim_start().starts_with('{') {
        let value: Value = serde_json::from_str(text).map_err(|error| fault(&error))?;
        return Err(format!("a row must be a JSON object, it is {}", kind(&value)));
    }
    serde_json::from_str(text).map_err(|error| fault(&error))
}

fn check_depth(text: &[u8]) -> Result<(), String> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH} levels"));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The reader's message without its line, which is 1 for every row.
fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    match error.is_data() {
        true => reason.to_owned(),
        false => format!("not JSON at column {}: {reason}", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn an_object_keeps_the_order_of_its_columns() {
        let columns = object(r#"{"b": 1, "a": {"z": 0, "y": []}}"#).unwrap();
        assert_eq!(columns.names().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(columns.get("a").unwrap().to_string(), r#"{"z":0,"y":[]}"#);
    }

    #[test]
    fn what_is_wrong_is_told_by_column() {
        for (text, message) in [
            (r#"{"a": 1"#, "not JSON at column 7: EOF while parsing an object"),
            (r#"{"a": 1,}"#, "not JSON at column 9: trailing comma"),
            ("what", "not JSON at column 1: expected value"),
            ("[1]", "a row must be a JSON object, it is an array"),
            ("3", "a row must be a JSON object, it is a number"),
            (r#"{"a": 1, "a": 2}"#, "`a` comes twice"),
            (r#"{"a": 1} {"a": 2}"#, "not JSON at column 10: trailing characters"),
        ] {
            assert_eq!(object(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn sixty_four_levels_are_read_and_no_more() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(object(&nested(64)).is_ok());
        assert_eq!(object(&nested(65)).unwrap_err(), "nested deeper than 64 levels");
        assert_eq!(object(&nested(500_000)).unwrap_err(), "nested deeper than 64 levels");
        assert!(object(&format!("{{\"a\": \"\\\"{}\"}}", "[".repeat(100))).is_ok());
    }
}
