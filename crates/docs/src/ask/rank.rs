//! Which sections answer a question, and how well.

use crate::{
    ask::question::Question,
    index::{Entry, Term, Terms, Way},
    library::Library,
    page::{Page, Section},
    passage::Kind,
    sought::{Held, Sought},
    vectors::Vector,
};

/// How much of a section's value is what it means; the rest is the words that it has.
const MEANING: f32 = 0.5;
/// How far a heading and a passage that mean what is asked count, beside a way to ask that does.
const MEANT_BY_SECTION: f32 = 0.95;
/// What a passage that means what is asked counts, beside one that has its words.
const MEANT: f32 = 0.5;
/// What counts how much: all of the text, the heading's likeness, the best passage. Found by trying, on the questions to
/// tune by.
const TEXT: f32 = 0.15;
const HEADING: f32 = 0.3;
const PASSAGE: f32 = 0.6;
/// How much more than a heading's likeness that of a way to ask counts.
const ASKED: f32 = 1.25;
/// How much more a way to ask counts that begins as the question does: `where`.
const OPENING: f32 = 1.12;
/// How far the heading, a way to ask, and what the section stands under say for a passage what it does not say itself.
const BY_HEADING: f32 = 0.76;
const BY_ASKED: f32 = 0.34;
const BY_CONTEXT: f32 = 0.85;
/// How much of a passage's value is what it holds together with its heading; the rest is what it holds alone.
const WITH_HEADING: f32 = 0.95;
/// A passage that a way to ask points at.
const POINTED: f32 = 0.6;
/// How much nearer a way to ask without a yes or no may be.
const BEHIND: f32 = 0.1;
/// A section of the page that is asked from.
const SAME_PAGE: f32 = 2.2;
/// A section whose code is in the question.
const NAMED: f32 = 0.4;

/// A section with how well it fits.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<'a> {
    pub(crate) page: &'a Page,
    pub(crate) section: &'a Section,
    pub(crate) entry: &'a Entry,
    pub(crate) score: f32,
    /// The share of what is asked about that its best passage holds, its heading included.
    pub(crate) coverage: f32,
    /// How far question and heading are the same.
    pub(crate) title: f32,
    /// The same, or how far question and a way to ask are.
    pub(crate) heading: f32,
    /// How near to the question the nearest of its heading, its passages and the ways to ask for it is in meaning.
    pub(crate) meaning: f32,
    /// The nearest of the ways to ask for it that have a yes or no, where none without is much nearer.
    pub(crate) way: Option<NearWay<'a>>,
    /// How well each of its passages fits.
    pub(crate) passages: Vec<f32>,
}

/// A way to ask, and how near it is to the question: the mean of its likeness in words and in meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearWay<'a> {
    pub(crate) way: &'a Way,
    pub(crate) nearness: f32,
}

/// The sections that hold anything of it, the best first.
pub(crate) fn rank<'a>(
    library: &'a Library,
    question: &Question,
    sought: &Sought,
    from: Option<&str>,
) -> Vec<Ranked<'a>> {
    let measured = library.index.entries.iter().filter_map(|entry| {
        let page = library.pages.get(entry.page)?;
        let section = page.sections.get(entry.section)?;
        let mut ranked = measure(library, Place { page, section, entry }, sought, question);
        if is_named(section, question) || is_explained(entry, question, sought) {
            ranked.heading = 1.0;
            ranked.score += NAMED;
        }
        ranked.score *= prior(page, section, question) * if from == Some(page.name) { SAME_PAGE } else { 1.0 };
        ranked.score = (1.0 - MEANING) * ranked.score + MEANING * ranked.meaning;
        Some(ranked)
    });
    let mut ranked: Vec<Ranked<'a>> = measured.collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// A section in the library.
#[derive(Clone, Copy)]
struct Place<'a> {
    page: &'a Page,
    section: &'a Section,
    entry: &'a Entry,
}

