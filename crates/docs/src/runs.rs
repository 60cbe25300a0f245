//! Words that stand one after the other: what a pasted message and the text that explains it have in common.

use crate::index::Term;

/// Words that stand one after the other, each run once, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pairs: Vec<[Term; 2]>,
    triples: Vec<[Term; 3]>,
}

impl Runs {
    pub(crate) fn add(&mut self, terms: &[Term]) {
        self.pairs.extend(terms.array_windows::<2>().copied());
        self.triples.extend(terms.array_windows::<3>().copied());
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.triples.sort_unstable();
        self.triples.dedup();
        self
    }

    /// The shares of these pairs and triples that another text has, too.
    pub(crate) fn shared(&self, other: &Self) -> (f32, f32) {
        (share(&self.pairs, &other.pairs), share(&self.triples, &other.triples))
    }
}

fn share<T: Ord>(of: &[T], others: &[T]) -> f32 {
    let met = of.iter().filter(|run| others.binary_search(run).is_ok()).count();
    met as f32 / of.len().max(1) as f32
}
