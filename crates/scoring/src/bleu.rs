//! BLEU (Papineni et al., 2002, doi:10.3115/1073083.1073135) as sacrebleu computes it: tokens of mteval-v13a, case
//! kept, orders 1 to 4, one reference, smoothing `exp` (Chen and Cherry, 2014, doi:10.3115/v1/W14-3346: method 3).

use crate::{
    ngrams::{Tokens, overlap},
    text::is_python_space,
};

/// Tokens of the answer and of the reference, matched n-grams of orders 1 to 4, the answer's n-grams of these orders.
pub(crate) type Counts = [u32; 10];

const ORDERS: usize = 4;

/// Which orders a score stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orders {
    /// All four: for a corpus.
    All,
    /// Those that the answer is long enough for: for a sentence.
    Effective,
}

/// The counts of one row.
pub(crate) fn counts(answer: &str, reference: &str) -> Counts {
    let (answer, reference) = (tokenized(answer), tokenized(reference));
    let mut tokens = Tokens::default();
    let answer = tokens.numbered(split(&answer));
    let reference = tokens.numbered(split(&reference));
    let mut counts = [0; 10];
    counts[0] = answer.len() as u32;
    counts[1] = reference.len() as u32;
    for order in 1..=ORDERS {
        let overlap = overlap(&answer, &reference, order);
        counts[1 + order] = overlap.matched;
        counts[1 + ORDERS + order] = overlap.answer;
    }
    counts
}

/// BLEU from 0 to 1 of counts, which may be those of many rows summed up.
pub(crate) fn score(counts: &[f64; 10], orders: Orders) -> f64 {
    let (answer, reference) = (counts[0], counts[1]);
    let (matched, total) = (&counts[2..6], &counts[6..10]);
    if matched.iter().all(|matched| *matched == 0.0) {
        return 0.0;
    }
    let brevity = if answer < reference { (1.0 - reference / answer).exp() } else { 1.0 };
    let (mut smoothing, mut logs, mut reached) = (1.0, 0.0, 0);
    for (matched, total) in matched.iter().zip(total).take_while(|(_, total)| **total > 0.0) {
        let precision = if *matched == 0.0 {
            smoothing *= 2.0;
            1.0 / (smoothing * total)
        } else {
            matched / total
        };
        logs += precision.ln();
        reached += 1;
    }
    match orders {
        // An order without n-grams has precision 0.
        Orders::All if reached < ORDERS => 0.0,
        Orders::All | Orders::Effective => (brevity * (logs / reached as f64).exp()).clamp(0.0, 1.0),
    }
}

fn split(tokenized: &str) -> impl Iterator<Item = &str> {
    tokenized.split(is_python_space).filter(|token| !token.is_empty())
}

/// The text with spaces between its tokens, by the rules of mteval-v13a's script.
fn tokenized(text: &str) -> String {
    let text = text.trim_end_matches(is_python_space);
    let mut text = text.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    if text.contains('&') {
        for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            text = text.replace(entity, character);
        }
    }
    let spaced: Vec<char> = format!(" {text} ").chars().flat_map(symbol_apart).collect();
    // A point or comma stands apart unless a digit is before it, then unless one is after it.
    let spaced = pairs_apart(&spaced, |first, second| match is_point(second) && !first.is_ascii_digit() {
        true => Some([first, ' ', second, ' ']),
        false => None,
    });
    let spaced = pairs_apart(&spaced, |first, second| match is_point(first) && !second.is_ascii_digit() {
        true => Some([' ', first, ' ', second]),
        false => None,
    });
    let spaced = pairs_apart(&spaced, |first, second| match first.is_ascii_digit() && second == '-' {
        true => Some([first, ' ', second, ' ']),
        false => None,
    });
    spaced.into_iter().collect()
}

fn is_point(c: char) -> bool {
    c == '.' || c == ','
}

/// The symbols of ASCII but for the apostrophe, the hyphen, point and comma stand apart.
fn symbol_apart(c: char) -> impl Iterator<Item = char> {
    let apart = c.is_ascii_punctuation() && !matches!(c, '\'' | '-' | '.' | ',');
    let around = apart.then_some(' ');
    around.into_iter().chain([c]).chain(around)
}

/// Each pair that the rule spaces out, from the left; a character of one such pair is in no other.
fn pairs_apart(text: &[char], rule: impl Fn(char, char) -> Option<[char; 4]>) -> Vec<char> {
    let mut spaced = Vec::with_capacity(text.len() + text.len() / 4);
    let mut at = 0;
    while at < text.len() {
        match text.get(at + 1).and_then(|second| rule(text[at], *second)) {
            Some(pair) => {
                spaced.extend(pair);
                at += 2;
            }
            None => {
                spaced.push(text[at]);
                at += 1;
            }
        }
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(answer: &str, reference: &str) -> f64 {
        score(&counts(answer, reference).map(f64::from), Orders::Effective)
    }

    #[test]
    fn tokens_are_those_of_13a() {
        for (text, expected) in [
            ("Hello, world!", &["Hello", ",", "world", "!"][..]),
            ("1,234.5 is 3-4.", &["1,234.5", "is", "3", "-", "4", "."]),
            ("it's well-known", &["it's", "well-known"]),
            ("a &amp; b &lt;c&gt;", &["a", "&", "b", "<", "c", ">"]),
            ("end-\nline", &["endline"]),
            ("wait...", &["wait", ".", ".", "."]),
            ("我是。", &["我是。"]),
            ("", &[]),
        ] {
            assert_eq!(split(&tokenized(text)).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn identical_texts_have_one_and_strangers_none() {
        assert!((sentence("a short one", "a short one") - 1.0).abs() < 1e-12);
        assert!((sentence("one", "one") - 1.0).abs() < 1e-12);
        assert_eq!(sentence("a b c", "d e f"), 0.0);
        assert_eq!(sentence("", "d e f"), 0.0);
    }

    #[test]
    fn a_corpus_stands_on_all_orders() {
        assert_eq!(score(&counts("one two", "one two").map(f64::from), Orders::All), 0.0);
    }
}
