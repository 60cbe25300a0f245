//! Regular expressions whose time is linear in the text and whose size is bounded.

use regex::{Regex, RegexBuilder};

/// Most bytes of a pattern.
pub const MAX_PATTERN_BYTES: usize = 10_000;

/// Most bytes that a compiled pattern may take: enough for some twenty classes such as `\w` of all scripts.
pub(crate) const MAX_PROGRAM_BYTES: usize = 1 << 20;

/// Most bytes of memory for the states that a search keeps.
const MAX_CACHE_BYTES: usize = 4 << 20;

/// Groups within groups.
const MAX_NESTING: u32 = 50;

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern has {bytes} bytes, at most {MAX_PATTERN_BYTES} are taken; shorten it")]
    TooLong { bytes: usize },
    #[error("the pattern explodes: compiled it takes more than {MAX_PROGRAM_BYTES} bytes; lower its repetitions")]
    TooLarge,
    #[error("the pattern cannot be read: {reason}")]
    Syntax { reason: String },
}

/// Compiles a pattern within the bounds.
pub(crate) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(PatternError::TooLong { bytes: pattern.len() });
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_PROGRAM_BYTES)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            other => PatternError::Syntax { reason: reason(&other.to_string()) },
        })
}

/// The last line of what the parser says: the lines before it draw the pattern.
fn reason(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_explodes_is_refused_with_its_reason() {
        for pattern in [r"(?:\w{100}){100}", r"(((((a{50}){50}){50}){50}){50})"] {
            assert_eq!(compile(pattern).unwrap_err(), PatternError::TooLarge, "{pattern}");
        }
        assert_eq!(compile(&"a".repeat(20_000)).unwrap_err(), PatternError::TooLong { bytes: 20_000 });
        assert!(matches!(compile(&"(".repeat(400)), Err(PatternError::Syntax { .. })));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(compile("(a").unwrap_err().to_string(), "the pattern cannot be read: unclosed group");
        assert!(compile(r"(a)\1").unwrap_err().to_string().contains("backreferences are not supported"));
        assert!(compile("(?=a)").unwrap_err().to_string().contains("look-around"));
    }

    #[test]
    fn a_pattern_that_backtracks_elsewhere_takes_linear_time() {
        let pattern = compile(r"^(a+)+$").unwrap();
        let begun = std::time::Instant::now();
        assert!(!pattern.is_match(&format!("{}b", "a".repeat(100_000))));
        assert!(begun.elapsed() < std::time::Duration::from_secs(2));
    }
}
