//! Two lists of scores on the same rows.
//!
//! The interval of the difference is that of the paired bootstrap: a row is drawn with both its scores (Koehn, 2004,
//! aclanthology.org/W04-3250). The p value is the exact two-sided sign test's (Dixon and Mood, 1946,
//! doi:10.1080/01621459.1946.10501898) on wins and losses, ties left out: for scores of 0 and 1 this is McNemar's exact
//! test. It needs no assumption on how scores are spread, and no chance; it looks at which side is better and not at
//! how much, which is the interval's matter.

use std::borrow::Borrow;

use protocol::scoring::{Comparison, MetricKind, RowScore, Unscored};

use crate::{
    bootstrap::Samples,
    chrf,
    summary::{bleu_counts, chrf_counts, corpus_bleu, mean, value},
};

/// Scores no further apart than this are a tie.
const TIE: f64 = 1e-6;

/// Compares the scores of one metric on the same rows: first the baseline's, then the candidate's.
pub fn compare<R: Borrow<RowScore>>(metric: MetricKind, rows: impl IntoIterator<Item = (R, R)>) -> Comparison {
    let rows = rows.into_iter();
    match metric {
        MetricKind::Bleu => Pairs::<20>::of(rows, bleu_counts).comparison(corpus_bleu),
        MetricKind::Chrf => Pairs::<36>::of(rows, chrf_counts).comparison(chrf::score),
        _ => Pairs::<4>::of(rows, value).comparison(mean),
    }
}

struct Pairs<const M: usize> {
    rows: Vec<[f64; M]>,
    unpaired: u64,
    wins: u64,
    losses: u64,
}

impl<const M: usize> Pairs<M> {
    /// `M` is twice `N`: the baseline's numbers, then the candidate's.
    fn of<const N: usize, R: Borrow<RowScore>>(
        rows: impl Iterator<Item = (R, R)>,
        sample: impl Fn(&RowScore) -> Result<[f64; N], Unscored>,
    ) -> Self {
        const { assert!(M == 2 * N) };
        let mut pairs = Self { rows: Vec::new(), unpaired: 0, wins: 0, losses: 0 };
        for (baseline, candidate) in rows {
            let (baseline, candidate) = (baseline.borrow(), candidate.borrow());
            let (Ok(of_baseline), Ok(of_candidate)) = (sample(baseline), sample(candidate)) else {
                pairs.unpaired += 1;
                continue;
            };
            let mut pair = [0.0; M];
            pair[..N].copy_from_slice(&of_baseline);
            pair[N..].copy_from_slice(&of_candidate);
            pairs.rows.push(pair);
            let difference = candidate.value().unwrap_or_default() - baseline.value().unwrap_or_default();
            pairs.wins += u64::from(difference > TIE);
            pairs.losses += u64::from(difference < -TIE);
        }
        pairs
    }

    fn comparison<const N: usize>(self, score: impl Fn(&[f64; N]) -> f64) -> Comparison {
        let difference = |sum: &[f64; M]| {
            let half = |part: &[f64]| {
                let mut half = [0.0; N];
                half.copy_from_slice(part);
                half
            };
            score(&half(&sum[N..])) - score(&half(&sum[..N]))
        };
        let rows = self.rows.len() as u64;
        let samples = Samples::new(self.rows);
        Comparison {
            rows,
            unpaired: self.unpaired,
            wins: self.wins,
            losses: self.losses,
            ties: rows - self.wins - self.losses,
            difference: samples.score(difference),
            interval: samples.interval(difference),
            p_value: (rows > 0).then(|| sign_test(self.wins, self.losses)),
        }
    }
}

/// The exact two-sided sign test: twice the chance of so few on the rarer side, or fewer, in throws of a fair coin.
fn sign_test(wins: u64, losses: u64) -> f64 {
    let (throws, fewer) = (wins + losses, wins.min(losses));
    if wins == losses {
        return 1.0;
    }
    // The largest term's logarithm: ln C(n, k) − n ln 2. The others follow from it downwards.
    let choose: f64 = (1..=fewer).map(|k| ((throws - fewer + k) as f64).ln() - (k as f64).ln()).sum();
    let largest = (choose - throws as f64 * std::f64::consts::LN_2).exp();
    let (mut term, mut tail) = (1.0, 1.0);
    for k in (1..=fewer).rev() {
        term *= k as f64 / (throws - k + 1) as f64;
        tail += term;
        if term < 1e-17 {
            break;
        }
    }
    (2.0 * largest * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(pairs: &[(f64, f64)]) -> Comparison {
        let pairs = pairs.iter().map(|(a, b)| (RowScore::scored(*a), RowScore::scored(*b)));
        compare(MetricKind::Exact, pairs)
    }

    #[test]
    fn the_sign_test_is_exact() {
        for (wins, losses, expected) in [
            (0, 0, 1.0),
            (5, 5, 1.0),
            (1, 0, 1.0),
            (5, 0, 0.0625),
            (0, 6, 0.031_25),
            (9, 2, 0.065_429_687_5),
            (15, 5, 0.041_389_465_332_031_25),
        ] {
            let p = sign_test(wins, losses);
            assert!((p - expected).abs() < 1e-12, "{wins} {losses}: {p}");
        }
        // By the normal approximation with continuity correction: z = 9.99.
        assert!(sign_test(505_000, 495_000) < 1e-20);
        let p = sign_test(50_100, 49_900);
        assert!((p - 0.529_2).abs() < 1e-3, "{p}");
    }

    #[test]
    fn wins_losses_and_ties_are_the_candidates() {
        let comparison = compared(&[(0.0, 1.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]);
        assert_eq!((comparison.wins, comparison.losses, comparison.ties, comparison.rows), (2, 1, 1, 4));
        assert_eq!(comparison.difference, Some(0.25));
        assert_eq!(comparison.p_value, Some(1.0));
    }

    #[test]
    fn rows_that_lack_a_side_stand_aside() {
        let unscored = RowScore::unscored(Unscored::AnswerMissing);
        let comparison = compare(MetricKind::Exact, [(&RowScore::scored(1.0), &unscored), (&unscored, &unscored)]);
        assert_eq!((comparison.rows, comparison.unpaired, comparison.p_value), (0, 2, None));
        assert_eq!((comparison.difference, comparison.interval), (None, None));
    }

    #[test]
    fn what_helps_every_row_a_little_is_seen() {
        let pairs: Vec<(f64, f64)> =
            (0..50).map(|row| (f64::from(row) / 100.0, f64::from(row) / 100.0 + 0.02)).collect();
        let comparison = compared(&pairs);
        let interval = comparison.interval.unwrap();
        assert!(interval.low > 0.019 && interval.high < 0.021, "{interval:?}");
        assert!(comparison.p_value.unwrap() < 1e-10);
    }
}
