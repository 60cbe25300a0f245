//! chrF (Popović, 2015, doi:10.18653/v1/W15-3049) as sacrebleu computes it: n-grams of characters of orders 1 to 6,
//! white space left out, case kept, no words, beta 2, and only the orders that both texts are long enough for.

use crate::{ngrams::overlap, text::is_python_space};

/// For each order: n-grams of the answer, of the reference, matched.
pub(crate) type Counts = [u32; 18];

const ORDERS: usize = 6;

/// Recall weighs beta² times what precision does.
const BETA_SQUARED: f64 = 4.0;

/// The counts of one row.
pub(crate) fn counts(answer: &str, reference: &str) -> Counts {
    let characters = |text: &str| text.chars().filter(|c| !is_python_space(*c)).map(u32::from).collect::<Vec<_>>();
    let (answer, reference) = (characters(answer), characters(reference));
    let mut counts = [0; 18];
    for order in 1..=ORDERS {
        let overlap = overlap(&answer, &reference, order);
        // An order that the reference is too short for does not count against the answer.
        let of_answer = if overlap.reference > 0 { overlap.answer } else { 0 };
        counts[3 * (order - 1)..3 * order].copy_from_slice(&[of_answer, overlap.reference, overlap.matched]);
    }
    counts
}

/// chrF from 0 to 1 of counts, which may be those of many rows summed up.
pub(crate) fn score(counts: &[f64; 18]) -> f64 {
    let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
    for order in counts.chunks_exact(3).filter(|order| order[0] > 0.0 && order[1] > 0.0) {
        precision += order[2] / order[0];
        recall += order[2] / order[1];
        orders += 1.0;
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / orders, recall / orders);
    ((1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(answer: &str, reference: &str) -> f64 {
        score(&counts(answer, reference).map(f64::from))
    }

    #[test]
    fn identical_texts_have_one_and_strangers_none() {
        assert!((row("dữ liệu", "dữ liệu") - 1.0).abs() < 1e-12);
        assert!((row("a b", "ab") - 1.0).abs() < 1e-12);
        assert_eq!(row("abc", "xyz"), 0.0);
        assert_eq!(row("", "xyz"), 0.0);
    }

    #[test]
    fn recall_weighs_more_than_precision() {
        assert!(row("abcdefgh and more", "abcdefgh") > row("abcd", "abcdefgh"));
    }
}
