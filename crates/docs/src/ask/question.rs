//! A question: within its bounds, and of which kind.

use protocol::docs::MAX_QUESTION;

use crate::{runs::Runs, vectors::Vector};

/// Why a question is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionError {
    /// It has no character but blanks.
    Empty,
    /// It has this many Unicode scalar values.
    TooLong(usize),
}

/// What kind of answer is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Yes or no.
    pub(crate) verdict: bool,
    /// A figure.
    pub(crate) figure: bool,
    /// How it is done.
    pub(crate) steps: bool,
    /// Where it is.
    pub(crate) place: bool,
    /// What it is.
    pub(crate) meaning: bool,
    /// All of several.
    pub(crate) list: bool,
    /// What is different between two.
    pub(crate) difference: bool,
}

#[derive(Debug)]
pub(crate) struct Question {
    /// One line without control characters.
    pub(crate) text: String,
    /// Lower case.
    pub(crate) folded: String,
    pub(crate) wanted: Wanted,
    pub(crate) meaning: Option<Vector>,
    /// The word that it asks with, where that is its first: `where`.
    pub(crate) opening: Option<&'static str>,
    /// Words that stand one after the other.
    pub(crate) runs: Runs,
}

const ASKS_VERDICT: &[&str] = &[
    "is", "are", "can", "could", "does", "do", "did", "may", "will", "would", "should", "must", "has", "have", "was",
    "am", "isnt", "cant", "doesnt",
];
const ASKS_FIGURE: &[&str] = &[
    "how many",
    "how much",
    "how long",
    "how large",
    "how big",
    "how often",
    "how fast",
    "how old",
    "how far",
    "how soon",
    "maximum",
    "minimum",
    "at most",
    "longest",
    "shortest",
    "largest",
    "smallest",
    "limit on",
    "limit of",
    "limit for",
    "default",
    "which port",
    "what port",
    "range",
    "bounds",
    "how high",
    "how quickly",
    "how late",
];
const ASKS_STEPS: &[&str] = &[
    "how do",
    "how can",
    "how to",
    "how does one",
    "how should",
    "how would",
    "how could",
    "command",
    "steps",
    "way to",
    "example",
    "show me",
    "sample",
];
const ASKS_MEANING: &[&str] =
    &["what is", "whats", "what are", "what does", "define", "meaning", "explain", "definition", "mean", "difference"];
const ASKS_PLACE: &[&str] = &["where", "which folder", "which directory", "which file", "what path", "which path"];
const ASKS_LIST: &[&str] = &[
    "what are",
    "which are",
    "list",
    "all the",
    "which statuses",
    "what statuses",
    "which formats",
    "what formats",
    "what kinds",
    "which kinds",
    "presets",
    "difference between",
    "options",
    "which metrics",
    "what metrics",
    "which parameters",
];

impl Question {
    /// Cleans a question: control characters become blanks, blanks in a row become one.
    ///
    /// # Errors
    /// [`QuestionError`]
    pub(crate) fn read(text: &str) -> Result<Self, QuestionError> {
        let count = text.trim().chars().count();
        if count > MAX_QUESTION {
            return Err(QuestionError::TooLong(count));
        }
        let blank = |c: char| if c.is_control() || c.is_whitespace() { ' ' } else { c };
        let text: String = text.chars().map(blank).collect();
        let text = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(QuestionError::Empty);
        }
        let folded = text.to_lowercase().replace(['\'', '’'], "");
        let wanted = Wanted::of(&folded);
        let opening = opening(&folded);
        let meaning = Vector::of(&folded);
        Ok(Self { text, folded, wanted, meaning, opening, runs: Runs::default() })
    }
}

const ASKS_DIFFERENCE: &[&str] = &["difference", "differ", "differences", "versus", "vs", "compared", "or"];
/// Words that a question begins with.
const ASKS: &[&str] = &["how", "what", "which", "who", "whose", "why", "when", "where", "whats"];

/// The word that a question in lower case asks with.
pub(crate) fn opening(folded: &str) -> Option<&'static str> {
    let first = folded.split(|c: char| !c.is_alphanumeric()).next()?;
    ASKS.iter().find(|asks| **asks == first).copied()
}

impl Wanted {
    /// What a question in lower case wants.
    pub(crate) fn of(folded: &str) -> Self {
        let padded = format!(" {} ", folded.replace(|c: char| !c.is_alphanumeric(), " "));
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| padded.contains(&format!(" {phrase} ")));
        // "So, can I …" and "Hello, is there …" ask it, too.
        let mut clauses = folded.split(['.', ',', ';', ':', '!']).map(str::trim);
        let verdict = clauses.any(|clause| {
            let first =
                clause.split(|c: char| !c.is_alphanumeric()).find(|word| !matches!(*word, "" | "so" | "and" | "but"));
            first.is_some_and(|first| ASKS_VERDICT.contains(&first))
        });
        let verdict = verdict && !has(&["how", "what", "which", "where"]);
        let (figure, place) = (has(ASKS_FIGURE), has(ASKS_PLACE));
        // Words that are no question are what somebody wants to do.
        let is_fragment = !verdict && !figure && !place && !has(ASKS);
        let steps = has(ASKS_STEPS) || is_fragment;
        Self {
            verdict,
            figure,
            steps,
            place,
            difference: has(ASKS_DIFFERENCE) && !verdict,
            meaning: has(ASKS_MEANING) && !steps,
            list: has(ASKS_LIST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_cleaned_and_bounded() {
        let clean = |text: &str| Question::read(text).map(|question| question.text);
        assert_eq!(clean(" a\u{0}b\n\u{1b}[2Jc  d "), Ok("a b [2Jc d".to_owned()));
        assert_eq!(clean(" \n\u{0} "), Err(QuestionError::Empty));
        assert_eq!(clean(&"ä".repeat(1000)).map(|text| text.chars().count()), Ok(1000));
        assert_eq!(clean(&"ä".repeat(1001)), Err(QuestionError::TooLong(1001)));
    }

    #[test]
    fn kinds_are_told_by_how_it_begins() {
        let wanted = |text: &str| Question::read(text).unwrap().wanted;
        assert!(wanted("Can I restart it?").verdict && wanted("Hello, is there a limit?").verdict);
        assert!(!wanted("How can I stop it?").verdict && wanted("How can I stop it?").steps);
        assert!(wanted("How long does it wait?").figure && wanted("Where is my data?").place);
        assert!(wanted("What's a session?").meaning && wanted("What are the presets?").list);
    }
}
