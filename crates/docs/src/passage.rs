//! What an answer is made of: the sentences, list items, table rows and samples of a section.

use crate::markdown::{Block, Inline, inline_markdown, plain, table_markdown};

/// A section's passages, in their order.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    pub(crate) list: Vec<Passage>,
    pub(crate) tables: Vec<Table>,
}

#[derive(Debug)]
pub(crate) struct Passage {
    pub(crate) kind: Kind,
    /// In Markdown.
    pub(crate) text: String,
    /// What a reader reads of it.
    pub(crate) plain: String,
    /// The passage that introduces it: the sentence before, the line above a list, a table or a sample.
    pub(crate) after: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Sentence,
    Item,
    /// Of a numbered list, with its number.
    Step(u64),
    Row {
        table: usize,
        row: usize,
    },
    Sample {
        language: String,
    },
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Its first column is nothing but links: a list of places, which answers no question itself.
    pub(crate) is_index: bool,
}

impl Table {
    /// These rows under the table's header.
    pub(crate) fn markdown(&self, rows: &[usize]) -> String {
        let rows: Vec<&[String]> = rows.iter().filter_map(|row| self.rows.get(*row)).map(Vec::as_slice).collect();
        table_markdown(&self.head, &rows)
    }
}

pub(crate) fn passages(page: &str, blocks: &[&Block]) -> Passages {
    let mut gathered = Gathered { page, passages: Passages::default(), before: None };
    blocks.iter().for_each(|block| gathered.block(block));
    gathered.passages
}

struct Gathered<'a> {
    page: &'a str,
    passages: Passages,
    /// The last sentence, which may introduce what comes.
    before: Option<usize>,
}

impl Gathered<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(line) => self.paragraph(line),
            Block::List { start, items } => {
                let above = self.before;
                for (number, item) in (start.unwrap_or(0)..).zip(items) {
                    self.before = above;
                    let kind = if start.is_some() { Kind::Step(number) } else { Kind::Item };
                    self.item(kind, item);
                }
            }
            Block::Table { head, rows } => self.table(head, rows),
            Block::Code { language, text } => {
                let fenced = format!("```{language}\n{}\n```", text.trim_end());
                let kind = Kind::Sample { language: language.clone() };
                self.push(kind, fenced, text.trim_end().to_owned(), self.before);
            }
            Block::Quote(blocks) => blocks.iter().for_each(|block| self.block(block)),
            Block::Heading { .. } | Block::Rule => {}
        }
    }

    fn push(&mut self, kind: Kind, text: String, plain: String, after: Option<usize>) -> usize {
        self.passages.list.push(Passage { kind, text, plain, after });
        self.passages.list.len() - 1
    }

    fn paragraph(&mut self, line: &[Inline]) {
        self.before = None;
        for sentence in sentences(line) {
            let (text, plain) = (inline_markdown(&sentence, self.page), plain(&sentence));
            self.before = Some(self.push(Kind::Sentence, text.trim().to_owned(), plain.trim().to_owned(), self.before));
        }
    }

    fn item(&mut self, kind: Kind, blocks: &[Block]) {
        let mut blocks = blocks.iter();
        if let Some(Block::Paragraph(line)) = blocks.as_slice().first() {
            blocks.next();
            let (text, plain) = (inline_markdown(line, self.page), plain(line));
            self.before = Some(self.push(kind, text, plain, self.before));
        }
        blocks.for_each(|block| self.block(block));
    }

    fn table(&mut self, head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        let cells = |row: &[Vec<Inline>]| row.iter().map(|cell| inline_markdown(cell, self.page)).collect::<Vec<_>>();
        let is_link = |row: &Vec<Vec<Inline>>| matches!(row.first().map(Vec::as_slice), Some([Inline::Link { .. }]));
        let table = self.passages.tables.len();
        let (head, told) = (cells(head), rows.iter().map(|row| cells(row)).collect::<Vec<_>>());
        for (row, (markdown, source)) in told.iter().zip(rows).enumerate() {
            let plain = source.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join("; ");
            self.push(Kind::Row { table, row }, markdown.join(" | "), plain, self.before);
        }
        self.passages.tables.push(Table { head, rows: told, is_index: !rows.is_empty() && rows.iter().all(is_link) });
    }
}

