//! Yes or no, where a passage supports one of them.

use crate::{
    ask::{question::Question, rank::Ranked},
    index::{Index, Sought},
    passage::Kind,
    words::{stem, words},
};

/// Acts of which one is the other's contrary.
const CONTRARY: &[(&[&str], &[&str])] = &[
    (
        &["delete", "remove", "lose", "erase", "disappear", "wipe"],
        &["keep", "kept", "stay", "survive", "retain", "remain", "preserve"],
    ),
    (&["stop", "end", "die", "close"], &["continue", "run", "survive"]),
    (&["refuse", "reject", "forbid", "block"], &["accept", "allow", "permit"]),
    (&["lock", "encrypt"], &["plain", "unencrypted"]),
];
const NOT: &[&str] = &[
    "not",
    "no",
    "never",
    "cannot",
    "cant",
    "dont",
    "doesnt",
    "isnt",
    "wont",
    "nothing",
    "nobody",
    "none",
    "neither",
    "nor",
    "without",
    "refused",
    "unsupported",
    "ineligible",
    "nowhere",
    "ignored",
];
/// Below this share of what is asked about, a passage supports neither.
const LEAST: f32 = 0.45;

/// What the section's passage says to a question that wants yes or no; `None` where it supports neither.
pub(crate) fn verdict(
    index: &Index,
    question: &Question,
    sought: &Sought,
    best: &Ranked<'_>,
    lead: usize,
) -> Option<bool> {
    let passage = best.section.passages.list.get(lead)?;
    if !question.wanted.verdict || !matches!(passage.kind, Kind::Sentence | Kind::Item) {
        return None;
    }
    let told = told(&passage.plain);
    let first = best.section.passages.list.first().and_then(|first| self::told(&first.plain));
    if let (true, Some(said)) = (best.section.title.ends_with('?') && best.heading >= 0.45, told.or(first)) {
        let flips =
            is_contrary(&question.text, &best.section.title) != (denies(&question.text) != denies(&best.section.title));
        return Some(said != flips);
    }
    if let Some(said) = told {
        return Some(said);
    }
    // A list of what there is not.
    if denies(&best.section.title) && passage.kind == Kind::Item {
        return Some(denies(&question.text));
    }
    let terms = best.entry.passages.get(lead)?;
    let held = sought.held(terms).into_iter().zip(sought.held(&best.entry.heading));
    if sought.share(&held.map(|(own, heading)| own.max(0.7 * heading)).collect::<Vec<_>>()) < LEAST {
        return None;
    }
    let clause = clause(index, sought, &passage.plain)?;
    let negative = denies(clause);
    Some(
        negative == denies(&question.text) && !is_contrary(&question.text, clause)
            || negative && is_contrary(&question.text, clause),
    )
}

/// The yes or no that a sentence begins with.
pub(crate) fn told(plain: &str) -> Option<bool> {
    let first = plain.split(|c: char| !c.is_alphanumeric()).next()?;
    match first {
        "Yes" => Some(true),
        "No" if plain.starts_with("No,") || plain.starts_with("No.") || plain.starts_with("No:") => Some(false),
        _ => None,
    }
}

fn denies(text: &str) -> bool {
    words(text).iter().any(|word| NOT.contains(&word.text.as_str()))
}

/// Whether one speaks of an act and the other of its contrary.
fn is_contrary(a: &str, b: &str) -> bool {
    let stems = |text: &str| words(text).into_iter().map(|word| word.stem).collect::<Vec<_>>();
    let (a, b) = (stems(a), stems(b));
    let has = |stems: &[String], acts: &[&str]| acts.iter().any(|act| stems.contains(&stem(act)));
    CONTRARY.iter().any(|(one, other)| {
        let (a_one, a_other, b_one, b_other) = (has(&a, one), has(&a, other), has(&b, one), has(&b, other));
        (a_other && !b_other && b_one) || (b_other && !a_other && a_one)
    })
}

/// The part of a sentence that speaks of what is asked.
fn clause<'a>(index: &Index, sought: &Sought, plain: &'a str) -> Option<&'a str> {
    let ends = |c: char| matches!(c, ',' | ';' | ':' | '(' | ')');
    let clauses = plain.split(ends).flat_map(|part| part.split(" unless ")).flat_map(|part| part.split(" that "));
    clauses
        .map(|clause| (sought.share(&sought.held(&index.terms_of(clause))), clause))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, clause)| clause)
}
