//! Which sections answer a question, and how well.

use crate::{
    ask::{
        features::{self, Feature, Features},
        question::Question,
        ways::{NearWay, Ways},
    },
    index::{Entry, Term, Terms},
    library::Library,
    page::{Page, Section},
    passage::Kind,
    sought::{Held, Sought},
    vectors::Vector,
};

/// How far the heading, a way to ask, and what the section stands under say for a passage what it does not say itself.
const BY_HEADING: f32 = 0.76;
const BY_ASKED: f32 = 0.34;
const BY_CONTEXT: f32 = 0.85;
/// How much of a passage's value is what it holds together with its heading; the rest is what it holds alone.
const WITH_HEADING: f32 = 0.95;
/// What a passage that means what is asked counts, beside one that has its words.
const MEANT: f32 = 0.5;
/// How far a heading and a passage that mean what is asked count, beside a way to ask that does.
const MEANT_BY_SECTION: f32 = 0.95;

/// A section with how well it fits.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<'a> {
    pub(crate) page: &'a Page,
    pub(crate) section: &'a Section,
    pub(crate) entry: &'a Entry,
    pub(crate) score: f32,
    /// What its score is reckoned from.
    pub(crate) features: Features,
    /// The share of what is asked about that its best passage holds, its heading included.
    pub(crate) coverage: f32,
    /// How far question and heading are the same.
    pub(crate) title: f32,
    /// How near to the question the nearest of its heading, its passages and the ways to ask for it is in meaning.
    pub(crate) meaning: f32,
    /// The nearest of the ways to ask for it that have a yes or no, where none without is much nearer.
    pub(crate) way: Option<NearWay<'a>>,
    /// How well each of its passages fits.
    pub(crate) passages: Vec<f32>,
}

/// The sections that hold anything of it, the best first.
pub(crate) fn rank<'a>(
    library: &'a Library,
    question: &Question,
    sought: &Sought,
    from: Option<&str>,
) -> Vec<Ranked<'a>> {
    let seldom: Vec<Option<Feature>> = library.pages.iter().map(|page| features::seldom(page, question)).collect();
    let measured = library.index.entries.iter().filter_map(|entry| {
        let page = library.pages.get(entry.page)?;
        let section = page.sections.get(entry.section)?;
        Some(measure(
            library,
            Place { page, section, entry, seldom: seldom.get(entry.page).copied().flatten() },
            sought,
            question,
            from,
        ))
    });
    let mut ranked: Vec<Ranked<'a>> = measured.collect();
    features::compare(&mut ranked);
    ranked.iter_mut().for_each(|ranked| ranked.score = ranked.features.score());
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// A section in the library.
#[derive(Clone, Copy)]
struct Place<'a> {
    page: &'a Page,
    section: &'a Section,
    entry: &'a Entry,
    /// What counts against its page.
    seldom: Option<Feature>,
}

fn measure<'a>(
    library: &Library,
    place: Place<'a>,
    sought: &Sought,
    question: &Question,
    from: Option<&str>,
) -> Ranked<'a> {
    let Place { page, section, entry, seldom } = place;
    let near = |other: &Option<Vector>| match (&question.meaning, other) {
        (Some(question), Some(other)) => question.likeness(other),
        (None, _) | (_, None) => 0.0,
    };
    let mut features = Features::default();
    let in_heading = sought.held(&entry.heading);
    let in_context = sought.held(&entry.context);
    let title = alike(library, &entry.heading, &in_heading, sought);
    let ways = Ways::measure(library, entry, sought, question);
    let above: Held = in_heading
        .iter()
        .zip(&in_context)
        .zip(&ways.held)
        .map(|((heading, context), way)| (BY_HEADING * heading).max(BY_CONTEXT * context).max(BY_ASKED * way))
        .collect();
    let meanings: Vec<f32> = entry.meanings.iter().map(near).collect();
    let told = passages(place, question, sought, &Beside { above, meanings: &meanings, pointed: &ways.pointed });
    let weights = entry.weights(sought);
    let by_heading = near(&entry.meaning);
    let by_passage = meanings.iter().copied().fold(0.0, f32::max);
    let is_named = is_named(section, question);
    features.set(Feature::Text, sought.share(&weights));
    features.set(Feature::Missing, missing(sought, &weights));
    features.set(Feature::Context, sought.share(&in_context));
    features.set(Feature::Heading, title);
    features.set(Feature::HeadingHeld, sought.share(&in_heading));
    features.set(Feature::HeadingMeant, by_heading);
    features.set(Feature::Passage, told.best);
    features.set(Feature::PassageHeld, told.held);
    features.set(Feature::PassageMeant, by_passage);
    features.set(Feature::Coverage, told.coverage);
    ways.write(&mut features);
    features.runs(question, entry);
    features.set(Feature::Named, f32::from(is_named));
    features.set(Feature::Explained, f32::from(is_explained(entry, question, sought)));
    features.set(Feature::FromPage, f32::from(from == Some(page.name)));
    features.form(entry, section, question);
    if let Some(feature) = seldom {
        features.set(feature, 1.0);
    }
    Ranked {
        page,
        section,
        entry,
        score: 0.0,
        features,
        coverage: told.coverage,
        title,
        meaning: (MEANT_BY_SECTION * by_heading.max(by_passage)).max(ways.meant.first().copied().unwrap_or(0.0)),
        way: ways.verdict,
        passages: told.values,
    }
}

