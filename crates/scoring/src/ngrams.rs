//! How many n-grams two sequences share.

use std::collections::HashMap;

/// Bits of one element: a Unicode scalar value, or the number of a token of a bounded text.
const BITS: u32 = 21;

/// The longest n-gram that fits into a key.
pub(crate) const MAX_ORDER: usize = 6;

/// Counts of n-grams of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) answer: u32,
    pub(crate) reference: u32,
    /// Each n-gram counted as often as it stands in both.
    pub(crate) matched: u32,
}

/// The n-grams of two sequences, elements below 2^21. Sorted lists are merged, so no text makes it slow.
pub(crate) fn overlap(answer: &[u32], reference: &[u32], order: usize) -> Overlap {
    let (a, b) = (keys(answer, order), keys(reference, order));
    let (mut i, mut j, mut matched) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                (i, j, matched) = (i + 1, j + 1, matched + 1);
            }
        }
    }
    Overlap { answer: a.len() as u32, reference: b.len() as u32, matched }
}

fn keys(elements: &[u32], order: usize) -> Vec<u128> {
    debug_assert!((1..=MAX_ORDER).contains(&order));
    let key = |ngram: &[u32]| ngram.iter().fold(0, |key, element| (key << BITS) | u128::from(*element));
    let mut keys: Vec<u128> = elements.windows(order).map(key).collect();
    keys.sort_unstable();
    keys
}

/// Numbers for the tokens of two texts, the same for the same token.
#[derive(Debug, Default)]
pub(crate) struct Tokens<'a> {
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn numbered(&mut self, tokens: impl Iterator<Item = &'a str>) -> Vec<u32> {
        tokens
            .map(|token| {
                let next = self.numbers.len() as u32;
                *self.numbers.entry(token).or_insert(next)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_clipped_to_the_rarer_side() {
        let mut tokens = Tokens::default();
        let answer = tokens.numbered("the the the cat".split(' '));
        let reference = tokens.numbered("the cat the".split(' '));
        assert_eq!(overlap(&answer, &reference, 1), Overlap { answer: 4, reference: 3, matched: 3 });
        assert_eq!(overlap(&answer, &reference, 2), Overlap { answer: 3, reference: 2, matched: 1 });
        assert_eq!(overlap(&answer, &reference, 4), Overlap { answer: 1, reference: 0, matched: 0 });
    }

    #[test]
    fn the_largest_characters_do_not_run_into_each_other() {
        let top = u32::from(char::MAX);
        assert_eq!(overlap(&[top; 6], &[top; 6], 6).matched, 1);
        assert_eq!(overlap(&[top, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, top], 6).matched, 0);
    }
}
