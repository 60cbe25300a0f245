//! A question to the documentation, and what is typed into its search.
#![no_main]

use docs::{answer_as_markdown, library};

/// What no answer of the pages may hold unescaped: it would run in a page that showed it as HTML.
const MARKUP: &str = "<script";

libfuzzer_sys::fuzz_target!(|text: &str| {
    let page = text.split('\n').next().filter(|name| library().find_page(name).is_some());
    if let Ok(asked) = library().ask(text, page) {
        let markdown = answer_as_markdown(&asked.answer);
        assert!(!markdown.contains(MARKUP), "{markdown}");
    }
    assert!(library().search(text, 20).len() <= 20);
});
