//! How near the ways to ask for a section are to a question.

use crate::{
    ask::{
        features::{Feature, Features, GATHERED_LEAST, SHARPNESS},
        question::Question,
        rank::alike,
    },
    index::{Entry, Way},
    library::Library,
    sought::{Held, Sought},
};

/// How much nearer a way to ask without a yes or no may be.
const BEHIND: f32 = 0.1;
/// How much nearer than one with the contrary a way to ask with a yes or no must be.
const CLEARLY: f32 = 0.12;
/// A passage that a way to ask points at.
const POINTED: f32 = 0.6;
/// How much more a way to ask counts that begins as the question does: `where`.
const OPENING: f32 = 1.12;
/// How near the ways to ask for a section are to the question.
pub(super) struct Ways<'a> {
    /// How far what is sought is in any of them.
    pub(super) held: Held,
    /// For each passage, how near the nearest way that points at it is.
    pub(super) pointed: Vec<f32>,
    /// Their likeness in words, in meaning, and the mean of both, the nearest first.
    alike: Vec<f32>,
    pub(super) meant: Vec<f32>,
    near: Vec<f32>,
    /// The nearest with a yes or no, where none with the contrary is about as near.
    pub(super) verdict: Option<NearWay<'a>>,
}

impl<'a> Ways<'a> {
    pub(super) fn measure(library: &Library, entry: &'a Entry, sought: &Sought, question: &Question) -> Self {
        let mut ways = Self {
            held: vec![0.0; sought.concepts.len()],
            pointed: vec![0.0; entry.passages.len()],
            alike: Vec::with_capacity(entry.asked.len()),
            meant: Vec::with_capacity(entry.asked.len()),
            near: Vec::with_capacity(entry.asked.len()),
            verdict: None,
        };
        let near = |way: NearWay<'_>| way.nearness;
        // The nearest that says no, and the nearest that says yes.
        let mut verdicts: [Option<NearWay<'a>>; 2] = [None; 2];
        for asked in &entry.asked {
            let held = sought.held(&asked.terms);
            let opens_so = if question.opening == Some(asked.opening) { OPENING } else { 1.0 };
            let words = alike(library, &asked.terms, &held, sought);
            let meant = match (&question.meaning, &asked.meaning) {
                (Some(question), Some(other)) => question.likeness(other),
                (None, _) | (_, None) => 0.0,
            };
            let nearness = f32::midpoint(words, meant);
            ways.alike.push(opens_so * words);
            ways.meant.push(meant);
            ways.near.push(nearness);
            if let Some(says) = asked.verdict
                && let Some(nearest) = verdicts.get_mut(usize::from(says))
                && nearest.is_none_or(|nearest| nearest.nearness < nearness)
            {
                *nearest = Some(NearWay { way: asked, nearness });
            }
            if let Some(pointed) = asked.passage.and_then(|passage| ways.pointed.get_mut(passage)) {
                *pointed = f32::max(*pointed, POINTED * (opens_so * words).max(meant));
            }
            ways.held.iter_mut().zip(&held).for_each(|(all, held)| *all = all.max(*held));
        }
        for list in [&mut ways.alike, &mut ways.meant, &mut ways.near] {
            list.sort_unstable_by(|a, b| b.total_cmp(a));
        }
        let nearest = ways.near.first().copied().unwrap_or(0.0);
        let [no, yes] = verdicts;
        let clear = if yes.map_or(0.0, near) >= no.map_or(0.0, near) { (yes, no) } else { (no, yes) };
        ways.verdict = clear
            .0
            .filter(|way| way.nearness + BEHIND >= nearest && way.nearness >= clear.1.map_or(0.0, near) + CLEARLY);
        ways
    }

    pub(super) fn write(&self, features: &mut Features) {
        let at = |list: &[f32], place: usize| list.get(place).copied().unwrap_or(0.0);
        features.set(Feature::WayAlike, at(&self.alike, 0));
        features.set(Feature::WayMeant, at(&self.meant, 0));
        features.set(Feature::WayNear, at(&self.near, 0));
        features.set(Feature::WayAlikeNext, at(&self.alike, 1));
        features.set(Feature::WayMeantNext, at(&self.meant, 1));
        features.set(Feature::WayNearNext, at(&self.near, 1));
        features.set(Feature::WayNearThird, at(&self.near, 2));
        let gathered: f32 = self.meant.iter().map(|meant| (SHARPNESS * (meant - 1.0)).exp()).sum();
        features.set(Feature::WaysGathered, (gathered + GATHERED_LEAST).ln() / SHARPNESS + 1.0);
    }
}

/// A way to ask, and how near it is to the question: the mean of its likeness in words and in meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearWay<'a> {
    pub(crate) way: &'a Way,
    pub(crate) nearness: f32,
}
