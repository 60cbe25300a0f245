//! What a question asks about, ready to be looked for in many places.

use crate::index::Term;

/// Something that a question asks about, with the terms that it may stand as.
#[derive(Debug, Clone)]
pub(crate) struct Concept {
    pub(crate) word: String,
    /// How much it tells: the rarer, the more.
    pub(crate) weight: f32,
    /// Terms, and how far each stands for it.
    pub(crate) terms: Vec<(Term, f32)>,
}

impl Concept {
    /// Whether the documentation has a word for it.
    pub(crate) fn is_known(&self) -> bool {
        !self.terms.is_empty()
    }

    /// How far the documentation has no word for it: 0 where it has the very word, 1 where it has none that is near.
    pub(crate) fn strangeness(&self) -> f32 {
        1.0 - self.terms.iter().map(|(_, by)| *by).fold(0.0, f32::max)
    }
}

/// What a question asks about, ready to be looked for in many places.
#[derive(Debug)]
pub(crate) struct Sought {
    pub(crate) concepts: Vec<Concept>,
    /// What all of them tell together.
    pub(crate) total: f32,
    /// For each term, where in `hits` it stands; 0: nowhere.
    places: Vec<u16>,
    hits: Vec<Vec<(usize, f32)>>,
}

/// How far each of what is sought is in some place, from 0 to 1.
pub(crate) type Held = Vec<f32>;

impl Sought {
    pub(crate) fn new(concepts: Vec<Concept>, vocabulary: usize) -> Self {
        let (mut places, mut hits) = (vec![0; vocabulary], vec![Vec::new()]);
        for (number, concept) in concepts.iter().enumerate() {
            for (term, by) in &concept.terms {
                let Some(place) = places.get_mut(*term as usize) else { continue };
                if *place == 0 {
                    *place = u16::try_from(hits.len()).unwrap_or(0);
                    hits.push(Vec::new());
                }
                if let Some(hit) = hits.get_mut(usize::from(*place)) {
                    hit.push((number, *by));
                }
            }
        }
        let total = concepts.iter().map(|concept| concept.weight).sum::<f32>().max(f32::EPSILON);
        Self { concepts, total, places, hits }
    }

    fn hits(&self, term: Term) -> &[(usize, f32)] {
        let place = self.places.get(term as usize).copied().unwrap_or(0);
        self.hits.get(usize::from(place)).map_or(&[], Vec::as_slice)
    }

    /// How far a term stands for anything that is sought.
    pub(crate) fn nearness(&self, term: Term) -> f32 {
        self.hits(term).iter().map(|(_, by)| *by).fold(0.0, f32::max)
    }

    /// How far each of what is sought is among these terms.
    pub(crate) fn held(&self, terms: &[Term]) -> Held {
        self.weighed(terms.iter().map(|term| (*term, 1.0)))
    }

    /// How far each of what is sought is among terms that count so much.
    pub(crate) fn weighed(&self, terms: impl Iterator<Item = (Term, f32)>) -> Held {
        let mut held = vec![0.0; self.concepts.len()];
        for (term, weight) in terms {
            for (number, by) in self.hits(term) {
                if let Some(held) = held.get_mut(*number) {
                    *held = f32::max(*held, by * weight);
                }
            }
        }
        held
    }

    /// The share of all that is sought, from 0 to 1.
    pub(crate) fn share(&self, held: &[f32]) -> f32 {
        self.concepts.iter().zip(held).map(|(concept, held)| concept.weight * held).sum::<f32>() / self.total
    }
}
