//! All pages, in their order, with the index over them.

use std::sync::LazyLock;

use crate::{index::Index, page::Page};

/// The pages that this crate was built with, by name.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The documentation. Made once, when it is first asked for.
pub fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::new(SOURCES));
    &LIBRARY
}

/// Pages and what is known of their words.
#[derive(Debug)]
pub struct Library {
    pub(crate) pages: Vec<Page>,
    pub(crate) index: Index,
}

impl Library {
    /// A library of these pages: names and files.
    pub(crate) fn new(sources: &[(&'static str, &'static str)]) -> Self {
        let mut pages: Vec<Page> = sources.iter().map(|(name, source)| Page::read(name, source)).collect();
        pages.sort_by(|a, b| (a.order, a.name).cmp(&(b.order, b.name)));
        let index = Index::new(&pages);
        Self { pages, index }
    }

    /// The pages in their order.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    pub fn find_page(&self, name: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::markdown::{Block, Inline};

    #[test]
    fn every_page_has_a_title_a_description_and_a_place_of_its_own() {
        let pages = library().pages();
        assert!(pages.len() > 10);
        assert_eq!(pages.first().map(|page| page.name), Some("start"));
        let mut places = BTreeSet::new();
        for page in pages {
            assert!(!page.title.is_empty() && page.description.ends_with('.'), "{}", page.name);
            assert!(page.order < u32::MAX && places.insert(page.order), "{}: order {}", page.name, page.order);
            let mut slugs = BTreeSet::new();
            assert!(page.sections.iter().all(|section| slugs.insert(&section.slug)), "{}", page.name);
        }
    }

    #[test]
    fn every_link_between_pages_leads_somewhere() {
        for page in library().pages() {
            for address in links(&page.blocks) {
                if address.contains(':') || address.starts_with('/') {
                    continue;
                }
                let (path, slug) = address.split_once('#').unwrap_or((&address, ""));
                let name = if path.is_empty() { page.name } else { path.trim_end_matches(".md") };
                let target = library().find_page(name);
                assert!(
                    target.is_some_and(|target| target.sections.iter().any(|section| section.slug == slug)),
                    "{}: {address}",
                    page.name
                );
            }
        }
    }

    fn links(blocks: &[Block]) -> Vec<String> {
        let mut found = Vec::new();
        for block in blocks {
            match block {
                Block::Heading { children, .. } | Block::Paragraph(children) => in_line(children, &mut found),
                Block::List { items, .. } => items.iter().for_each(|item| found.extend(links(item))),
                Block::Table { head, rows } => {
                    head.iter().chain(rows.iter().flatten()).for_each(|cell| in_line(cell, &mut found));
                }
                Block::Quote(blocks) => found.extend(links(blocks)),
                Block::Code { .. } | Block::Rule => {}
            }
        }
        found
    }

    fn in_line(inlines: &[Inline], found: &mut Vec<String>) {
        for inline in inlines {
            match inline {
                Inline::Link { address, children } => {
                    found.push(address.clone());
                    in_line(children, found);
                }
                Inline::Strong(children) | Inline::Emphasis(children) => in_line(children, found),
                Inline::Text(_) | Inline::Code(_) | Inline::Break => {}
            }
        }
    }
}
