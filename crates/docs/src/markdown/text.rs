//! Parts of lines as plain text and as Markdown again.

use super::Inline;

/// What a reader reads.
pub(crate) fn plain(inlines: &[Inline]) -> String {
    let mut text = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) => text.push_str(part),
            Inline::Strong(children) | Inline::Emphasis(children) | Inline::Link { children, .. } => {
                text.push_str(&plain(children));
            }
            Inline::Break => text.push(' '),
        }
    }
    text
}

/// One line of Markdown. Links to other pages lead to their addresses on the server.
pub(crate) fn inline_markdown(inlines: &[Inline], page: &str) -> String {
    let mut text = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(part) => text.push_str(&escape(part)),
            Inline::Code(part) if part.contains('`') => text.extend(["`` ", part, " ``"]),
            Inline::Code(part) => text.extend(["`", part, "`"]),
            Inline::Strong(children) => text.extend(["**", &inline_markdown(children, page), "**"]),
            Inline::Emphasis(children) => text.extend(["*", &inline_markdown(children, page), "*"]),
            Inline::Link { address, children } => {
                text.extend(["[", &inline_markdown(children, page), "](", &server_address(address, page), ")"]);
            }
            Inline::Break => text.push(' '),
        }
    }
    text
}

/// What would be markup if it stood there as it is.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '|') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Rows as a Markdown table under its header.
pub(crate) fn table_markdown(head: &[String], rows: &[&[String]]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}", line(head)).trim_end().to_owned()
}

/// The address that a page's link leads to: `manage-a-session.md#stop` is `/docs/manage-a-session#stop`.
pub(super) fn server_address(address: &str, page: &str) -> String {
    let (path, fragment) = address.split_once('#').map_or((address, None), |(path, fragment)| (path, Some(fragment)));
    let is_elsewhere = path.contains(':') || path.starts_with('/');
    let path = match path.strip_suffix(".md") {
        Some(name) if !is_elsewhere => format!("/docs/{name}"),
        None if path.is_empty() => format!("/docs/{page}"),
        _ => path.to_owned(),
    };
    fragment.map_or_else(|| path.clone(), |fragment| format!("{path}#{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    #[test]
    fn links_lead_to_the_servers_pages() {
        for (address, expected) in [
            ("manage-a-session.md#stop", "/docs/manage-a-session#stop"),
            ("start.md", "/docs/start"),
            ("#stop", "/docs/here#stop"),
            ("https://example.org/a.md", "https://example.org/a.md"),
            ("/api/openapi.json", "/api/openapi.json"),
        ] {
            assert_eq!(server_address(address, "here"), expected);
        }
    }

    #[test]
    fn a_line_is_the_same_markdown_again() {
        let [Block::Paragraph(line)] = &parse("A *b* **c** `d|e` [f](g.md) 2 \\* 3 <i> x_y")[..] else { panic!() };
        let again = inline_markdown(line, "p");
        assert_eq!(again, "A *b* **c** `d|e` [f](/docs/g) 2 \\* 3 \\<i> x_y");
        assert_eq!(plain(line), "A b c d|e f 2 * 3 <i> x_y");
    }
}
