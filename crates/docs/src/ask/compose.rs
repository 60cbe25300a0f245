//! The answer's text: passages of a section, in an order that reads as a reply.

use crate::{
    ask::{question::Question, rank::Ranked, verdict},
    passage::{Kind, Passage},
    sought::{Held, Sought},
};

/// Characters of prose that an answer has at most, beside its rows and samples.
pub(crate) const PROSE: usize = 800;
/// And of a further section.
pub(crate) const MORE: usize = 300;
/// Prose of fewer characters is no answer without the table that it introduces.
const LITTLE: usize = 160;
/// Rows of a table that are taken as a whole.
const WHOLE_TABLE: usize = 16;
/// Lines of a sample at most.
const SAMPLE_LINES: usize = 16;
/// Words that point at the sentence before.
const POINTS_BACK: &[&str] = &[
    "it",
    "its",
    "they",
    "their",
    "them",
    "that",
    "this",
    "these",
    "those",
    "then",
    "there",
    "both",
    "so",
    "otherwise",
    "such",
    "one",
    "if",
    "else",
    "neither",
    "instead",
    "also",
    "here",
    "a",
];

/// The passages that an answer takes from a section, by their places, the leading one first.
pub(crate) struct Chosen {
    pub(crate) lead: usize,
    places: Vec<usize>,
}

impl Chosen {
    /// How far they, under their heading, hold what is sought.
    pub(crate) fn held(&self, sought: &Sought, best: &Ranked<'_>) -> Held {
        let mut held = sought.held(&best.entry.heading);
        for terms in self.places.iter().filter_map(|place| best.entry.passages.get(*place)) {
            held.iter_mut().zip(sought.held(terms)).for_each(|(held, own)| *held = held.max(own));
        }
        held
    }
}

/// Chooses from the section.
pub(crate) fn choose(question: &Question, sought: &Sought, best: &Ranked<'_>, room: usize) -> Option<Chosen> {
    let list = &best.section.passages.list;
    let lead = lead(best)?;
    let mut chosen = vec![lead];
    let mut prose = 0;
    let least = best.passages.get(lead).copied().unwrap_or(0.0) * 0.55;
    let mut order: Vec<usize> = (0..list.len()).collect();
    let score = |place: usize| best.passages.get(place).copied().unwrap_or(0.0);
    order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    let whole: usize = list.iter().filter(|passage| is_prose(passage)).map(|passage| passage.plain.len()).sum();
    for place in order {
        let Some(passage) = list.get(place) else { continue };
        if !is_prose(passage) || (whole > room && score(place) < least) || prose + passage.plain.len() > room {
            continue;
        }
        prose += passage.plain.len();
        chosen.push(place);
    }
    let rows = rows(question, sought, best, lead, prose);
    chosen.extend(rows);
    chosen.extend(sample(question, best, &chosen));
    introduce(list, &mut chosen);
    chosen.sort_unstable();
    chosen.dedup();
    Some(Chosen { lead, places: chosen })
}

fn is_prose(passage: &Passage) -> bool {
    matches!(passage.kind, Kind::Sentence | Kind::Item | Kind::Step(_))
}

/// The passage that fits best; a sentence before a row or a sample that fits no better.
fn lead(best: &Ranked<'_>) -> Option<usize> {
    let list = &best.section.passages.list;
    let value = |place: usize| {
        let sentence = list.get(place).is_some_and(|passage| passage.kind == Kind::Sentence);
        best.passages.get(place).copied().unwrap_or(0.0) + if sentence { 0.06 } else { 0.0 } - place as f32 * 0.002
    };
    (0..list.len()).max_by(|a, b| value(*a).total_cmp(&value(*b)))
}

/// The rows to show: those that speak of what the heading does not, else all where the table is short.
fn rows(question: &Question, sought: &Sought, best: &Ranked<'_>, lead: usize, prose: usize) -> Vec<usize> {
    let mut chosen = Vec::new();
    for (number, table) in best.section.passages.tables.iter().enumerate() {
        let places: Vec<usize> = best
            .section
            .passages
            .list
            .iter()
            .enumerate()
            .filter(|(_, passage)| matches!(passage.kind, Kind::Row { table, .. } if table == number))
            .map(|(place, _)| place)
            .collect();
        let in_heading = sought.held(&best.entry.heading);
        let own = |place: usize| -> f32 {
            let Some(terms) = best.entry.passages.get(place) else { return 0.0 };
            let beside = sought.held(terms).into_iter().zip(&in_heading);
            sought.share(&beside.map(|(own, heading)| if *heading < 0.9 { own } else { 0.0 }).collect::<Vec<_>>())
        };
        let most = places.iter().map(|place| own(*place)).fold(0.0, f32::max);
        let least = places.iter().map(|place| own(*place)).fold(f32::INFINITY, f32::min);
        let is_asked_whole =
            question.wanted.list || (most <= least && most > 0.0) || places.contains(&lead) || prose < LITTLE;
        let enough = if question.wanted.difference { 0.3 } else { 0.6 };
        if most > least && !question.wanted.list {
            chosen.extend(places.into_iter().filter(|place| own(*place) >= most * enough));
        } else if table.rows.len() <= WHOLE_TABLE && is_asked_whole {
            chosen.extend(places);
        }
    }
    chosen
}

