//! What stands around every page.

use crate::{library::Library, markdown::escape, page::Page};

pub(super) struct Head<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    /// The page that this is in Markdown, too.
    pub(super) markdown: Option<&'a str>,
}

/// A whole document. `main` and `contents` are HTML, all else is text.
pub(super) fn document(
    library: &Library,
    head: &Head<'_>,
    page: Option<&Page>,
    typed: &str,
    main: &str,
    contents: &str,
) -> String {
    let (title, description, typed) = (escape(head.title), escape(head.description), escape(typed));
    let alternate = head.markdown.map_or_else(String::new, |name| {
        format!("<link rel=\"alternate\" type=\"text/markdown\" href=\"/docs/{name}.md\">\n")
    });
    let source = head.markdown.map_or_else(String::new, |name| {
        format!("<p class=\"source\"><a href=\"/docs/{name}.md\">This page as Markdown</a></p>\n")
    });
    let contents = if contents.is_empty() {
        String::new()
    } else {
        format!(
            "<nav class=\"contents\" aria-label=\"On this page\">\n<h2>On this page</h2>\n<ul>\n{contents}</ul>\n</nav>\n"
        )
    };
    let navigation = navigation(library, page);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"description\" content=\"{description}\">
<title>{title} · Viva</title>
<link rel=\"icon\" type=\"image/svg+xml\" href=\"/docs/icon.svg\">
<link rel=\"stylesheet\" href=\"/docs/style.css\">
{alternate}<script src=\"/docs/script.js\"></script>
</head>
<body>
<a class=\"skip\" href=\"#main\">Skip to the text</a>
<header class=\"site-header\">
<a class=\"site-mark\" href=\"/\" aria-label=\"Viva, to the sessions\">viva</a>
<nav class=\"site-nav\" aria-label=\"Main\"><a href=\"/\">Sessions</a><a href=\"/test-sets\"><span class=\"long\">Test sets</span><span class=\"short\">Tests</span></a><a href=\"/models\">Models</a><a href=\"/docs/start\" aria-current=\"true\"><span class=\"long\">Documentation</span><span class=\"short\">Docs</span></a></nav>
<form class=\"search\" role=\"search\" action=\"/docs/search\">
<input class=\"input\" type=\"search\" name=\"q\" value=\"{typed}\" maxlength=\"1000\" placeholder=\"Search or ask…\" aria-label=\"Search or ask the documentation\" autocomplete=\"off\" required>
<button class=\"button\" type=\"submit\">Search</button>
</form>
</header>
<div class=\"page\">
<nav class=\"pages\" aria-label=\"Documentation\">
<details open><summary>Pages</summary>
<ul>
{navigation}</ul>
</details>
</nav>
<main id=\"main\" tabindex=\"-1\">
{main}{source}</main>
{contents}</div>
</body>
</html>
"
    )
}

fn navigation(library: &Library, current: Option<&Page>) -> String {
    let mut html = String::new();
    for page in library.pages() {
        let is_here = current.is_some_and(|current| current.name == page.name);
        let here = if is_here { " aria-current=\"page\"" } else { "" };
        html.push_str(&format!("<li><a href=\"{}\"{here}>{}</a></li>\n", page.url(), escape(&page.title)));
    }
    html
}
