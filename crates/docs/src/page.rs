//! A page: its front matter and its sections.

use crate::{
    markdown::{Block, parse, plain},
    passage::{Passages, passages},
};

/// A page of the documentation.
#[derive(Debug)]
pub struct Page {
    /// As in its address: `manage-a-session`.
    pub name: &'static str,
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Its place among the pages.
    pub order: u32,
    /// Its Markdown, without the front matter.
    pub body: &'static str,
    /// The first is the page's beginning, before any heading.
    pub sections: Vec<Section>,
    pub(crate) blocks: Vec<Block>,
}

/// A part of a page, from its heading to the next.
#[derive(Debug)]
pub struct Section {
    /// As in its address, after `#`; empty for the page's beginning.
    pub slug: String,
    /// The heading; the page's title for its beginning.
    pub title: String,
    /// 1 for the page's beginning, 2 for `##`, 3 for `###`.
    pub level: u8,
    /// The heading that this one stands under, where there is one.
    pub parent: Option<String>,
    pub(crate) passages: Passages,
}

impl Page {
    /// Reads a file of `docs/`.
    pub(crate) fn read(name: &'static str, source: &'static str) -> Self {
        let rest = source.strip_prefix("---\n").unwrap_or(source);
        let (front, body) = rest.split_once("\n---\n").unwrap_or(("", rest));
        let field = |key: &str| {
            let lines = front.lines().filter_map(|line| line.split_once(':'));
            lines.into_iter().find(|(found, _)| *found == key).map(|(_, value)| value.trim().to_owned())
        };
        let title = field("title").unwrap_or_else(|| name.to_owned());
        let blocks = parse(body);
        Self {
            name,
            sections: sections(name, &title, &blocks),
            title,
            description: field("description").unwrap_or_default(),
            order: field("order").and_then(|order| order.parse().ok()).unwrap_or(u32::MAX),
            body: body.trim_start_matches('\n'),
            blocks,
        }
    }

    /// Its address on the server.
    pub fn url(&self) -> String {
        format!("/docs/{}", self.name)
    }

    /// A section's address on the server.
    pub fn url_of(&self, section: &Section) -> String {
        if section.slug.is_empty() { self.url() } else { format!("{}#{}", self.url(), section.slug) }
    }
}

fn sections(page: &str, title: &str, blocks: &[Block]) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut parent: Option<String> = None;
    let mut open = (String::new(), title.to_owned(), 1_u8, None::<String>);
    let mut held: Vec<&Block> = Vec::new();
    for block in blocks {
        let Block::Heading { level, slug, children } = block else {
            held.push(block);
            continue;
        };
        let heading = plain(children);
        let above = if *level > 2 { parent.clone() } else { None };
        if *level <= 2 {
            parent = Some(heading.clone());
        }
        let next = (slug.clone(), heading, *level, above);
        sections.push(section(page, std::mem::replace(&mut open, next), &std::mem::take(&mut held)));
    }
    sections.push(section(page, open, &held));
    sections
}

fn section(
    page: &str,
    (slug, title, level, parent): (String, String, u8, Option<String>),
    blocks: &[&Block],
) -> Section {
    Section { slug, title, level, parent, passages: passages(page, blocks) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_front_matter_and_its_sections() {
        let page = Page::read(
            "p",
            "---\ntitle: A page\ndescription: Of: sorts.\norder: 7\n---\n\nFirst.\n\n## One\n\n### Two\n\nx\n",
        );
        assert_eq!((page.title.as_str(), page.description.as_str(), page.order), ("A page", "Of: sorts.", 7));
        let told: Vec<_> =
            page.sections.iter().map(|s| (page.url_of(s), s.title.as_str(), s.parent.as_deref())).collect();
        let expected = [
            ("/docs/p".to_owned(), "A page", None),
            ("/docs/p#one".to_owned(), "One", None),
            ("/docs/p#two".to_owned(), "Two", Some("One")),
        ];
        assert_eq!(told, expected);
        assert!(page.body.starts_with("First."));
    }
}
