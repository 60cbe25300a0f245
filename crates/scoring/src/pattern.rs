//! Regular expressions whose time is linear in the text and whose size is bounded.

use regex::{Regex, RegexBuilder};

/// Most bytes of a pattern.
pub const MAX_PATTERN_BYTES: usize = 10_000;

/// Most bytes that a compiled pattern may take, and how long an answer it may then be sought in: the time of a search is
/// at worst the product of the two, which comes to seconds. One class of all scripts, such as `\w`, takes some 50 kB,
/// `[a-z]` next to nothing.
const SIZES: [(usize, usize); 4] =
    [(16 << 10, 256 << 10), (64 << 10, 64 << 10), (256 << 10, 16 << 10), (1 << 20, 4 << 10)];

/// Most bytes of memory for the states that a search keeps.
const MAX_CACHE_BYTES: usize = 4 << 20;

/// Groups within groups.
const MAX_NESTING: u32 = 50;

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern has {bytes} bytes, at most {MAX_PATTERN_BYTES} are taken; shorten it")]
    TooLong { bytes: usize },
    #[error("the pattern explodes: compiled it takes more than {} bytes; lower its repetitions", SIZES[SIZES.len() - 1].0)]
    TooLarge,
    #[error("the pattern cannot be read: {reason}")]
    Syntax { reason: String },
}

/// A compiled pattern, and how long a text it may be sought in.
#[derive(Debug)]
pub(crate) struct Compiled {
    regex: Regex,
    most_bytes: usize,
}

/// A text is too long for a pattern of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the answer has {bytes} bytes; a pattern that is compiled to this size is sought in at most {most}; simplify it"
)]
pub(crate) struct TextTooLong {
    bytes: usize,
    most: usize,
}

impl Compiled {
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, TextTooLong> {
        if text.len() > self.most_bytes {
            return Err(TextTooLong { bytes: text.len(), most: self.most_bytes });
        }
        Ok(self.regex.is_match(text))
    }
}

/// Compiles a pattern within the bounds.
pub(crate) fn compile(pattern: &str) -> Result<Compiled, PatternError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(PatternError::TooLong { bytes: pattern.len() });
    }
    for (program_bytes, most_bytes) in SIZES {
        let built = RegexBuilder::new(pattern)
            .size_limit(program_bytes)
            .dfa_size_limit(MAX_CACHE_BYTES)
            .nest_limit(MAX_NESTING)
            .build();
        match built {
            Ok(regex) => return Ok(Compiled { regex, most_bytes }),
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(other) => return Err(PatternError::Syntax { reason: reason(&other.to_string()) }),
        }
    }
    Err(PatternError::TooLarge)
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
    fn usual_patterns_are_taken() {
        for pattern in [
            r"\w+@\w+\.\w+",
            r"(?i)\b(yes|no)\b",
            r"^\s*\w+(\s+\w+){0,9}\s*$",
            r"\p{L}{1,5}",
            r"[\d,.]+",
            r"^\d{4}-\d{2}-\d{2}$",
        ] {
            assert!(compile(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn a_large_pattern_is_sought_in_short_texts_alone() {
        let begun = std::time::Instant::now();
        for (pattern, most) in
            [("[ab]*a[ab]{80}c", 256 << 10), ("[ab]*a[ab]{400}c", 64 << 10), ("[ab]*a[ab]{1600}c", 16 << 10)]
        {
            let compiled = compile(pattern).unwrap();
            assert_eq!(compiled.most_bytes, most, "{pattern}");
            // Without a period, so that few states of the search are met again.
            let text: String =
                (0..most as u64).map(|i| if i.wrapping_mul(i) % 97 % 2 == 0 { 'a' } else { 'b' }).collect();
            assert_eq!(compiled.is_match(&text), Ok(false));
            assert_eq!(compiled.is_match(&format!("{text}a")), Err(TextTooLong { bytes: most + 1, most }));
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_pattern_that_backtracks_elsewhere_takes_linear_time() {
        let pattern = compile(r"^(a+)+$").unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(pattern.is_match(&format!("{}b", "a".repeat(100_000))), Ok(false));
        assert!(begun.elapsed() < std::time::Duration::from_secs(2));
    }
}
