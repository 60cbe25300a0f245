//! ROUGE-L (Lin, 2004, aclanthology.org/W04-1013) as rouge-score computes it: tokens are runs of the letters a to z
//! and digits of the text in small letters, so other scripts have none; the score is the F measure (beta 1).

use std::collections::HashMap;

use protocol::scoring::Stemming;

use crate::{ngrams::Tokens, porter};

/// ROUGE-L from 0 to 1.
pub(crate) fn score(answer: &str, reference: &str, stemming: Stemming) -> f64 {
    let (answer, reference) = (tokens(answer, stemming), tokens(reference, stemming));
    if answer.is_empty() || reference.is_empty() {
        return 0.0;
    }
    let mut numbers = Tokens::default();
    let answer = numbers.numbered(answer.iter().map(String::as_str));
    let reference = numbers.numbered(reference.iter().map(String::as_str));
    let common = common_subsequence(&reference, &answer) as f64;
    // 2PR / (P + R) with P = common / answer and R = common / reference.
    2.0 * common / (answer.len() + reference.len()) as f64
}

/// Whether a text has tokens at all.
pub(crate) fn has_tokens(text: &str) -> bool {
    !tokens(text, Stemming::None).is_empty()
}

fn tokens(text: &str, stemming: Stemming) -> Vec<String> {
    let text = text.to_lowercase();
    text.split(|c: char| !matches!(c, 'a'..='z' | '0'..='9'))
        .filter(|token| !token.is_empty())
        .map(|token| match stemming {
            Stemming::Porter if token.len() > 3 => porter::stem(token),
            Stemming::None | Stemming::Porter => token.to_owned(),
        })
        .collect()
}

/// The length of the longest common subsequence, bit-parallel (Hyyrö, 2004, "Bit-parallel LCS-length computation
/// revisited"): a row of the table is one bit per element of `a`, so time is |a| × |b| / 64 and memory is O(|a|).
fn common_subsequence(a: &[u32], b: &[u32]) -> usize {
    let words = a.len().div_ceil(64);
    let places = Places::of(a, words);
    let mut row = vec![u64::MAX; words];
    let mut scratch = vec![0; words];
    for element in b {
        let Some(places) = places.0.get(element) else { continue };
        match places {
            Place::Mask(mask) => advance(&mut row, mask),
            Place::List(list) => {
                list.iter().for_each(|at| scratch[at / 64] |= 1 << (at % 64));
                advance(&mut row, &scratch);
                list.iter().for_each(|at| scratch[at / 64] = 0);
            }
        }
    }
    let beyond = words * 64 - a.len();
    let ones: usize = row.iter().map(|word| word.count_ones() as usize).sum();
    // The bits beyond the end are never matched and stay ones.
    a.len() - (ones - beyond)
}

/// One step down the table: row = (row + (row & mask)) | (row & !mask), with the carry from word to word.
fn advance(row: &mut [u64], mask: &[u64]) {
    let mut carry = false;
    for (word, mask) in row.iter_mut().zip(mask) {
        let (sum, first) = word.overflowing_add(*word & mask);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        *word = sum | (*word & !mask);
    }
}

/// Where an element stands.
enum Place {
    /// As bits, for what is frequent: at most 64 elements are.
    Mask(Vec<u64>),
    List(Vec<usize>),
}

struct Places(HashMap<u32, Place>);

impl Places {
    fn of(elements: &[u32], words: usize) -> Self {
        let mut lists: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, element) in elements.iter().enumerate() {
            lists.entry(*element).or_default().push(at);
        }
        let place = |list: Vec<usize>| {
            if list.len() < words {
                return Place::List(list);
            }
            let mut mask = vec![0; words];
            list.iter().for_each(|at| mask[at / 64] |= 1 << (at % 64));
            Place::Mask(mask)
        };
        Self(lists.into_iter().map(|(element, list)| (element, place(list))).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The table of the textbook.
    fn by_table(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn the_bits_find_what_the_table_finds(
            a in prop::collection::vec(0_u32..6, 0..300),
            b in prop::collection::vec(0_u32..6, 0..300),
        ) {
            prop_assert_eq!(common_subsequence(&a, &b), by_table(&a, &b));
        }

        #[test]
        fn rare_elements_are_found_too(
            a in prop::collection::vec(0_u32..200, 0..300),
            b in prop::collection::vec(0_u32..200, 0..300),
        ) {
            prop_assert_eq!(common_subsequence(&a, &b), by_table(&a, &b));
        }
    }

    #[test]
    fn scores_are_f_measures() {
        let score = |answer, reference| score(answer, reference, Stemming::None);
        assert_eq!(score("The quick brown fox.", "the quick, brown FOX"), 1.0);
        assert!((score("the cat sat", "the cat was there") - 4.0 / 7.0).abs() < 1e-12);
        assert_eq!(score("", "the"), 0.0);
        assert_eq!(score("我", "我"), 0.0);
    }

    #[test]
    fn the_longest_texts_take_bounded_time() {
        let alternating = "a b ".repeat(crate::MAX_COMPARED_BYTES / 4);
        let begun = std::time::Instant::now();
        assert_eq!(score(&alternating, &alternating, Stemming::None), 1.0);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
