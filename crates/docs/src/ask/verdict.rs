//! Yes or no, where the documentation says one of them: a passage that begins so, or a way to ask that is marked so with
//! the passage that says it. Nothing is inferred.

use crate::{
    ask::{question::Question, rank::Ranked},
    words::words,
};

/// Acts of which one is the other's contrary: who asks for one is not told of the other.
const CONTRARY: &[(&[&str], &[&str])] = &[
    (
        &["delete", "remove", "lose", "erase", "disappear", "wipe", "gone"],
        &["keep", "stay", "survive", "retain", "remain", "preserve", "still"],
    ),
    (&["stop", "end", "die", "close", "kill"], &["continue", "run", "survive", "start"]),
    (&["need", "require"], &["work", "run", "possible", "without"]),
    (&["refuse", "reject", "forbid", "block"], &["accept", "allow", "permit"]),
    (&["lock", "encrypt"], &["plain", "unencrypted"]),
    (&["automatically", "itself"], &["manually", "myself"]),
    (&["change", "expire", "rotate", "differ"], &["survive", "stay", "keep", "same", "remain"]),
    (&["before"], &["after"]),
    (&["more"], &["less", "fewer"]),
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
    "arent",
    "didnt",
    "nothing",
    "nobody",
    "none",
    "neither",
    "nor",
    "without",
    "unable",
    "impossible",
    "only",
    "offline",
];
/// How near to the question a way to ask, and a heading, must be, for what is said to it to be said to the question.
const WAY: f32 = 0.55;
const HEADING: f32 = 0.5;

/// What the section says to a question that wants yes or no; `None` where it says neither.
pub(crate) fn verdict(question: &Question, best: &Ranked<'_>, lead: usize) -> Option<bool> {
    if !question.wanted.verdict {
        return None;
    }
    if let Some(way) = best.way.filter(|way| way.nearness >= WAY)
        && way.way.verdict.is_some()
        && asks_the_same(&question.text, way.way.phrase)
    {
        return way.way.verdict;
    }
    let list = &best.section.passages.list;
    let asks_so = best.section.title.ends_with('?') && best.title >= HEADING;
    if !asks_so || !asks_the_same(&question.text, &best.section.title) {
        return None;
    }
    let told = |place: usize| list.get(place).and_then(|passage| told(&passage.plain));
    told(lead).or(told(0))
}

/// The yes or no that a sentence begins with.
pub(crate) fn told(plain: &str) -> Option<bool> {
    let ends = |rest: &str| rest.starts_with([',', '.', ':', ';']);
    if plain.strip_prefix("Yes").is_some_and(ends) {
        return Some(true);
    }
    plain.strip_prefix("No").is_some_and(ends).then_some(false)
}

/// Whether neither denies what the other does not, nor speaks of the contrary.
fn asks_the_same(a: &str, b: &str) -> bool {
    denies(a) == denies(b) && !is_contrary(a, b)
}

fn denies(text: &str) -> bool {
    words(text).iter().any(|word| NOT.contains(&word.text.as_str()))
}

/// Whether one speaks of an act and the other of its contrary.
fn is_contrary(a: &str, b: &str) -> bool {
    let stems = |text: &str| words(text).into_iter().map(|word| word.stem).collect::<Vec<_>>();
    let (a, b) = (stems(a), stems(b));
    let has = |stems: &[String], acts: &[&str]| acts.iter().any(|act| stems.contains(&crate::words::stem(act)));
    CONTRARY.iter().any(|(one, other)| {
        let (a_one, a_other, b_one, b_other) = (has(&a, one), has(&a, other), has(&b, one), has(&b, other));
        (a_other && !b_other && b_one) || (b_other && !a_other && a_one)
    })
}