fn measure<'a>(library: &Library, place: Place<'a>, sought: &Sought, question: &Question) -> Ranked<'a> {
    let Place { page, section, entry } = place;
    let text = sought.share(&entry.weights(sought));
    let near = |other: &Option<Vector>| match (&question.meaning, other) {
        (Some(question), Some(other)) => question.likeness(other),
        (None, _) | (_, None) => 0.0,
    };
    let meanings: Vec<f32> = entry.meanings.iter().map(near).collect();
    let mut meaning = MEANT_BY_SECTION * meanings.iter().copied().fold(near(&entry.meaning), f32::max);
    let in_heading = sought.held(&entry.heading);
    let in_context = sought.held(&entry.context);
    let title = alike(library, &entry.heading, &in_heading, sought);
    let mut heading = title;
    let mut above: Held =
        in_heading.iter().zip(&in_context).map(|(a, b)| (BY_HEADING * a).max(BY_CONTEXT * b)).collect();
    let mut pointed = vec![0.0; entry.passages.len()];
    let (mut nearest, mut way) = (0.0_f32, None::<NearWay<'a>>);
    for asked in &entry.asked {
        let held = sought.held(&asked.terms);
        let opens_so = if question.opening == Some(asked.opening) { OPENING } else { 1.0 };
        let words = alike(library, &asked.terms, &held, sought);
        let alike = opens_so * words;
        heading = heading.max(ASKED * alike);
        let near = near(&asked.meaning);
        meaning = meaning.max(near);
        let nearness = f32::midpoint(words, near);
        nearest = nearest.max(nearness);
        if asked.verdict.is_some() && way.is_none_or(|nearest| nearest.nearness < nearness) {
            way = Some(NearWay { way: asked, nearness });
        }
        if let Some(pointed) = asked.passage.and_then(|passage| pointed.get_mut(passage)) {
            *pointed = f32::max(*pointed, POINTED * alike.max(near));
        }
        above.iter_mut().zip(&held).for_each(|(above, held)| *above = above.max(BY_ASKED * held));
    }
    let mut coverage = sought.share(&above);
    let mut passage = coverage * 0.6;
    let mut passages = Vec::with_capacity(entry.passages.len());
    for (((terms, told), pointed), meant) in
        entry.passages.iter().zip(&section.passages.list).zip(pointed).zip(meanings)
    {
        let own = sought.held(terms);
        let both: Held = own.iter().zip(&above).map(|(own, above)| own.max(*above)).collect();
        let both = sought.share(&both);
        coverage = coverage.max(both);
        let value =
            both * WITH_HEADING + sought.share(&own) * (1.0 - WITH_HEADING) + bonus(question, &told.kind, &told.plain);
        passage = passage.max(value);
        passages.push(value + pointed + MEANT * meant);
    }
    let way = way.filter(|way| way.nearness + BEHIND >= nearest);
    let score = TEXT * text + HEADING * heading + PASSAGE * passage;
    Ranked { page, section, entry, score, coverage, title, heading, meaning, way, passages }
}

/// How far the words of a heading and what is sought are the same: what each holds of the other.
fn alike(library: &Library, terms: &[Term], held: &[f32], sought: &Sought) -> f32 {
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

/// How likely a section is to be what people ask for, whatever they ask.
fn prior(page: &Page, section: &Section, question: &Question) -> f32 {
    let says = |parts: &[&str]| parts.iter().any(|part| question.folded.contains(part));
    let by_page = match page.name {
        "api-reference"
            if !says(&[
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
            ]) =>
        {
            0.6
        }
        "configuration" if !says(&["setting", "config", "key", "toml", "."]) => 0.8,
        "release-notes" if !says(&["release", "version", "changelog", "what's new", "whats new"]) => 0.75,
        "glossary" if question.wanted.meaning => 0.95,
        "glossary" => 0.7,
        "command-line" if !says(&["command", "flag", "cli", "terminal", "viva ", "--", "exit", "environment"]) => 0.85,
        "troubleshooting"
            if !says(&[
                "error", "fail", "reason", "code", "4", "5", "_", "why", "wrong", "slow", "problem", "nonsense",
            ]) =>
        {
            0.9
        }
        _ => 1.0,
    };
    let is_index = !section.passages.tables.is_empty() && section.passages.tables.iter().all(|table| table.is_index);
    by_page * if is_index { 0.5 } else { 1.0 }
}
