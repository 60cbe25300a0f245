//! What the score of a section is reckoned from, and with which weights.

use crate::{
    ask::{question::Question, rank::Ranked, weights::WEIGHTS},
    index::Entry,
    page::{Page, Section},
};

/// How sharply the ways to ask that mean what is asked are gathered; as the vectors were made by.
pub(crate) const SHARPNESS: f32 = 20.0;
/// What a section without any near way gathers.
pub(crate) const GATHERED_LEAST: f32 = 1e-6;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A feature of a section under a question.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Feature { $($(#[$doc])* $name,)* }
        /// Their names, in their order.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name),)*];
    };
}

features! {
    /// How much of the section's text is about what is sought.
    Text,
    /// The share of what is sought that it does not have at all.
    Missing,
    /// The share that what it stands under holds.
    Context,
    /// How far question and heading are the same in words; what the heading holds; how near it is in meaning.
    Heading,
    HeadingHeld,
    HeadingMeant,
    /// The best passage with its heading, the most that a passage holds itself, the nearest in meaning.
    Passage,
    PassageHeld,
    PassageMeant,
    Coverage,
    /// The nearest ways to ask: in words, in meaning, in both; the next ones.
    WayAlike,
    WayMeant,
    WayNear,
    WayAlikeNext,
    WayMeantNext,
    WayNearNext,
    WayNearThird,
    /// All of them in meaning, the nearest counting most.
    WaysGathered,
    /// The shares of the question's pairs and triples of words that its text has, and that the ways to ask have.
    Pairs,
    Triples,
    AskedPairs,
    AskedTriples,
    /// The section's code is in the question; it explains the term that is asked for; it is of the page asked from.
    Named,
    Explained,
    FromPage,
    /// It is of a page that is seldom meant unless the question speaks of it.
    Reference,
    Settings,
    Releases,
    Glossary,
    CommandLine,
    Trouble,
    /// Nothing but links to other places.
    List,
    /// Its heading is a question, and how that suits the one asked.
    AskedVerdict,
    AskedOther,
    /// It has a sample, a figure or steps, where such is wanted.
    Sample,
    Figure,
    /// One over its rank by the nearest way, by meaning, by words.
    RankNear,
    RankMeant,
    RankWords,
}

const COUNT: usize = NAMES.len();

/// The features of a section under a question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features([f32; COUNT]);

impl Default for Features {
    fn default() -> Self {
        Self([0.0; COUNT])
    }
}

impl Features {
    pub(crate) fn set(&mut self, feature: Feature, value: f32) {
        if let Some(place) = self.0.get_mut(feature as usize) {
            *place = value;
        }
    }

    pub(crate) fn get(&self, feature: Feature) -> f32 {
        self.0.get(feature as usize).copied().unwrap_or(0.0)
    }

    pub(crate) fn all(&self) -> &[f32] {
        &self.0
    }

    /// How well the section fits: the logarithm of how likely it is to be the one, up to what all sections have alike.
    pub(crate) fn score(&self) -> f32 {
        self.0.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
    }

    /// What question and section have of runs of words.
    pub(crate) fn runs(&mut self, question: &Question, entry: &Entry) {
        let (pairs, triples) = question.runs.shared(&entry.runs);
        self.set(Feature::Pairs, pairs);
        self.set(Feature::Triples, triples);
        let (pairs, triples) = question.runs.shared(&entry.asked_runs);
        self.set(Feature::AskedPairs, pairs);
        self.set(Feature::AskedTriples, triples);
    }

    /// What the section's form says beforehand.
    pub(crate) fn form(&mut self, entry: &Entry, section: &Section, question: &Question) {
        let tables = &section.passages.tables;
        self.set(Feature::List, f32::from(!tables.is_empty() && tables.iter().all(|table| table.is_index)));
        let asks = section.title.ends_with('?');
        self.set(Feature::AskedVerdict, f32::from(asks && question.wanted.verdict));
        self.set(Feature::AskedOther, f32::from(asks && !question.wanted.verdict));
        self.set(Feature::Sample, f32::from(entry.has_sample && question.wanted.steps));
        self.set(Feature::Figure, f32::from(entry.has_figure && question.wanted.figure));
    }
}

/// What counts against a page that is seldom meant, where the question does not speak of it.
pub(crate) fn seldom(page: &Page, question: &Question) -> Option<Feature> {
    let says = |parts: &[&str]| parts.iter().any(|part| question.folded.contains(part));
    match page.name {
        "api-reference" if !says(OF_REFERENCE) => Some(Feature::Reference),
        "configuration" if !says(&["setting", "config", "key", "toml", "."]) => Some(Feature::Settings),
        "release-notes" if !says(&["release", "version", "changelog", "whats new"]) => Some(Feature::Releases),
        "glossary" if !question.wanted.meaning => Some(Feature::Glossary),
        "command-line" if !says(OF_COMMANDS) => Some(Feature::CommandLine),
        "troubleshooting" if !says(OF_TROUBLE) => Some(Feature::Trouble),
        _ => None,
    }
}

const OF_REFERENCE: &[&str] = &[
    "get /",
    "post /",
    "patch /",
    "delete /",
    "put /",
    "/api/",
    "/v1/",
    "schema",
    "response field",
    "query parameter",
];
const OF_COMMANDS: &[&str] = &["command", "flag", "cli", "terminal", "viva ", "--", "exit", "environment"];
const OF_TROUBLE: &[&str] =
    &["error", "fail", "reason", "code", "4", "5", "_", "why", "wrong", "slow", "problem", "nonsense"];

/// Compares the sections with each other: one over the rank of each.
pub(crate) fn compare(ranked: &mut [Ranked<'_>]) {
    let ranks = [
        (Feature::WayNear, Feature::RankNear),
        (Feature::WaysGathered, Feature::RankMeant),
        (Feature::Passage, Feature::RankWords),
    ];
    for (by, rank) in ranks {
        let mut order: Vec<usize> = (0..ranked.len()).collect();
        let value = |place: &usize| ranked.get(*place).map_or(0.0, |ranked| ranked.features.get(by));
        order.sort_by(|a, b| value(b).total_cmp(&value(a)));
        for (number, place) in order.into_iter().enumerate() {
            if let Some(ranked) = ranked.get_mut(place) {
                ranked.features.set(rank, 1.0 / (number as f32 + 1.0));
            }
        }
    }
}
