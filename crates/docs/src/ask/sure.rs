//! How sure it is that the documentation answers a question.

use crate::{
    ask::{features::Feature, question::Question, rank::Ranked, weights::SURE},
    library::Library,
    sought::{Concept, Sought},
};

/// What it is reckoned from: the last is 1.
pub(crate) type Sure = [f32; 14];

/// How sure it is that the best section answers, from 0 to 1: a logistic regression over the questions to tune by.
pub(crate) fn confidence(library: &Library, question: &Question, sought: &Sought, ranked: &[Ranked<'_>]) -> f32 {
    // Without a word that is known there is nothing to be sure of.
    let has_known = sought.concepts.iter().any(Concept::is_known);
    if question.meaning.is_none() || ranked.is_empty() || !has_known {
        return 0.0;
    }
    let sum: f32 =
        measure(library, question, sought, ranked).iter().zip(SURE).map(|(value, weight)| value * weight).sum();
    1.0 / (1.0 + (-sum).exp())
}

pub(crate) fn measure(library: &Library, question: &Question, sought: &Sought, ranked: &[Ranked<'_>]) -> Sure {
    let (Some(best), Some(meaning)) = (ranked.first(), &question.meaning) else { return Sure::default() };
    let strange: f32 = sought.concepts.iter().map(|concept| concept.weight * concept.strangeness()).sum();
    let next = ranked.get(1).map_or(0.0, |next| best.score - next.score);
    let (unanswered, gathered) = library.index.unanswered(meaning);
    let of = |feature: Feature| best.features.get(feature);
    [
        best.coverage,
        of(Feature::Text),
        of(Feature::Missing),
        strange / sought.total,
        sought.concepts.len().min(8) as f32,
        best.meaning,
        of(Feature::WaysGathered),
        of(Feature::WayNear),
        of(Feature::WayNearNext),
        of(Feature::PassageMeant),
        unanswered,
        gathered,
        next.min(3.0),
        1.0,
    ]
}
