//! The pages for programs: Markdown, and the lists of it that language models look for.

use std::fmt::Write;

use crate::{library::Library, page::Page};

impl Library {
    /// A page as Markdown, with a note on how to ask.
    pub fn page_markdown(&self, page: &Page) -> String {
        let Page { name, title, description, body, .. } = page;
        format!(
            "# {title}\n\n{description}\n\n{}\n\n---\n\n{}",
            body.trim_end(),
            format_args!(
                "Ask this documentation: `GET /docs/{name}.md?ask=<question>` answers in Markdown, and as JSON with \
                 `Accept: application/json`. All pages: [/llms.txt](/llms.txt).\n"
            )
        )
    }

    /// `/llms.txt`: what this is, and each page with its sentence.
    pub fn llms(&self) -> String {
        let mut text = "# Viva\n\n> Interactive sessions on language models: self-hosted, bounded in time, with a \
            playground and an OpenAI-compatible endpoint.\n\nAny page answers questions: append `?ask=<question>` to \
            its address. All pages in one: [/llms-full.txt](/llms-full.txt). The API for programs: \
            [/api/openapi.json](/api/openapi.json).\n\n## Documentation\n\n"
            .to_owned();
        for page in self.pages() {
            let _ = writeln!(text, "- [{}]({}.md): {}", page.title, page.url(), page.description);
        }
        text
    }

    /// `/llms-full.txt`: every page in one.
    pub fn llms_full(&self) -> String {
        let mut text = "# Viva\n".to_owned();
        for page in self.pages() {
            let _ = write!(text, "\n# {}\n\n{}\n\n{}\n", page.title, page.description, page.body.trim_end());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::library;

    #[test]
    fn the_lists_name_every_page_and_each_page_tells_how_to_ask() {
        let (list, full) = (library().llms(), library().llms_full());
        for page in library().pages() {
            assert!(list.contains(&format!("]({}.md)", page.url())) && full.contains(&format!("\n# {}\n", page.title)));
            let markdown = library().page_markdown(page);
            assert!(
                markdown.starts_with(&format!("# {}\n", page.title)) && markdown.contains("?ask="),
                "{}",
                page.name
            );
        }
    }
}
