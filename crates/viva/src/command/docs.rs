//! `viva docs …`: the documentation in the binary. It needs no server.

use docs::{QuestionError, answer_as_markdown, library};
use protocol::docs::{DocsSearch, MAX_QUESTION};

use crate::{
    cli::DocsCommand,
    failure::Failure,
    output::{Output, Paint, clean},
};

pub(super) fn run(command: DocsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        DocsCommand::Ask { question, page } => ask(&question.join(" "), page.as_deref(), output),
        DocsCommand::Search { words, limit } => search(&words.join(" "), limit, output),
    }
}

fn ask(question: &str, page: Option<&str>, output: &Output) -> anyhow::Result<()> {
    if let Some(page) = page.filter(|page| library().find_page(page).is_none()) {
        let names: Vec<&str> = library().pages().iter().map(|page| page.name).collect();
        return Err(Failure::usage(format!("there is no page `{page}`"))
            .hint(format!("pages: {}", names.join(", ")))
            .into());
    }
    let asked = library().ask(question, page).map_err(|error| match error {
        QuestionError::Empty => Failure::usage("the question is empty"),
        QuestionError::TooLong(count) => Failure::usage(format!("the question has {count} characters"))
            .hint(format!("ask in at most {MAX_QUESTION}")),
    })?;
    if output.is_json() {
        output.json(&serde_json::to_string(&asked.answer)?);
    } else if output.out_is_terminal() {
        output.line(&clean(&asked.answer.answer));
        output.line("");
        for source in &asked.answer.sources {
            output.line(&output.style().paint(Paint::Dim, &format!("{}  {}", source.title, source.url)));
        }
    } else {
        output.write(&answer_as_markdown(&asked.answer));
    }
    Ok(())
}

fn search(words: &str, limit: u32, output: &Output) -> anyhow::Result<()> {
    let items = library().search(words, limit as usize);
    if output.is_json() {
        output.json(&serde_json::to_string(&DocsSearch { items })?);
        return Ok(());
    }
    if items.is_empty() {
        output.note("Nothing in the documentation has these words.");
    }
    for hit in items {
        let place = if hit.title == hit.section { hit.title } else { format!("{} › {}", hit.title, hit.section) };
        output.line(&output.style().paint(Paint::Bold, &place));
        output.line(&format!("  {}", clean(&hit.text)));
        output.line(&format!("  {}", output.style().paint(Paint::Dim, &hit.url)));
    }
    Ok(())
}
