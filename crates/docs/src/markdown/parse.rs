//! From the parser's events to the tree.

use std::collections::HashMap;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{Block, Inline, plain};

/// Reads CommonMark with tables. What the tree has no form for becomes text.
pub(crate) fn parse(markdown: &str) -> Vec<Block> {
    let mut reader = Reader { events: Parser::new_ext(markdown, Options::ENABLE_TABLES), slugs: HashMap::new() };
    reader.blocks()
}

struct Reader<'a> {
    events: Parser<'a>,
    /// How often each slug was given.
    slugs: HashMap<String, u32>,
}

impl Reader<'_> {
    /// Blocks up to the end of what holds them. A line without a paragraph, as in a tight list, becomes one.
    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut loose = Vec::new();
        while let Some(event) = self.events.next() {
            if let Event::End(_) = event {
                break;
            }
            match self.block(event) {
                Ok(block) => {
                    flush(&mut loose, &mut blocks);
                    blocks.push(block);
                }
                Err(inline) => loose.extend(inline),
            }
        }
        flush(&mut loose, &mut blocks);
        blocks
    }

    /// The block that the event begins, or the parts of a line.
    fn block(&mut self, event: Event<'_>) -> Result<Block, Vec<Inline>> {
        let tag = match event {
            Event::Start(tag) => tag,
            Event::Rule => return Ok(Block::Rule),
            other => return Err(self.inline(other)),
        };
        Ok(match tag {
            Tag::Heading { level, .. } => {
                let children = self.inlines();
                let slug = self.unique(slug(&children));
                Block::Heading { level: level as u8, slug, children }
            }
            Tag::Paragraph | Tag::HtmlBlock => Block::Paragraph(self.inlines()),
            Tag::BlockQuote(_) => Block::Quote(self.blocks()),
            Tag::List(start) => Block::List { start, items: self.items() },
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.split_whitespace().next().unwrap_or("").to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                let text: String = self.inlines().iter().map(|inline| plain(std::slice::from_ref(inline))).collect();
                Block::Code { language, text }
            }
            Tag::Table(_) => self.table(),
            other => return Err(self.inline(Event::Start(other))),
        })
    }

    fn items(&mut self) -> Vec<Vec<Block>> {
        let mut items = Vec::new();
        while let Some(event) = self.events.next() {
            match event {
                Event::Start(Tag::Item) => items.push(self.blocks()),
                Event::End(TagEnd::List(_)) => break,
                _ => {}
            }
        }
        items
    }

    fn table(&mut self) -> Block {
        let (mut head, mut rows) = (Vec::new(), Vec::new());
        let mut row = Vec::new();
        while let Some(event) = self.events.next() {
            match event {
                Event::Start(Tag::TableCell) => row.push(self.inlines()),
                Event::End(TagEnd::TableHead) => head = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table { head, rows }
    }

    /// Parts of lines up to the end of what holds them.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut inlines = Vec::new();
        while let Some(event) = self.events.next() {
            if let Event::End(_) = event {
                break;
            }
            inlines.extend(self.inline(event));
        }
        inlines
    }

    fn inline(&mut self, event: Event<'_>) -> Vec<Inline> {
        match event {
            Event::Start(Tag::Strong) => vec![Inline::Strong(self.inlines())],
            Event::Start(Tag::Emphasis) => vec![Inline::Emphasis(self.inlines())],
            Event::Start(Tag::Link { dest_url, .. }) => {
                vec![Inline::Link { address: dest_url.into_string(), children: self.inlines() }]
            }
            Event::Start(_) => self.inlines(),
            Event::Code(code) => vec![Inline::Code(code.into_string())],
            Event::SoftBreak => vec![Inline::Text(" ".to_owned())],
            Event::HardBreak => vec![Inline::Break],
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => vec![Inline::Text(text.into_string())],
            _ => Vec::new(),
        }
    }

    fn unique(&mut self, slug: String) -> String {
        let seen = self.slugs.entry(slug.clone()).or_default();
        *seen += 1;
        if *seen == 1 { slug } else { format!("{slug}-{}", *seen - 1) }
    }
}

fn flush(loose: &mut Vec<Inline>, blocks: &mut Vec<Block>) {
    if !loose.is_empty() {
        blocks.push(Block::Paragraph(std::mem::take(loose)));
    }
}

/// A heading's place in the address: its words with hyphens; of one that begins with code, such as an error's, the code.
fn slug(heading: &[Inline]) -> String {
    if let [Inline::Code(code), _, ..] = heading {
        return code.clone();
    }
    let text = plain(heading).to_lowercase();
    let kept = text.chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slugs(markdown: &str) -> Vec<String> {
        let blocks = parse(markdown);
        let slug = |block: Block| if let Block::Heading { slug, .. } = block { Some(slug) } else { None };
        blocks.into_iter().filter_map(slug).collect()
    }

    #[test]
    fn headings_have_the_addresses_that_people_write() {
        let markdown = "## Log, timeline and readings\n## `time_limit` Time limit reached\n## viva session create\n\
            ## Stop\n## Stop\n### Does it work?\n## `viva`";
        let expected = [
            "log-timeline-and-readings",
            "time_limit",
            "viva-session-create",
            "stop",
            "stop-1",
            "does-it-work",
            "viva",
        ];
        assert_eq!(slugs(markdown), expected);
    }

    #[test]
    fn tight_lists_tables_and_code_become_blocks() {
        let blocks = parse("- a `b`\n- c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```sh test\nviva\n```\n");
        let [Block::List { items, .. }, Block::Table { head, rows }, Block::Code { language, text }] = &blocks[..]
        else {
            panic!("{blocks:?}")
        };
        assert_eq!((items.len(), head.len(), rows.len()), (2, 2, 1));
        assert_eq!((language.as_str(), text.as_str()), ("sh", "viva\n"));
    }

    #[test]
    fn html_is_text() {
        let blocks = parse("<script>alert(1)</script>\n\nwords <b>bold</b>\n");
        let html = super::super::render_blocks(&blocks);
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    }
}
