//! What the order of the sections is reckoned from, for `assets/vectors/rank.py`.
//!
//! Reads a question a line from standard input, as JSON: `{"text": …, "page": …, "sections": […]}`. Prints for each an
//! object with the section that is found first, a list of its likeliest sections and those that the line names,
//! `[section, [feature, …]]`, and what doubt is reckoned from.

#![allow(clippy::print_stdout, reason = "a measurement prints what it found")]

use std::{
    error::Error,
    io::{BufRead, BufWriter, Write},
};

use serde::Deserialize;

/// A section is likely that is among so many by one of the ranks, which are the last three features.
const LIKELY: f32 = 1.0 / 25.0;

#[derive(Deserialize)]
struct Line {
    text: String,
    page: Option<String>,
    sections: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let library = docs::library();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let measured = library.measured(&line.text, line.page.as_deref()).map_err(|error| format!("{error:?}"))?;
        let is_kept = |(section, features): &(String, Vec<f32>)| {
            line.sections.contains(section) || features.iter().rev().take(3).any(|rank| *rank >= LIKELY)
        };
        let first = measured.sections.first().map(|(section, _)| section.clone());
        let kept: Vec<_> = measured.sections.into_iter().filter(is_kept).collect();
        let told = serde_json::json!({"first": first, "measured": kept, "sure": measured.sure});
        writeln!(out, "{told}")?;
    }
    Ok(())
}
