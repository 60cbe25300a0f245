//! Answers that are to be JSON.

use protocol::scoring::Wrapping;
use serde_json::Value;

/// The value of a text that is JSON as a whole, or why it is none.
pub(crate) fn parse(text: &str, wrapping: Wrapping) -> Result<Value, String> {
    let text = match wrapping {
        Wrapping::None => text,
        Wrapping::Fence => unfenced(text),
    };
    serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))
}

/// What is in the code fence that the text consists of; the text itself where it is none.
pub(crate) fn unfenced(text: &str) -> &str {
    let inner = text.trim().strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    let Some(inner) = inner else { return text };
    match inner.split_once('\n') {
        Some((language, body)) if !language.trim().contains(char::is_whitespace) => body,
        _ => inner,
    }
}

/// Whether two values are the same: members in any order, numbers by value, so 1 is 1.0.
pub(crate) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.as_f64() == b.as_f64() && (a.is_f64() || b.is_f64())),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fence_is_taken_off_only_when_asked() {
        let fenced = "```json\n{\"a\": 1}\n```\n";
        assert_eq!(parse(fenced, Wrapping::Fence), Ok(json!({"a": 1})));
        assert_eq!(parse("```[1]```", Wrapping::Fence), Ok(json!([1])));
        assert_eq!(parse(" [1]\n", Wrapping::Fence), Ok(json!([1])));
        assert!(parse(fenced, Wrapping::None).is_err());
        assert!(parse("Here: {\"a\": 1}", Wrapping::Fence).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse(&"[".repeat(100_000), Wrapping::None).unwrap_err().contains("recursion limit"));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(is_same(&json!({"a": 1, "b": [2.0]}), &json!({"b": [2], "a": 1.0})));
        assert!(!is_same(&json!([1, 2]), &json!([2, 1])));
        assert!(!is_same(&json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992_u64)));
        assert!(!is_same(&json!("1"), &json!(1)));
    }
}
