//! Pages of lists: how many items, and where the page before ended.

use std::fmt::Write as _;

use protocol::session::Page;

use crate::BadCursor;

/// Most items of one page.
pub const MAX_LIMIT: u32 = 200;

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Items on the page, 1 to [`MAX_LIMIT`]; what is outside is taken for the nearest bound.
    pub limit: u32,
    /// The `next_cursor` of the page before; none for the first page.
    pub cursor: Option<String>,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 50, cursor: None }
    }
}

impl Paging {
    /// The first page, of at most `limit` items.
    pub const fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }

    pub(crate) fn bounded(&self) -> u32 {
        self.limit.clamp(1, MAX_LIMIT)
    }

    /// The id after which the page starts, in a list that begins with the oldest: the least of all for the first page.
    pub(crate) fn after(&self, list: List) -> Result<Vec<u8>, BadCursor> {
        match &self.cursor {
            None => Ok(Vec::new()),
            Some(cursor) => decode(list, cursor).map(Vec::from),
        }
    }

    /// The id before which the page starts: the largest of all for the first page.
    pub(crate) fn before(&self, list: List) -> Result<Vec<u8>, BadCursor> {
        match &self.cursor {
            None => Ok(vec![0xff; 17]),
            Some(cursor) => decode(list, cursor).map(Vec::from),
        }
    }
}

/// The lists that have cursors: one's cursor opens no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Sessions,
    Completions,
    Conversations,
    Files,
    Tasks,
}

impl List {
    const fn mark(self) -> &'static str {
        match self {
            Self::Sessions => "s",
            Self::Completions => "c",
            Self::Conversations => "t",
            Self::Files => "f",
            Self::Tasks => "k",
        }
    }
}

/// Makes a page of what was read: one item more than fits tells that there is another page.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: u32, list: List, id: impl Fn(&T) -> [u8; 16]) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|item| encode(list, &id(item)));
    Page { items, next_cursor }
}

/// A cursor behind the item with this id.
pub(crate) fn encode(list: List, id: &[u8; 16]) -> String {
    let mut text = String::with_capacity(33);
    text.push_str(list.mark());
    for byte in id {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn decode(list: List, cursor: &str) -> Result<[u8; 16], BadCursor> {
    let digits = cursor.strip_prefix(list.mark()).ok_or(BadCursor)?;
    let canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !canonical {
        return Err(BadCursor);
    }
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| BadCursor)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| BadCursor)?;
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_the_list_that_gave_it_and_no_other() {
        let id = [7; 16];
        let cursor = encode(List::Sessions, &id);
        assert_eq!(decode(List::Sessions, &cursor), Ok(id));
        assert_eq!(decode(List::Completions, &cursor), Err(BadCursor));
        for bad in ["", "s", "s07", &cursor.to_uppercase(), &format!("{cursor}0"), "s\u{e9}"] {
            assert_eq!(decode(List::Sessions, bad), Err(BadCursor), "{bad}");
        }
    }
}
