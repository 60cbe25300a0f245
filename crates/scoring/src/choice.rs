//! Which of several choices an answer names. Conservative: where two are named and nothing says which is meant, none
//! is taken.

use std::sync::LazyLock;

use protocol::scoring::Normalization;
use regex::Regex;

use crate::normalize::normalized;

/// How many letters there are where no options are given: A to J.
const LETTERS: usize = 10;

/// Most options: the letters of the alphabet.
pub const MAX_OPTIONS: usize = 26;

/// What was found in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The number of the choice, from 0.
    One(usize),
    None,
    Several(Vec<usize>),
}

/// `The answer is (B)`, `Answer: B`, `I choose option B`, `\boxed{B}`. The letter is a capital, and no word goes on.
static STATED: LazyLock<Regex> = LazyLock::new(|| {
    let letter = r"(?:\(([A-Za-z])\)|\[([A-Za-z])\]|([A-Z])\b)";
    let stated = format!(
        r#"(?i:\b(?:answer|choice|option|correct\s+one)\b[*_]*\s*(?:\s(?:is|would\s+be|must\s+be)\b\s*:?|[:=])\s*(?:(?:option|choice)\s+)?|\b(?:choose|select|pick)\s+(?:(?:option|choice|answer)\s+)?)["'*_`$]*{letter}|\\boxed\{{(?:\\text\{{)?\(?([A-Za-z])\b"#
    );
    Regex::new(&stated).expect("it is valid: every test of this module reads it")
});

/// `(B)`, or a line that begins with `B)`, `B.` or `B:`.
static MARKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\(([A-Za-z])\)|(?m:^[\s*_#>-]*([A-Z])[).:](?:[\s*_]|$))").expect("it is valid, as above")
});

/// A capital that stands alone.
static ALONE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([A-Z])\b").expect("it is valid, as above"));

/// The choices of a task.
#[derive(Debug)]
pub(crate) struct Choices {
    /// Each option's text, folded; empty where there are letters alone.
    options: Vec<String>,
}

pub(crate) fn folded(text: &str) -> String {
    normalized(
        text,
        &[Normalization::Unicode, Normalization::Case, Normalization::Punctuation, Normalization::Whitespace],
    )
}

impl Choices {
    pub(crate) fn new(options: &[String]) -> Self {
        Self { options: options.iter().map(|option| folded(option)).collect() }
    }

    fn letters(&self) -> usize {
        if self.options.is_empty() { LETTERS } else { self.options.len() }
    }

    /// The letter of a choice.
    pub(crate) fn letter(index: usize) -> char {
        char::from(b'A' + (index % MAX_OPTIONS) as u8)
    }

    /// The choice that a reference names: a letter, alone or in brackets, or an option's text.
    pub(crate) fn reference(&self, text: &str) -> Option<usize> {
        self.whole(text)
    }

    /// The choice that an answer names.
    pub(crate) fn find(&self, answer: &str) -> Found {
        if let Some(index) = self.whole(answer) {
            return Found::One(index);
        }
        // Who states an answer twice has thought again.
        if let Some(index) = self.by_letters(&STATED, answer).last() {
            return Found::One(*index);
        }
        let marked = one(self.by_letters(&MARKED, answer));
        if marked != Found::None {
            return marked;
        }
        let mut alone = self.by_letters(&ALONE, answer);
        // In prose, A and I are words.
        alone.retain(|index| !matches!(Self::letter(*index), 'A' | 'I'));
        match one(alone) {
            Found::None => self.by_text(answer),
            found => found,
        }
    }

    /// The choice that the text is, nothing else.
    fn whole(&self, text: &str) -> Option<usize> {
        let folded = folded(text);
        let by_text = self.options.iter().position(|option| *option == folded);
        by_text.or_else(|| match folded.as_bytes() {
            [letter] => self.index(char::from(*letter)),
            _ => None,
        })
    }

    fn index(&self, letter: char) -> Option<usize> {
        let letter = letter.to_ascii_uppercase();
        letter.is_ascii_uppercase().then(|| usize::from(letter as u8 - b'A')).filter(|index| *index < self.letters())
    }

