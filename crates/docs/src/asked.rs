//! How people ask for what a section says, in words that the section does not use.

use std::{collections::HashMap, sync::LazyLock};

const SOURCE: &str = include_str!("../assets/asked.txt");
const UNANSWERED: &str = include_str!("../assets/unanswered.txt");

/// A way to ask for a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) phrase: &'static str,
    /// A part of the passage that answers it.
    pub(crate) passage: Option<&'static str>,
    /// The yes or no that the passage says to it.
    pub(crate) verdict: Option<bool>,
}

/// The ways to ask for a section; none for most of those that are generated.
pub(crate) fn asked(page: &str, slug: &str) -> &'static [Asked] {
    static BY_SECTION: LazyLock<HashMap<&str, Vec<Asked>>> = LazyLock::new(read);
    BY_SECTION.get(format!("{page}#{slug}").as_str()).map_or(&[], Vec::as_slice)
}

/// What people ask and the documentation does not answer.
pub(crate) fn unanswered() -> impl Iterator<Item = &'static str> {
    UNANSWERED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read() -> HashMap<&'static str, Vec<Asked>> {
    let mut sections: HashMap<&str, Vec<Asked>> = HashMap::new();
    let mut current = "";
    for line in SOURCE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.contains('#') && !line.contains(' ') {
            current = line;
            continue;
        }
        let mut parts = line.split(" => ");
        let phrase = parts.next().unwrap_or_default();
        let passage = parts.next();
        let verdict = parts.next().map(|said| said == "yes");
        sections.entry(current).or_default().push(Asked { phrase, passage, verdict });
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    #[test]
    fn every_section_and_passage_that_is_asked_for_is_there() {
        let mut wrong = Vec::new();
        for (place, ways) in read() {
            let (page, slug) = place.split_once('#').unwrap();
            let sections = library().find_page(page).map(|page| &page.sections);
            let Some(section) = sections.and_then(|sections| sections.iter().find(|section| section.slug == slug))
            else {
                wrong.push(format!("{place}: there is no such section"));
                continue;
            };
            for part in ways.iter().filter_map(|way| way.passage) {
                if !section.passages.list.iter().any(|passage| passage.plain.contains(part)) {
                    wrong.push(format!("{place}: no passage has `{part}`"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