/// The share of what is sought that the section does not have at all.
fn missing(sought: &Sought, weights: &[f32]) -> f32 {
    let absent: Vec<f32> = weights.iter().map(|weight| f32::from(*weight <= 0.0)).collect();
    sought.share(&absent)
}

/// How well the passages of a section fit.
struct Told {
    values: Vec<f32>,
    /// The best value by words alone.
    best: f32,
    /// The most of what is sought that one of them holds itself.
    held: f32,
    /// The same, with its heading.
    coverage: f32,
}

/// What is known of a section's passages beside their own words.
struct Beside<'a> {
    /// How far each of what is sought is said by the heading, by what the section stands under, by a way to ask.
    above: Held,
    /// How near in meaning each passage is.
    meanings: &'a [f32],
    /// How near the nearest way to ask that points at it is.
    pointed: &'a [f32],
}

fn passages(place: Place<'_>, question: &Question, sought: &Sought, beside: &Beside<'_>) -> Told {
    let by_heading = sought.share(&beside.above);
    let mut told = Told { values: Vec::new(), best: by_heading * 0.6, held: 0.0, coverage: by_heading };
    let list = place.entry.passages.iter().zip(&place.section.passages.list);
    for (((terms, passage), pointed), meant) in list.zip(beside.pointed).zip(beside.meanings) {
        let own = sought.held(terms);
        let both: Held = own.iter().zip(&beside.above).map(|(own, above)| own.max(*above)).collect();
        let (own, both) = (sought.share(&own), sought.share(&both));
        let value = both * WITH_HEADING + own * (1.0 - WITH_HEADING) + bonus(question, &passage.kind, &passage.plain);
        told.coverage = told.coverage.max(both);
        told.held = told.held.max(own);
        told.best = told.best.max(value);
        told.values.push(value + pointed + MEANT * meant);
    }
    told
}

/// How far the words of a heading and what is sought are the same: what each holds of the other.
pub(super) fn alike(library: &Library, terms: &[Term], held: &[f32], sought: &Sought) -> f32 {
    let recall = sought.share(held);
    if recall <= 0.0 {
        return 0.0;
    }
    let (mut met, mut all) = (0.0, 0.0);
    for term in terms {
        let weight = library.index.weight(*term);
        met += weight * sought.nearness(*term);
        all += weight;
    }
    let precision = met / f32::max(all, f32::EPSILON);
    2.0 * recall * precision / (recall + precision).max(f32::EPSILON)
}

/// Whether the question has the section's own code in it: `out_of_memory`.
fn is_named(section: &Section, question: &Question) -> bool {
    let is_code = |c: char| c.is_ascii_alphanumeric() || c == '_';
    section.slug.contains('_') && question.folded.split(|c| !is_code(c)).any(|word| word == section.slug)
}

/// Whether a term is asked for that the section explains: that and nothing else.
fn is_explained(entry: &Entry, question: &Question, sought: &Sought) -> bool {
    let count = sought.concepts.len();
    let is_term = |name: &&Terms| name.len() == count && name.iter().all(|term| sought.nearness(*term) >= 1.0);
    (question.wanted.meaning || question.wanted.steps) && entry.names.iter().any(|name| is_term(&name))
}

/// What the kind of question gives a passage beforehand.
fn bonus(question: &Question, kind: &Kind, plain: &str) -> f32 {
    let wanted = question.wanted;
    let mut bonus = 0.0;
    if wanted.figure && plain.chars().any(|c| c.is_ascii_digit()) {
        bonus += 0.08;
    }
    if wanted.steps && (matches!(kind, Kind::Sample { .. } | Kind::Step(_)) || plain.contains("viva ")) {
        bonus += 0.05;
    }
    if wanted.place && (plain.contains('/') || plain.contains(" in ")) {
        bonus += 0.05;
    }
    if wanted.verdict && (plain.starts_with("Yes") || plain.starts_with("No")) {
        bonus += 0.10;
    }
    bonus
}
