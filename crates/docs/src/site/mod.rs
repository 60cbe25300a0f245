//! The pages as a site: HTML documents that need no script, and the same for programs.

mod frame;
mod programs;

use std::fmt::Write;

use protocol::docs::DocsHit;

use crate::{
    ask::Asked,
    library::Library,
    markdown::{escape, parse, render_blocks},
    page::Page,
};

/// The look: the console's constants and what its pages share with these, then the site's own rules.
pub const STYLE: &str = concat!(
    include_str!("../../../../web/src/styles/tokens.css"),
    include_str!("../../../../web/src/styles/base.css"),
    include_str!("../../../../web/src/styles/controls.css"),
    include_str!("../../../../web/src/styles/header.css"),
    include_str!("../../assets/docs.css"),
);
/// The console's icon, as SVG.
pub const ICON: &str = include_str!("../../../../web/src/assets/icon.svg");
/// Search as you type, copying of samples, the console's choice of theme. Nothing else needs it.
pub const SCRIPT: &str = include_str!("../../assets/docs.js");

impl Library {
    /// A page as an HTML document.
    pub fn page_html(&self, page: &Page) -> String {
        let mut main =
            format!("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n", escape(&page.title), escape(&page.description));
        main.push_str(&render_blocks(&page.blocks));
        main.push_str(&self.neighbours(page));
        let head = frame::Head { title: &page.title, description: &page.description, markdown: Some(page.name) };
        frame::document(self, &head, Some(page), "", &main, &contents(page))
    }

    /// What was found for a question or words, as an HTML document.
    pub fn search_html(&self, typed: &str, asked: Option<&Asked>, hits: &[DocsHit]) -> String {
        let mut main = "<h1>Search</h1>\n".to_owned();
        if let Some(asked) = asked {
            main.push_str("<section class=\"answer\" aria-label=\"Answer\">\n");
            main.push_str(&render_blocks(&parse(&asked.answer.answer)));
            main.push_str("</section>\n");
        }
        match (typed.trim(), hits) {
            ("", _) => main.push_str("<p>Type what you look for, or a question, into the box above.</p>\n"),
            (_, []) => main.push_str("<p>Nothing in the documentation has these words.</p>\n"),
            _ => main.push_str(&listed(hits)),
        }
        let head = frame::Head { title: "Search", description: "Search the documentation.", markdown: None };
        frame::document(self, &head, None, typed, &main, "")
    }

    /// The answer to an address that is no page's, as an HTML document.
    pub fn absent_html(&self, name: &str) -> String {
        let mut main = format!("<h1>No such page</h1>\n<p>There is no page <code>{}</code>.</p>\n", escape(name));
        let hits = self.search(&name.replace(['-', '_', '/', '.'], " "), 5);
        if !hits.is_empty() {
            main.push_str("<p>It may be one of these:</p>\n");
            main.push_str(&listed(&hits));
        }
        let head = frame::Head { title: "No such page", description: "There is no such page.", markdown: None };
        frame::document(self, &head, None, "", &main, "")
    }

    /// Links to the pages before and after.
    fn neighbours(&self, page: &Page) -> String {
        let at = self.pages.iter().position(|other| other.name == page.name).unwrap_or(0);
        let before = at.checked_sub(1).and_then(|at| self.pages.get(at));
        let link = |page: Option<&Page>, class: &str| {
            page.map_or_else(String::new, |page| {
                format!("<a class=\"{class}\" rel=\"{class}\" href=\"{}\">{}</a>", page.url(), escape(&page.title))
            })
        };
        let (before, after) = (link(before, "prev"), link(self.pages.get(at + 1), "next"));
        format!("<nav class=\"neighbours\" aria-label=\"Neighbouring pages\">{before}{after}</nav>\n")
    }
}

/// The page's headings as links.
fn contents(page: &Page) -> String {
    let sections = page.sections.iter().filter(|section| !section.slug.is_empty());
    let mut html = String::new();
    for section in sections {
        let (slug, title) = (escape(&section.slug), escape(&section.title));
        let _ = writeln!(html, "<li class=\"level-{}\"><a href=\"#{slug}\">{title}</a></li>", section.level);
    }
    html
}

fn listed(hits: &[DocsHit]) -> String {
    let mut html = "<ol class=\"hits\">\n".to_owned();
    for hit in hits {
        let [url, title, section, text] = [&hit.url, &hit.title, &hit.section, &hit.text].map(|text| escape(text));
        let place =
            if hit.title == hit.section { String::new() } else { format!("<span class=\"quiet\">{title}</span> ") };
        let _ = writeln!(html, "<li>{place}<a href=\"{url}\">{section}</a><p>{text}</p></li>");
    }
    html.push_str("</ol>\n");
    html
}

#[cfg(test)]
mod tests {
    use crate::library;

    #[test]
    fn what_is_typed_is_shown_and_never_run() {
        let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
        let html = library().search_html(hostile, None, &[]);
        assert!(
            html.contains("&quot;&gt;&lt;script&gt;") && !html.contains("<img") && !html.contains("<script>"),
            "{html}"
        );
        let html = library().absent_html(hostile);
        assert!(!html.contains("<img") && !html.contains("<script>"), "{html}");
    }

    #[test]
    fn a_page_has_its_navigation_its_contents_and_no_script_of_its_own() {
        let page = library().find_page("manage-a-session").unwrap();
        let html = library().page_html(page);
        for part in
            ["<h2 id=\"stop\">", "href=\"#stop\"", "aria-current=\"page\"", "href=\"/docs/start\"", "rel=\"next\""]
        {
            assert!(html.contains(part), "{part}");
        }
        assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/docs/script.js\"></script>").count());
        assert!(!html.contains("style=") && !html.contains(" onclick"));
    }
}
