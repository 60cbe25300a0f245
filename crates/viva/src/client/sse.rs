//! Server-Sent Events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), however they are cut.

use std::collections::VecDeque;

use anyhow::Context as _;

/// Most bytes of one event: a completion with its whole request fits.
const MAX_EVENT_BYTES: usize = 256 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// `message` where the server names none.
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Turns bytes into events.
#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed now ends nothing more.
    after_return: bool,
    started: bool,
    name: String,
    data: String,
    has_data: bool,
}

impl Parser {
    fn push(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) -> anyhow::Result<()> {
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(events),
                _ => self.line.push(*byte),
            }
        }
        let held = self.line.len() + self.data.len();
        anyhow::ensure!(held <= MAX_EVENT_BYTES, "the server sent an event of more than {MAX_EVENT_BYTES} bytes");
        Ok(())
    }

    fn end_line(&mut self, events: &mut VecDeque<Event>) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let mut line = text.as_ref();
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let data = std::mem::take(&mut self.data);
            if std::mem::take(&mut self.has_data) {
                let name = if name.is_empty() { "message".to_owned() } else { name };
                events.push_back(Event { name, data });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // A comment, an id (who follows asks from an offset), a retry time, or something of a later version.
            _ => {}
        }
    }
}

/// The events of a response.
#[derive(Debug)]
pub(crate) struct EventStream {
    response: reqwest::Response,
    parser: Parser,
    ready: VecDeque<Event>,
}

impl EventStream {
    pub(super) fn new(response: reqwest::Response) -> Self {
        Self { response, parser: Parser::default(), ready: VecDeque::new() }
    }

    /// The next event; `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            match self.response.chunk().await.context("the connection to the server broke")? {
                Some(bytes) => self.parser.push(&bytes, &mut self.ready)?,
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
        let (mut parser, mut events) = (Parser::default(), VecDeque::new());
        for chunk in chunks {
            parser.push(chunk, &mut events).unwrap();
        }
        events.into()
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    #[test]
    fn fields_comments_and_line_ends_are_read_as_the_standard_says() {
        let text = "\u{feff}: hello\n\nevent: text\ndata: {\"a\":1}\nid: 7\r\n\r\ndata:a\rdata: b\r\rdata\n\nevent: x\n\ndata: cut";
        let events = parse([text.as_bytes()]);
        assert_eq!(events, [event("text", "{\"a\":1}"), event("message", "a\nb"), event("message", "")]);
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_bytes_are_cut(
            events in prop::collection::vec(("[a-z]{1,8}", "[^\r\n\0]{0,20}(\n[^\r\n\0]{0,20}){0,3}"), 0..6),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut text = String::new();
            for (name, data) in &events {
                text.push_str(&format!("event: {name}{end}"));
                for line in data.split('\n') {
                    text.push_str(&format!("data: {line}{end}"));
                }
                text.push_str(end);
            }
            let bytes = text.as_bytes();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let wanted: Vec<Event> = events.iter().map(|(name, data)| event(name, data)).collect();
            prop_assert_eq!(parse(chunks), wanted);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse([bytes.as_slice()]);
        }
    }
}
