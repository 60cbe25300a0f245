//! Which bytes of a page of SQLite nothing uses (<https://sqlite.org/fileformat2.html#b_tree_pages>).

use std::{iter::once, ops::Range};

/// Zeroes what a b-tree page does not use: the gap between cell pointers and cells, the bodies of freeblocks, and the
/// fragments, pieces of up to three bytes beside a cell, several of which can lie side by side. True if anything was
/// there. Any other page, and one that makes no sense, is left as it is.
///
/// The page is one of a database without reserved bytes, as the store makes it.
pub(super) fn wipe(page: &mut [u8], first: bool) -> bool {
    let Some(used) = Page::read(page, if first { 100 } else { 0 }).and_then(|read| read.used()) else { return false };
    let (mut free_from, mut stained) = (0, false);
    for part in used.into_iter().chain(once(page.len()..page.len())) {
        let unused = &mut page[free_from..part.start];
        stained |= unused.iter().any(|byte| *byte != 0);
        unused.fill(0);
        free_from = part.end;
    }
    stained
}

/// What a cell holds before its payload, by the page's type.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    IndexInterior,
    TableInterior,
    IndexLeaf,
    TableLeaf,
}

struct Page<'a> {
    bytes: &'a [u8],
    header: usize,
    kind: Kind,
}

impl<'a> Page<'a> {
    /// `header` is where the page's header begins, in bytes. Nothing if it is no b-tree page.
    fn read(bytes: &'a [u8], header: usize) -> Option<Self> {
        let kind = match bytes.get(header)? {
            2 => Kind::IndexInterior,
            5 => Kind::TableInterior,
            10 => Kind::IndexLeaf,
            13 => Kind::TableLeaf,
            _ => return None,
        };
        Some(Self { bytes, header, kind })
    }

    /// The parts in use, in rising order, none touching the bytes of another. Nothing if they do or leave the page.
    fn used(&self) -> Option<Vec<Range<usize>>> {
        let pointers = self.header + if self.kind.is_leaf() { 8 } else { 12 };
        let cells = self.number(self.header + 3)?;
        let mut used = Vec::with_capacity(cells + 2);
        used.push(0..pointers + 2 * cells);
        for cell in 0..cells {
            used.push(self.cell(self.number(pointers + 2 * cell)?)?);
        }
        // Each freeblock begins with the next one's place and its own size, and stands before the next.
        let mut block = self.number(self.header + 1)?;
        while block != 0 {
            used.push(block..block + 4);
            let next = self.number(block)?;
            if next != 0 && next <= block {
                return None;
            }
            block = next;
        }
        used.sort_unstable_by_key(|part| part.start);
        let apart = used.windows(2).all(|parts| parts[0].end <= parts[1].start);
        (apart && used.last()?.end <= self.bytes.len()).then_some(used)
    }

    /// A cell's part that lies on this page.
    fn cell(&self, start: usize) -> Option<Range<usize>> {
        let mut at = start + if self.kind.is_leaf() { 0 } else { 4 };
        let payload = if self.kind == Kind::TableInterior { 0 } else { self.varint(&mut at)? };
        if self.kind.is_table() {
            self.varint(&mut at)?;
        }
        // SQLite gives no cell less than a freeblock needs.
        Some(start..(at + self.local(payload)?).max(start + 4))
    }

    /// How many bytes of a payload stand in the cell, with the overflow page's number where it does not fit.
    fn local(&self, payload: u64) -> Option<usize> {
        let usable = u64::try_from(self.bytes.len()).ok()?;
        let most = if self.kind.is_table() { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if payload <= most {
            return usize::try_from(payload).ok();
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (payload - least) % (usable - 4);
        usize::try_from(if fitting <= most { fitting } else { least } + 4).ok()
    }

    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at + 2)?;
        Some(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    }

    /// Seven bits a byte, the highest bit telling that more follow; a ninth byte counts whole.
    fn varint(&self, at: &mut usize) -> Option<u64> {
        let mut value = 0;
        for place in 0..9 {
            let byte = *self.bytes.get(*at)?;
            *at += 1;
            if place == 8 {
                return Some(value << 8 | u64::from(byte));
            }
            value = value << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }
}

impl Kind {
    fn is_leaf(self) -> bool {
        matches!(self, Self::IndexLeaf | Self::TableLeaf)
    }

    fn is_table(self) -> bool {
        matches!(self, Self::TableInterior | Self::TableLeaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 4096;

    /// A leaf of a table with its only cell, of `payload` bytes, at the end of the page; all else is stained.
    fn leaf(payload: u8) -> Vec<u8> {
        let start = SIZE - usize::from(payload) - 2;
        let mut page = vec![0xEE; SIZE];
        page[..10].copy_from_slice(&[13, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
        page[8..10].copy_from_slice(&u16::try_from(start).unwrap().to_be_bytes());
        page[start] = payload;
        page[start + 1] = 1;
        page
    }

    #[test]
    fn all_but_header_pointers_and_cells_is_wiped_once() {
        let mut page = leaf(20);
        assert!(wipe(&mut page, false));
        assert_eq!(&page[..5], [13, 0, 0, 0, 1]);
        assert!(page[10..SIZE - 22].iter().all(|byte| *byte == 0));
        assert_eq!(&page[SIZE - 22..], [&[20, 1][..], &[0xEE; 20][..]].concat());
        assert!(!wipe(&mut page, false), "nothing is left");
    }

    #[test]
    fn a_fragment_behind_the_smallest_cell_is_wiped() {
        let mut page = leaf(8);
        // The cell of 8 bytes' payload shrinks to none: 4 bytes are its own, 6 are nobody's.
        page[SIZE - 10] = 0;
        assert!(wipe(&mut page, false));
        assert_eq!(&page[SIZE - 10..], [0, 1, 0xEE, 0xEE, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_freeblock_keeps_its_place_in_the_list() {
        let mut page = leaf(20);
        page[1..3].copy_from_slice(&3000_u16.to_be_bytes());
        page[3000..3004].copy_from_slice(&[0, 0, 0, 50]);
        assert!(wipe(&mut page, false));
        assert_eq!(&page[2998..3006], [0, 0, 0, 0, 0, 50, 0, 0]);
    }

    #[test]
    fn a_page_that_makes_no_sense_is_left_as_it_is() {
        let overlapping = {
            let mut page = leaf(20);
            page[4] = 2;
            page.copy_within(8..10, 10);
            page
        };
        let (mut other, mut outside) = (leaf(20), leaf(20));
        other[0] = 7;
        outside[8..10].copy_from_slice(&[0x0F, 0xFF]);
        for page in [overlapping, other, outside, vec![13], Vec::new()] {
            let mut wiped = page.clone();
            assert!(!wipe(&mut wiped, false));
            assert_eq!(wiped, page);
        }
    }
}
