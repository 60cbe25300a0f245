//! Where the lines come from: an editor on a terminal, else standard input.

use std::io::{self, BufRead, IsTerminal, Write as _};

use anyhow::Context as _;
use rustyline::{DefaultEditor, error::ReadlineError};
use tokio::task::spawn_blocking;

use crate::output::Output;

const PROMPT: &str = "› ";
/// Where a line goes on.
const PROMPT_MORE: &str = "… ";

pub(super) enum Line {
    Text(String),
    /// The input ended, or the person leaves.
    End,
}

pub(super) enum Input {
    Terminal(Option<Box<DefaultEditor>>),
    Pipe,
}

impl Input {
    pub(super) fn new(output: &Output) -> anyhow::Result<Self> {
        if !io::stdin().is_terminal() || !output.out_is_terminal() || output.is_json() {
            return Ok(Self::Pipe);
        }
        let editor = DefaultEditor::new().context("the terminal cannot be read")?;
        Ok(Self::Terminal(Some(Box::new(editor))))
    }

    pub(super) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next message or command; a line that ends with a backslash goes on.
    pub(super) async fn next(&mut self) -> anyhow::Result<Line> {
        match self {
            Self::Terminal(slot) => {
                let mut editor = slot.take().context("the terminal is read already")?;
                let (editor, line) = spawn_blocking(move || {
                    let line = edit(&mut editor);
                    (editor, line)
                })
                .await?;
                *slot = Some(editor);
                line
            }
            Self::Pipe => {
                let read = spawn_blocking(read_line);
                tokio::select! {
                    line = read => line?,
                    _ = tokio::signal::ctrl_c() => Ok(Line::End),
                }
            }
        }
    }
}

fn edit(editor: &mut DefaultEditor) -> anyhow::Result<Line> {
    let mut text = String::new();
    let mut was_interrupted = false;
    loop {
        let prompt = if text.is_empty() { PROMPT } else { PROMPT_MORE };
        match editor.readline(prompt) {
            Ok(line) => match line.strip_suffix('\\') {
                Some(part) => text.extend([part, "\n"]),
                None => {
                    text.push_str(&line);
                    // A history that is full or refuses a repetition is no reason to stop.
                    let _ = editor.add_history_entry(text.as_str());
                    return Ok(Line::Text(text));
                }
            },
            // Meant for an answer that has just ended, or for what is being typed: once is no wish to leave.
            Err(ReadlineError::Interrupted) if !was_interrupted => {
                was_interrupted = true;
                text.clear();
                let _ = writeln!(io::stderr(), "Ctrl-C once more leaves, as Ctrl-D does.");
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(Line::End),
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
}

fn read_line() -> anyhow::Result<Line> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        let count = io::stdin().lock().read_line(&mut line).context("the input cannot be read as UTF-8 text")?;
        let line = line.trim_end_matches(['\n', '\r']);
        match line.strip_suffix('\\') {
            Some(part) if count > 0 => text.extend([part, "\n"]),
            Some(_) | None => {
                text.push_str(line);
                return Ok(if count == 0 && text.is_empty() { Line::End } else { Line::Text(text) });
            }
        }
    }
}