/// The sentences of a line: cut after a full stop, a question or an exclamation mark that stands in its text, outside
/// of parentheses, and that something with a capital, a figure, code or a link follows.
fn sentences(line: &[Inline]) -> Vec<Vec<Inline>> {
    let mut sentences = vec![Vec::new()];
    let mut depth = 0_i32;
    for (index, inline) in line.iter().enumerate() {
        let Inline::Text(text) = inline else {
            last(&mut sentences).push(inline.clone());
            continue;
        };
        let mut start = 0;
        for (at, c) in text.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = (depth - 1).max(0),
                '.' | '?' | '!' if depth == 0 => {
                    let end = at + 1;
                    let rest = text.get(end..).unwrap_or_default();
                    if ends_here(text.get(..end).unwrap_or_default(), rest, line.get(index + 1)) {
                        last(&mut sentences).push(Inline::Text(text.get(start..end).unwrap_or_default().to_owned()));
                        sentences.push(Vec::new());
                        start = end + rest.len() - rest.trim_start().len();
                    }
                }
                _ => {}
            }
        }
        let rest = text.get(start..).unwrap_or_default();
        if !rest.is_empty() {
            last(&mut sentences).push(Inline::Text(rest.to_owned()));
        }
    }
    sentences.retain(|sentence| !plain(sentence).trim().is_empty());
    sentences
}

fn last(sentences: &mut Vec<Vec<Inline>>) -> &mut Vec<Inline> {
    if sentences.is_empty() {
        sentences.push(Vec::new());
    }
    let index = sentences.len() - 1;
    &mut sentences[index]
}

fn ends_here(before: &str, rest: &str, next: Option<&Inline>) -> bool {
    if ["e.g.", "i.e.", "etc.", "vs."].iter().any(|short| before.ends_with(short)) {
        return false;
    }
    let Some(first) = rest.trim_start().chars().next() else {
        // The line goes on behind it, after a blank, with code, a link or something strong.
        return rest.is_empty() == next.is_none() || rest.starts_with(' ');
    };
    rest.starts_with(' ') && (first.is_uppercase() || first.is_numeric() || !first.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::parse;

    fn texts(markdown: &str) -> Vec<String> {
        let blocks = parse(markdown);
        let blocks: Vec<&Block> = blocks.iter().collect();
        passages("p", &blocks).list.into_iter().map(|passage| passage.text).collect()
    }

    #[test]
    fn a_line_is_cut_into_sentences() {
        let told = texts(
            "It has 1.5 GB, e.g. here. `--all` shows all (see 1. And 2.). [Link](a.md) it. See `x.y` now! Why? Because \
             **bold.** End",
        );
        let expected = [
            "It has 1.5 GB, e.g. here.",
            "`--all` shows all (see 1. And 2.).",
            "[Link](/docs/a) it.",
            "See `x.y` now!",
            "Why?",
            "Because **bold.** End",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn rows_items_and_samples_know_what_introduces_them() {
        let blocks =
            parse("These are:\n\n- one\n- two\n\nA table.\n\n| a | b |\n|---|---|\n| `x` | y |\n\n```sh\nviva\n```\n");
        let blocks: Vec<&Block> = blocks.iter().collect();
        let passages = passages("p", &blocks);
        let told: Vec<_> = passages.list.iter().map(|p| (p.kind.clone(), p.plain.as_str(), p.after)).collect();
        let expected = [
            (Kind::Sentence, "These are:", None),
            (Kind::Item, "one", Some(0)),
            (Kind::Item, "two", Some(0)),
            (Kind::Sentence, "A table.", None),
            (Kind::Row { table: 0, row: 0 }, "x; y", Some(3)),
            (Kind::Sample { language: "sh".to_owned() }, "viva", Some(3)),
        ];
        assert_eq!(told, expected);
        assert_eq!(passages.tables[0].markdown(&[0]), "| a | b |\n|---|---|\n| `x` | y |");
    }
}
