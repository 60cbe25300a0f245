//! Confidence intervals by the percentile bootstrap (Efron and Tibshirani, 1993, chapter 13): rows are drawn with
//! replacement, as many as there are, 1,000 times; the interval lies between the 2.5th and the 97.5th percentile of
//! the scores of these draws. For BLEU and chrF the rows' counts are drawn and summed, and the corpus score is computed
//! anew for each draw (Koehn, 2004, aclanthology.org/W04-3250).
//!
//! Above [`GROUPS`] rows, the rows are dealt at random into so many groups of equal size, one row more or less, and
//! the groups are drawn. The sum of a random group varies with the number of its rows as rows do, so the width of the
//! interval is the same but for about 1 %, and the time no longer grows with the rows.
//!
//! The generator has one seed and the rows are sorted first, so the interval depends on the scores alone and not on
//! their order. It is widened where it does not hold the score itself, which a skewed corpus score can bring about.
//! Where all rows have one score it has no width: it then says nothing of rows that were not asked.

use protocol::scoring::Interval;

use crate::random::Random;

/// How often rows are drawn anew.
pub const RESAMPLES: usize = 1_000;

/// Most rows that are drawn by themselves.
pub const GROUPS: usize = 4_096;

const SEED: u64 = 0x5eed;

/// Rows, each as numbers whose sums a score is computed from.
pub(crate) struct Samples<const N: usize> {
    rows: Vec<[f64; N]>,
}

impl<const N: usize> Samples<N> {
    pub(crate) fn new(mut rows: Vec<[f64; N]>) -> Self {
        let order = |a: &[f64; N], b: &[f64; N]| {
            a.iter()
                .zip(b)
                .map(|(a, b)| a.total_cmp(b))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        rows.sort_unstable_by(order);
        Self { rows }
    }

    /// The score of all rows; none where there is no row.
    pub(crate) fn score(&self, score: impl Fn(&[f64; N]) -> f64) -> Option<f64> {
        (!self.rows.is_empty()).then(|| score(&sum(self.rows.iter())))
    }

    /// The 95 % interval of the score; none below two rows.
    pub(crate) fn interval(&self, score: impl Fn(&[f64; N]) -> f64) -> Option<Interval> {
        if self.rows.len() < 2 {
            return None;
        }
        let estimate = self.score(&score)?;
        let mut random = Random::seeded(SEED);
        let groups = self.grouped(&mut random);
        let drawn = if groups.is_empty() { &self.rows } else { &groups };
        let mut scores: Vec<f64> =
            (0..RESAMPLES).map(|_| score(&sum((0..drawn.len()).map(|_| &drawn[random.below(drawn.len())])))).collect();
        scores.sort_unstable_by(f64::total_cmp);
        let (low, high) = (percentile(&scores, 0.025), percentile(&scores, 0.975));
        Some(Interval { low: low.min(estimate), high: high.max(estimate) })
    }

    /// The sums of random groups; nothing where the rows are few enough.
    fn grouped(&self, random: &mut Random) -> Vec<[f64; N]> {
        if self.rows.len() <= GROUPS {
            return Vec::new();
        }
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        random.shuffle(&mut order);
        let mut groups = vec![[0.0; N]; GROUPS];
        for (place, row) in order.into_iter().enumerate() {
            add(&mut groups[place % GROUPS], &self.rows[row as usize]);
        }
        groups
    }
}

fn sum<'a, const N: usize>(rows: impl Iterator<Item = &'a [f64; N]>) -> [f64; N] {
    rows.fold([0.0; N], |mut sum, row| {
        add(&mut sum, row);
        sum
    })
}

fn add<const N: usize>(sum: &mut [f64; N], row: &[f64; N]) {
    sum.iter_mut().zip(row).for_each(|(sum, row)| *sum += row);
}

/// Of sorted values, between the two nearest (Hyndman and Fan, 1996, type 7).
fn percentile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(sum: &[f64; 2]) -> f64 {
        sum[0] / sum[1]
    }

    fn ones(ones: usize, rows: usize) -> Samples<2> {
        Samples::new((0..rows).map(|row| [f64::from(u8::from(row < ones)), 1.0]).collect())
    }

    /// The interval of the mean by the normal approximation.
    fn normal(ones: usize, rows: usize) -> Interval {
        let (p, n) = (ones as f64 / rows as f64, rows as f64);
        let half = 1.959_964 * (p * (1.0 - p) / n).sqrt();
        Interval { low: p - half, high: p + half }
    }

    #[test]
    fn the_interval_of_many_rows_is_the_normal_one() {
        for (right, rows) in [(120, 200), (2_000, 4_000), (3_000, 9_001), (60_000, 100_000)] {
            let (interval, expected) = (ones(right, rows).interval(mean).unwrap(), normal(right, rows));
            let width = expected.high - expected.low;
            assert!((interval.low - expected.low).abs() < 0.1 * width, "{rows}: {interval:?} {expected:?}");
            assert!((interval.high - expected.high).abs() < 0.1 * width, "{rows}: {interval:?} {expected:?}");
        }
    }

    #[test]
    fn three_points_on_fifty_rows_are_within_the_interval() {
        let interval = ones(40, 50).interval(mean).unwrap();
        assert!(interval.low < 0.77 && interval.high > 0.83, "{interval:?}");
    }

    #[test]
    fn one_row_has_no_interval() {
        assert_eq!(ones(1, 1).interval(mean), None);
        assert_eq!(ones(0, 0).score(mean), None);
    }

    #[test]
    fn percentiles_lie_between_the_nearest_values() {
        assert_eq!(percentile(&[0.0, 1.0, 2.0, 3.0], 0.5), 1.5);
        assert_eq!(percentile(&[7.0], 0.975), 7.0);
    }
}