    fn by_letters(&self, pattern: &Regex, answer: &str) -> Vec<usize> {
        let letters = pattern.captures_iter(answer).filter_map(|captures| {
            let letter = captures.iter().skip(1).flatten().next()?;
            let (before, after) = (&answer[..letter.start()], &answer[letter.end()..]);
            let is_word = after.starts_with(['\'', '’']) || is_pronoun(letter.as_str(), after);
            letter.as_str().chars().next().filter(|_| !is_word && !is_denied(before))
        });
        letters.filter_map(|letter| self.index(letter)).collect()
    }

    /// The one option whose text stands in the answer as whole words, and in no longer option that does.
    fn by_text(&self, answer: &str) -> Found {
        let answer = format!(" {} ", folded(answer));
        let stands = |option: &String| !option.is_empty() && answer.contains(&format!(" {option} "));
        let standing: Vec<usize> = (0..self.options.len()).filter(|index| stands(&self.options[*index])).collect();
        let within = |index: &usize| {
            let short = &self.options[*index];
            standing
                .iter()
                .any(|other| self.options[*other].len() > short.len() && self.options[*other].contains(short.as_str()))
        };
        let found: Vec<usize> = standing.iter().copied().filter(|index| !within(index)).collect();
        one(found)
    }
}

/// The one choice that is found, however often.
fn one(mut found: Vec<usize>) -> Found {
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => Found::None,
        [index] => Found::One(*index),
        _ => Found::Several(found),
    }
}

/// What stands before a letter says that it is not the one.
fn is_denied(before: &str) -> bool {
    let words = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let word = words.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    ["not", "nor", "neither", "except"].contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n’t")
}

/// `I` before a word is the speaker.
fn is_pronoun(letter: &str, rest: &str) -> bool {
    letter == "I" && rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_found_in_prose() {
        let choices = Choices::new(&[]);
        for (answer, expected) in [
            ("B", Some('B')),
            ("b", Some('B')),
            (" (c). ", Some('C')),
            ("**D**", Some('D')),
            ("The answer is (B).", Some('B')),
            ("The correct answer is: A", Some('A')),
            ("Answer: **C**", Some('C')),
            ("**Answer:** C", Some('C')),
            ("The answer is option D because it fits.", Some('D')),
            ("I choose B, since A is wrong.", Some('B')),
            ("Thus $\\boxed{A}$.", Some('A')),
            ("The answer is A. No, the answer is C.", Some('C')),
            ("B) Paris", Some('B')),
            ("B. Paris is the capital.", Some('B')),
            ("It must be (D), I think.", Some('D')),
            ("It is B", Some('B')),
            ("A good question. I would say neither.", None),
            ("The answer is a matter of taste.", None),
            ("The answer is I think unclear", None),
            ("Either B or C", None),
            ("(A) and (B) are both right", None),
            ("The answer is not B", None),
            ("It isn't B, nor C. So it is D", Some('D')),
            ("Z", None),
            ("", None),
        ] {
            let found = match choices.find(answer) {
                Found::One(index) => Some(Choices::letter(index)),
                Found::None | Found::Several(_) => None,
            };
            assert_eq!(found, expected, "{answer}");
        }
    }

    #[test]
    fn options_are_found_by_their_text() {
        let choices = Choices::new(&["Yes".to_owned(), "no".to_owned(), "not sure".to_owned(), "No answer".to_owned()]);
        for (answer, expected) in [
            ("yes!", Found::One(0)),
            ("I am not sure about it", Found::One(2)),
            ("There is no answer here", Found::One(3)),
            ("The answer is B", Found::One(1)),
            ("yes and no", Found::Several(vec![0, 1])),
            ("nobody knows", Found::None),
            ("E", Found::None),
        ] {
            assert_eq!(choices.find(answer), expected, "{answer}");
        }
        assert_eq!(choices.reference("Not sure."), Some(2));
        assert_eq!(choices.reference("(d)"), Some(3));
        assert_eq!(choices.reference("maybe"), None);
    }
}