/// A sample, where it is asked how something is done or nothing but a sample says it.
fn sample(question: &Question, best: &Ranked<'_>, chosen: &[usize]) -> Option<usize> {
    let list = &best.section.passages.list;
    if !question.wanted.steps && !chosen.is_empty() && list.iter().any(is_prose) {
        return None;
    }
    let is_short = |passage: &Passage| passage.plain.lines().count() <= SAMPLE_LINES;
    let samples = list.iter().enumerate().filter(|(_, p)| matches!(p.kind, Kind::Sample { .. }) && is_short(p));
    let score = |place: usize| best.passages.get(place).copied().unwrap_or(0.0);
    samples.map(|(place, _)| place).rev().max_by(|a, b| score(*a).total_cmp(&score(*b)))
}

/// Takes in what a chosen passage cannot be understood without.
fn introduce(list: &[Passage], chosen: &mut Vec<usize>) {
    let mut at = 0;
    while let Some(place) = chosen.get(at).copied() {
        at += 1;
        let Some(passage) = list.get(place) else { continue };
        let Some(before) = passage.after.filter(|before| !chosen.contains(before)) else { continue };
        let leads = list.get(before).is_some_and(|before| before.plain.ends_with(':'));
        let first = passage.plain.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
        let needs = match passage.kind {
            Kind::Sentence => POINTS_BACK.contains(&first.as_str()) || leads,
            Kind::Item | Kind::Step(_) | Kind::Sample { .. } => leads,
            Kind::Row { .. } => false,
        };
        if needs {
            chosen.push(before);
        }
    }
}

/// The chosen passages as Markdown; `says`: the yes or no that it begins with.
pub(crate) fn write(best: &Ranked<'_>, chosen: &Chosen, says: Option<bool>) -> String {
    let list = &best.section.passages.list;
    let mut places = chosen.places.clone();
    // A sentence that can stand first and answers best does.
    if stands_alone(list, chosen.lead) && (says.is_some() || chosen.lead > 0) {
        places.retain(|place| *place != chosen.lead);
        places.insert(0, chosen.lead);
    }
    let first = places.first().and_then(|place| list.get(*place));
    // What says so itself is left as it stands; another's yes or no is to another question.
    let says_itself = says.is_some() && first.and_then(|first| verdict::told(&first.plain)) == says;
    let mut text = String::new();
    if let Some(says) = says.filter(|_| !says_itself) {
        text.push_str(if says { "Yes." } else { "No." });
    }
    let mut at = 0;
    let mut is_after_prose = !text.is_empty();
    while let Some(place) = places.get(at).copied() {
        at += 1;
        let Some(passage) = list.get(place) else { continue };
        match &passage.kind {
            Kind::Sentence => {
                let sentence = if says_itself { passage.text.clone() } else { without_verdict(&passage.text) };
                if !sentence.is_empty() {
                    text.push_str(if text.is_empty() {
                        ""
                    } else if is_after_prose {
                        " "
                    } else {
                        "\n\n"
                    });
                    text.push_str(&sentence);
                }
                is_after_prose = true;
            }
            Kind::Item => line(&mut text, "- ", &passage.text, &mut is_after_prose),
            Kind::Step(number) => line(&mut text, &format!("{number}. "), &passage.text, &mut is_after_prose),
            Kind::Row { table, row } => {
                let mut rows = vec![*row];
                while let Some(Kind::Row { table: same, row }) =
                    places.get(at).and_then(|place| list.get(*place)).map(|passage| &passage.kind)
                {
                    if same != table {
                        break;
                    }
                    rows.push(*row);
                    at += 1;
                }
                if let Some(table) = best.section.passages.tables.get(*table) {
                    text.push_str(if text.is_empty() { "" } else { "\n\n" });
                    text.push_str(&table.markdown(&rows));
                }
                is_after_prose = false;
            }
            Kind::Sample { .. } => {
                text.push_str(if text.is_empty() { "" } else { "\n\n" });
                text.push_str(&passage.text);
                is_after_prose = false;
            }
        }
    }
    text
}

fn line(text: &mut String, mark: &str, item: &str, is_after_prose: &mut bool) {
    let follows_item =
        !*is_after_prose && text.lines().last().is_some_and(|last| last.starts_with("- ") || last.contains(". "));
    text.push_str(if text.is_empty() {
        ""
    } else if follows_item {
        "\n"
    } else {
        "\n\n"
    });
    text.push_str(mark);
    text.push_str(item);
    *is_after_prose = false;
}

fn stands_alone(list: &[Passage], place: usize) -> bool {
    let Some(passage) = list.get(place) else { return false };
    let first = passage.plain.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    passage.kind == Kind::Sentence && !POINTS_BACK.contains(&first.as_str()) && !passage.plain.ends_with(':')
}

/// The sentence without the yes or no that it begins with.
fn without_verdict(sentence: &str) -> String {
    if verdict::told(sentence).is_none() {
        return sentence.to_owned();
    }
    let rest = sentence.trim_start_matches("Yes").trim_start_matches("No").trim_start_matches([',', '.', ':', ' ']);
    let mut characters = rest.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
