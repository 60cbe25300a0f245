//! The last lines of the runtime's output, and the engine's own word on its end.

use std::collections::VecDeque;

use protocol::{
    engine::EXIT_LINE_KEY,
    shim::{EngineExit, EngineExitLine},
};

const LINES: usize = 20;
const LINE_CHARS: usize = 400;
/// Longest part of a line that is looked at.
const LINE_BYTES: usize = 4 * 1024;

/// Fed with output as it comes, holds a bounded part of it.
#[derive(Debug, Default)]
pub(crate) struct LogTail {
    lines: VecDeque<String>,
    open: Vec<u8>,
    engine_exit: Option<EngineExit>,
}

impl LogTail {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let room = LINE_BYTES.saturating_sub(self.open.len());
            self.open.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    /// The last lines, the unfinished one included, and the engine's exit line if there was one.
    pub(crate) fn finish(mut self) -> (Vec<String>, Option<EngineExit>) {
        if !self.open.is_empty() {
            self.end_line();
        }
        (self.lines.into(), self.engine_exit)
    }

    fn end_line(&mut self) {
        let text = String::from_utf8_lossy(&self.open).trim_end().to_owned();
        self.open.clear();
        if let Some(exit) = engine_exit(&text) {
            self.engine_exit = Some(exit);
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(text.chars().take(LINE_CHARS).collect());
    }
}

fn engine_exit(line: &str) -> Option<EngineExit> {
    if !line.starts_with('{') || !line.contains(EXIT_LINE_KEY) {
        return None;
    }
    let line: EngineExitLine = serde_json::from_str(line).ok()?;
    Some(line.viva_engine_exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_bounded() {
        let mut tail = LogTail::default();
        for number in 0..100 {
            tail.feed(format!("line {number}\n").as_bytes());
        }
        tail.feed("é".repeat(100_000).as_bytes());
        let (lines, exit) = tail.finish();
        assert_eq!(lines.len(), 20);
        assert_eq!(lines[0], "line 81");
        assert_eq!(lines[19].chars().count(), 400);
        assert_eq!(exit, None);
    }

    #[test]
    fn the_engines_word_is_read_though_it_comes_in_pieces() {
        let mut tail = LogTail::default();
        tail.feed(format!("noise\n{{\"{EXIT_LINE_KEY}\": {{\"code\":\"model_inv").as_bytes());
        tail.feed(b"alid\",\"message\":\"no tensors\"}}\n");
        let (_, exit) = tail.finish();
        assert_eq!(exit.expect("an exit line").code, "model_invalid");
    }
}
