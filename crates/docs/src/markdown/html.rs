//! The tree as HTML. Every text is escaped; no address but those of web pages and of this server is linked.

use super::{Block, Inline};

/// Blocks of a page; its links are relative to it, as the page's address is.
pub(crate) fn render_blocks(blocks: &[Block]) -> String {
    let mut html = String::new();
    blocks.iter().for_each(|block| render_block(block, &mut html));
    html
}

/// The text as HTML shows it, also within an attribute; without control characters.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn render_block(block: &Block, html: &mut String) {
    match block {
        Block::Heading { level, slug, children } => {
            let (slug, text) = (escape(slug), render_inlines(children));
            let link = format!("<a class=\"anchor\" href=\"#{slug}\" aria-label=\"Link to this section\">#</a>");
            html.push_str(&format!("<h{level} id=\"{slug}\">{text}{link}</h{level}>\n"));
        }
        Block::Paragraph(children) => html.extend(["<p>", &render_inlines(children), "</p>\n"]),
        Block::List { start, items } => render_list(*start, items, html),
        Block::Table { head, rows } => render_table(head, rows, html),
        Block::Code { language, text } => {
            let (language, text) = (escape(language), escape(text));
            html.push_str(&format!(
                "<pre tabindex=\"0\" data-language=\"{language}\"><code class=\"language-{language}\">{text}</code></pre>\n"
            ));
        }
        Block::Quote(children) => html.extend(["<blockquote>\n", &render_blocks(children), "</blockquote>\n"]),
        Block::Rule => html.push_str("<hr>\n"),
    }
}

fn render_list(start: Option<u64>, items: &[Vec<Block>], html: &mut String) {
    let (open, close) = match start {
        Some(1) => ("<ol>\n".to_owned(), "</ol>\n"),
        Some(start) => (format!("<ol start=\"{start}\">\n"), "</ol>\n"),
        None => ("<ul>\n".to_owned(), "</ul>\n"),
    };
    html.push_str(&open);
    for item in items {
        match item.as_slice() {
            [Block::Paragraph(line)] => html.extend(["<li>", &render_inlines(line), "</li>\n"]),
            blocks => html.extend(["<li>", &render_blocks(blocks), "</li>\n"]),
        }
    }
    html.push_str(close);
}

fn render_table(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], html: &mut String) {
    html.push_str("<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>\n");
    if head.iter().any(|cell| !cell.is_empty()) {
        html.push_str("<thead><tr>");
        for cell in head {
            // A corner is no header.
            let (open, close) = if cell.is_empty() { ("<td>", "</td>") } else { ("<th scope=\"col\">", "</th>") };
            html.extend([open, &render_inlines(cell), close]);
        }
        html.push_str("</tr></thead>\n");
    }
    html.push_str("<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        row.iter().for_each(|cell| html.extend(["<td>", &render_inlines(cell), "</td>"]));
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
}

fn render_inlines(inlines: &[Inline]) -> String {
    let mut html = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => html.push_str(&escape(text)),
            Inline::Code(text) => html.extend(["<code>", &escape(text), "</code>"]),
            Inline::Strong(children) => html.extend(["<strong>", &render_inlines(children), "</strong>"]),
            Inline::Emphasis(children) => html.extend(["<em>", &render_inlines(children), "</em>"]),
            Inline::Link { address, children } => match safe(address) {
                Some(address) => {
                    html.extend(["<a href=\"", &escape(&address), "\">", &render_inlines(children), "</a>"]);
                }
                None => html.push_str(&render_inlines(children)),
            },
            Inline::Break => html.push_str("<br>"),
        }
    }
    html
}

/// The address as a page links it: without `.md`, and nothing that a browser would run.
fn safe(address: &str) -> Option<String> {
    if address.contains(':') {
        let is_web = address.starts_with("https://") || address.starts_with("http://");
        return is_web.then(|| address.to_owned());
    }
    if address.starts_with("//") || address.contains('\\') || address.chars().any(char::is_control) {
        return None;
    }
    let (path, fragment) = address.split_once('#').map_or((address, None), |(path, fragment)| (path, Some(fragment)));
    let path = path.strip_suffix(".md").unwrap_or(path);
    Some(fragment.map_or_else(|| path.to_owned(), |fragment| format!("{path}#{fragment}")))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn nothing_that_runs_comes_out() {
        let hostile = "[a](javascript:alert(1)) [b](data:text/html,x) [c](//evil.example) `<img onerror=x>` \"'<>&\n\n\
            ```\"><script>\n</code><script>alert(1)</script>\n```\n\n## <img src=x onerror=y>\n";
        let html = render_blocks(&parse(hostile));
        for part in ["<script", "<img", "javascript:", "data:", "evil"] {
            assert!(!html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn links_between_pages_lose_their_ending() {
        let html = render_blocks(&parse("[a](models.md#facts) [b](#here) [c](https://example.org/x.md)"));
        assert!(html.contains("href=\"models#facts\"") && html.contains("href=\"#here\""), "{html}");
        assert!(html.contains("href=\"https://example.org/x.md\""), "{html}");
    }
}
