//! Everything that reaches the terminal: answers to standard output, all else to standard error.
//!
//! Owns colour, width and the rule that a pipe gets neither colour nor progress. Nothing else in the binary prints.

mod progress;
mod style;
mod table;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use crate::{
    cli::{ColorChoice, Shared},
    client::ApiError,
    failure,
};
pub(crate) use progress::{RowsBar, Waiting, bytes_bar};
#[cfg(test)]
pub(crate) use style::width_of;
pub(crate) use style::{Paint, Style, clean};
pub(crate) use table::{Align, Cell, Column, Table};

/// How answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For people.
    Text,
    /// The API's JSON, unchanged.
    Json,
}

/// Columns where the terminal does not tell.
const DEFAULT_WIDTH: usize = 100;

#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) mode: Mode,
    out: Style,
    err: Style,
    out_is_terminal: bool,
    err_is_terminal: bool,
}

impl Output {
    pub(crate) fn new(shared: &Shared) -> Self {
        let (out_is_terminal, err_is_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let style = |terminal: bool| match shared.color {
            ColorChoice::Always => Style::Colour,
            ColorChoice::Auto if terminal && !set("NO_COLOR") && !dumb => Style::Colour,
            ColorChoice::Auto | ColorChoice::Never => Style::Plain,
        };
        Self {
            mode: if shared.json { Mode::Json } else { Mode::Text },
            out: style(out_is_terminal),
            err: style(err_is_terminal),
            out_is_terminal,
            err_is_terminal,
        }
    }

    pub(crate) const fn style(&self) -> Style {
        self.out
    }

    pub(crate) const fn is_json(&self) -> bool {
        matches!(self.mode, Mode::Json)
    }

    /// Whether a person sees what is printed and can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        self.err_is_terminal && io::stdin().is_terminal()
    }

    pub(crate) const fn out_is_terminal(&self) -> bool {
        self.out_is_terminal
    }

    /// Whether progress may be shown.
    pub(crate) const fn shows_progress(&self) -> bool {
        self.err_is_terminal && !self.is_json()
    }

    /// Columns of the terminal.
    pub(crate) fn width(&self) -> usize {
        let told = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        let set = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        told.filter(|columns| *columns > 0).or_else(set).unwrap_or(DEFAULT_WIDTH)
    }

    /// A line of the answer.
    pub(crate) fn line(&self, text: &str) {
        self.write(text);
        self.write("\n");
    }

    /// A part of the answer, at once.
    pub(crate) fn write(&self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            // Who reads has gone, as `head` does: there is nobody left to answer.
            let status = if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { 1 };
            if status != 0 {
                self.note(&format!("the output cannot be written: {error}"));
            }
            std::process::exit(status);
        }
    }

    /// JSON as the API gave it.
    pub(crate) fn json(&self, text: &str) {
        self.line(text.trim_end());
    }

    /// A remark that is no part of the answer.
    pub(crate) fn note(&self, text: &str) {
        // Without standard error there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// A remark in the background: figures after an answer. To a terminal only.
    pub(crate) fn aside(&self, text: &str) {
        if self.err_is_terminal {
            self.note(&self.err.paint(Paint::Dim, text));
        }
    }

    /// A remark that matters.
    pub(crate) fn warn(&self, text: &str) {
        self.note(&format!("{} {text}", self.err.paint(Paint::Yellow, "warning:")));
    }

    /// What to do next, after something was done. To people only.
    pub(crate) fn next(&self, label: &str, command: &str) {
        if self.err_is_terminal && !self.is_json() {
            self.note(&format!("  {label:<14}{}", self.err.paint(Paint::Bold, command)));
        }
    }

    /// Tells why a command failed; answers its exit status.
    pub(crate) fn fail(&self, error: &anyhow::Error) -> ExitCode {
        let api = error.chain().find_map(|cause| cause.downcast_ref::<ApiError>());
        if let (true, Some(problem)) = (self.is_json(), api.and_then(ApiError::json)) {
            self.json(problem);
        }
        self.note(&format!("{} {}", self.err.paint(Paint::Red, "error:"), clean(&failure::sentence(error))));
        if let Some(hint) = failure::hint_of(error) {
            self.note(&format!("  {} {}", self.err.paint(Paint::Cyan, "hint:"), clean(&hint)));
        }
        ExitCode::from(failure::exit_status(error))
    }

    /// Asks on the terminal; `None` at its end.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        let mut err = io::stderr();
        // A question nobody sees gets no answer, which is none.
        let _ = write!(err, "{question} ").and_then(|()| err.flush());
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(answer.trim().to_owned()),
        }
    }

    /// Takes the screen over for pages that replace each other, until it is dropped.
    pub(crate) fn screen(&self) -> Screen<'_> {
        self.write("\x1b[?1049h\x1b[?25l");
        Screen { output: self }
    }
}

/// The terminal's other screen, without a cursor: what was on the first one comes back.
pub(crate) struct Screen<'a> {
    output: &'a Output,
}

impl Screen<'_> {
    /// Replaces the page.
    pub(crate) fn show(&self, text: &str) {
        let lines: String = text.lines().map(|line| format!("{line}\x1b[K\r\n")).collect();
        self.output.write(&format!("\x1b[H{lines}\x1b[J"));
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        self.output.write("\x1b[?25h\x1b[?1049l");
    }
}
