//! Words as the index knows them: folded to plain lower case, cut to their stems.

mod lists;

use std::cell::RefCell;

use lists::{IRREGULAR, PAIRS, SMALL, TALK};

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest word that is looked at, in bytes; what is longer is no word.
const MAX_WORD: usize = 64;

thread_local! {
    static STEMMER: RefCell<Stemmer> = RefCell::new(Stemmer::create(Algorithm::English));
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Folded, not stemmed.
    pub(crate) text: String,
    pub(crate) stem: String,
}

impl Word {
    fn new(text: String) -> Self {
        let stem = stem(&text);
        Self { text, stem }
    }

    /// Whether it tells little: a word of talk, or a figure.
    pub(crate) fn is_faint(&self) -> bool {
        TALK.binary_search(&self.text.as_str()).is_ok() || self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether it names something.
    pub(crate) fn is_content(&self) -> bool {
        SMALL.binary_search(&self.text.as_str()).is_err()
    }
}

/// The stem of a folded word. Codes, figures and names with signs in them have none but themselves.
pub(crate) fn stem(word: &str) -> String {
    if word.len() < 3 || word.contains(|c: char| !c.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let word = IRREGULAR.iter().find(|(form, _)| *form == word).map_or(word, |(_, base)| base);
    // The stemmer holds nothing but tables; one per thread saves making them anew.
    STEMMER.with_borrow(|stemmer| stemmer.stem(word).into_owned())
}

/// The words of a text. A name with signs in it, such as `session_not_running`, `max-tokens` or `start.loading_seconds`,
/// is one word and its parts as well.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '\u{200b}'))
        .flat_map(char::to_lowercase)
        .collect();
    let mut raw: Vec<&str> = Vec::new();
    for word in folded.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
        let word = word.trim_matches(['_', '-', '.']);
        if word.is_empty() || word.len() > MAX_WORD {
            continue;
        }
        raw.push(word);
        if is_compound(word) {
            raw.extend(word.split(['_', '-', '.']).filter(|part| !part.is_empty()));
        }
    }
    let mut words = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(word) = raw.get(at) {
        let pair = raw.get(at + 1).and_then(|next| PAIRS.iter().find(|(a, b, _)| a == word && b == next));
        words.push(Word::new(pair.map_or(*word, |(_, _, one)| one).to_owned()));
        at += if pair.is_some() { 2 } else { 1 };
    }
    words
}

/// Whether a word has parts: signs within it, and it is no figure.
pub(crate) fn is_compound(word: &str) -> bool {
    word.contains(['_', '-', '.']) && !is_figure(word)
}

fn is_figure(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Whether two words differ by one slip of the hand: a letter more, less, other, or two exchanged.
pub(crate) fn is_slip(a: &str, b: &str) -> bool {
    // Four bytes are the longest letter: most pairs need no closer look.
    if a.len().abs_diff(b.len()) > 4 || (a.is_ascii() && b.is_ascii() && a.len().abs_diff(b.len()) > 1) {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    let behind = |rest: &[char], skip: usize| rest.get(skip..).map(<[char]>::to_vec);
    match (rest_a, rest_b) {
        ([x, y, tail_a @ ..], [z, w, tail_b @ ..]) if x == w && y == z && tail_a == tail_b => true,
        _ => {
            behind(rest_a, 1) == behind(rest_b, 1)
                || behind(rest_a, 1).as_deref() == Some(rest_b)
                || behind(rest_b, 1).as_deref() == Some(rest_a)
        }
    }
}

/// Whether two words have the same letters in another order.
pub(crate) fn is_exchange(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    a.len() == b.len() && sorted(a) == sorted(b)
}

/// The small word that a word is with a slip: `waht`, `mnay`. Exchanged letters are the likelier slip.
pub(crate) fn small_slip(word: &str) -> Option<&'static str> {
    if !(4..=7).contains(&word.len()) || SMALL.binary_search(&word).is_ok() {
        return None;
    }
    let near = SMALL.iter().filter(|small| small.len() >= 4 && is_slip(small, word));
    near.min_by_key(|small| !is_exchange(small, word)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn small_words_are_sorted() {
        assert!(SMALL.is_sorted() && TALK.is_sorted());
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        assert_eq!(stems("Stopping sessions, stopped"), ["stop", "session", "stop"]);
        assert_eq!(stems("Café’s DELETED"), ["cafe", "delet"].map(|s| if s == "cafe" { "cafes" } else { s }).map(stem));
        assert_eq!(stems("log in"), ["login"]);
        assert_eq!(stems("`session_not_running` 1.5"), ["session_not_running", "session", "not", "run", "1.5"]);
        assert!(stems(&"x".repeat(100)).is_empty());
        assert!(stems("\u{0} \u{1b}[31m ⚙").contains(&"31m".to_owned()));
    }

    #[test]
    fn a_slip_is_one_letter() {
        for (a, b) in [("sesion", "session"), ("delte", "delete"), ("modle", "model"), ("expart", "export")] {
            assert!(is_slip(a, b), "{a} {b}");
        }
        for (a, b) in [("session", "mission"), ("a", "abc"), ("kubernetes", "kernel")] {
            assert!(!is_slip(a, b), "{a} {b}");
        }
    }
}
