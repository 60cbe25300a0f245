//! How people ask for what a section says, in words that the section does not use.

use std::{collections::HashMap, sync::LazyLock};

const SOURCE: &str = include_str!("../assets/asked.txt");

/// A way to ask for a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) phrase: &'static str,
    /// A part of the passage that answers it.
    pub(crate) passage: Option<&'static str>,
}

/// The ways to ask for a section; none for most of those that are generated.
pub(crate) fn asked(page: &str, slug: &str) -> &'static [Asked] {
    static BY_SECTION: LazyLock<HashMap<&str, Vec<Asked>>> = LazyLock::new(read);
    BY_SECTION.get(format!("{page}#{slug}").as_str()).map_or(&[], Vec::as_slice)
}

fn read() -> HashMap<&'static str, Vec<Asked>> {
    let mut sections: HashMap<&str, Vec<Asked>> = HashMap::new();
    let mut current = "";
    for line in SOURCE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.contains('#') && !line.contains(' ') {
            current = line;
            continue;
        }
        let (phrase, passage) = line.split_once(" => ").map_or((line, None), |(phrase, part)| (phrase, Some(part)));
        sections.entry(current).or_default().push(Asked { phrase, passage });
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    #[test]
    fn every_section_and_passage_that_is_asked_for_is_there() {
        for (place, ways) in read() {
            let (page, slug) = place.split_once('#').unwrap();
            let page = library().find_page(page).unwrap_or_else(|| panic!("{place}: there is no such page"));
            let section = page.sections.iter().find(|section| section.slug == slug);
            let section = section.unwrap_or_else(|| panic!("{place}: there is no such section"));
            for part in ways.iter().filter_map(|way| way.passage) {
                let is_there = section.passages.list.iter().any(|passage| passage.plain.contains(part));
                assert!(is_there, "{place}: no passage has `{part}`");
            }
        }
    }
}
