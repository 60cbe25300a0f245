//! From tokens to the text that a client may see. Owns what is held back: bytes that are no whole character yet,
//! and text that may become a stop string. Nothing released is ever taken back.

mod stop;
mod utf8;

pub(crate) use stop::StopMatcher;
pub(crate) use utf8::Utf8Buffer;

/// The text of one choice as it grows.
pub(crate) struct TextStage {
    utf8: Utf8Buffer,
    stops: StopMatcher,
    /// Bytes of text decoded, released or held.
    decoded: usize,
    /// Bytes of text released.
    released: usize,
    scratch: String,
}

/// What a piece of text led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Goes on; the text is now sure. May be empty.
    Text(String),
    /// A stop string is there; the text before it that was not yet told.
    Stopped(String),
}

impl TextStage {
    pub(crate) fn new(stops: &[String]) -> Self {
        let (utf8, stops) = (Utf8Buffer::default(), StopMatcher::new(stops));
        Self { utf8, stops, decoded: 0, released: 0, scratch: String::new() }
    }

    /// Takes the bytes of the next token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        self.scratch.clear();
        self.utf8.push(bytes, &mut self.scratch);
        self.decoded += self.scratch.len();
        let progress = self.stops.push(&self.scratch);
        let (Progress::Text(text) | Progress::Stopped(text)) = &progress;
        self.released += text.len();
        progress
    }

    /// Ends the text: what was held back and is no stop string.
    pub(crate) fn finish(&mut self) -> String {
        self.scratch.clear();
        self.utf8.finish(&mut self.scratch);
        self.decoded += self.scratch.len();
        let mut text = match self.stops.push(&self.scratch) {
            Progress::Text(text) => text + &self.stops.finish(),
            Progress::Stopped(text) => text,
        };
        self.released += text.len();
        text.shrink_to_fit();
        text
    }

    /// Bytes of text decoded so far: where the next token's text begins.
    pub(crate) fn decoded(&self) -> usize {
        self.decoded
    }

    /// Bytes of text released so far.
    pub(crate) fn released(&self) -> usize {
        self.released
    }
}
