//! A prompt's template in the first line, a row for it in the second.
#![no_main]

use dataset::{Columns, MAX_RENDERED, Template};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (template, row) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(template) = Template::parse(template) else { return };
    let Ok(columns) = serde_json::from_str::<Columns>(row) else { return };
    if let Ok(rendered) = template.render(&columns) {
        assert!(rendered.len() <= MAX_RENDERED);
    }
});
