//! Progress on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Output, style::fit};

const TICKS: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";

/// A bar for bytes; invisible where progress is not shown.
pub(crate) fn bytes_bar(output: &Output, label: &str, total: u64) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style.progress_chars("━╸─")).with_message(label.to_owned())
}

/// Columns of a rows bar without its words, at the most.
const ROWS_BAR: usize = 44;

/// A bar for rows, with words beside it. Its line does not reach the edge: a `^C` that the terminal shows after it would
/// begin another.
pub(crate) struct RowsBar {
    bar: ProgressBar,
    room: usize,
}

impl RowsBar {
    pub(crate) fn new(output: &Output) -> Self {
        let bar = if output.shows_progress() { ProgressBar::new(1) } else { ProgressBar::hidden() };
        let template = "{spinner} {bar:20} {pos}/{len} {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.tick_chars(TICKS).progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(100));
        let told = rustix::termios::tcgetwinsize(std::io::stderr()).map(|size| usize::from(size.ws_col));
        Self { bar, room: told.unwrap_or(80).saturating_sub(ROWS_BAR) }
    }

    /// Shows how many rows of how many were tried, and the words.
    pub(crate) fn show(&self, tried: u64, rows: u64, words: &str) {
        self.bar.set_length(rows);
        self.bar.set_position(tried);
        self.say(words);
    }

    /// Shows these words beside the rows that were shown last.
    pub(crate) fn say(&self, words: &str) {
        self.bar.set_message(fit(words, self.room));
    }

    /// Prints a line above the bar.
    pub(crate) fn above(&self, output: &Output, line: &str) {
        self.bar.suspend(|| output.note(line));
    }
}

impl Drop for RowsBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A wait whose state is told in words, with a bar while there is a percentage.
pub(crate) struct Waiting {
    bar: ProgressBar,
}

impl Waiting {
    pub(crate) fn new(output: &Output) -> Self {
        let bar = if output.shows_progress() { ProgressBar::new(1000) } else { ProgressBar::hidden() };
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// Shows this; `progress` is from 0 to 1.
    pub(crate) fn show(&self, text: String, progress: Option<f64>) {
        let template = if progress.is_some() { "{spinner} {msg} {bar:24} {percent:>3} %" } else { "{spinner} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        self.bar.set_style(style.tick_chars(TICKS).progress_chars("━╸─"));
        self.bar.set_message(text);
        let thousandths = (progress.unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0).round();
        self.bar.set_position(thousandths as u64);
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
