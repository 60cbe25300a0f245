//! The tensor part of the header: sizes and offsets, held against the file's size.

use std::{
    collections::{BTreeMap, HashSet},
    io::{Read, Seek},
};

use super::{InspectError, cursor::Cursor};

/// Longest tensor name of llama.cpp (`GGML_MAX_NAME`, with its closing zero), in bytes.
const MAX_NAME: u64 = 63;
const MAX_DIMENSIONS: u32 = 4;

/// Types of tensors: number in the file, name, elements of a block, bytes of a block (`ggml.h`, `ggml-common.h`).
#[rustfmt::skip]
const TYPES: &[(u32, &str, u64, u64)] = &[
    (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (9, "Q8_1", 32, 36), (10, "Q2_K", 256, 84), (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210), (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98), (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110), (22, "IQ2_S", 256, 82), (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8), (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54), (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18), (42, "Q2_0", 64, 18),
];

/// The sums over all tensors.
#[derive(Debug, Default)]
pub(crate) struct Tensors {
    pub(crate) elements: u64,
    /// Without the padding between them.
    pub(crate) bytes: u64,
    bytes_by_type: BTreeMap<&'static str, u64>,
}

impl Tensors {
    /// The type with the most bytes.
    pub(crate) fn prevailing_type(&self) -> Option<&'static str> {
        self.bytes_by_type.iter().max_by_key(|(_, bytes)| **bytes).map(|(name, _)| *name)
    }
}

/// One tensor's entry.
struct Entry {
    type_name: &'static str,
    elements: u64,
    bytes: u64,
    /// From the start of the weights.
    offset: u64,
}

pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    count: u64,
    alignment: u64,
) -> Result<Tensors, InspectError> {
    let mut tensors = Tensors::default();
    let mut seen = HashSet::new();
    let mut expected: u64 = 0;
    let mut end: u64 = 0;
    for _ in 0..count {
        let name = cursor.string("a tensor's name", MAX_NAME)?;
        let entry = read_entry(cursor, &name)?;
        if entry.offset != expected {
            let found = entry.offset;
            return Err(InspectError::corrupt(format!("tensor {name:?} begins at {found} instead of {expected}")));
        }
        let overflow = || InspectError::corrupt(format!("the size of tensor {name:?} overflows"));
        end = expected.checked_add(entry.bytes).ok_or_else(overflow)?;
        expected = end.checked_next_multiple_of(alignment).ok_or_else(overflow)?;
        tensors.elements = tensors.elements.checked_add(entry.elements).ok_or_else(overflow)?;
        tensors.bytes += entry.bytes;
        *tensors.bytes_by_type.entry(entry.type_name).or_default() += entry.bytes;
        if !seen.insert(name) {
            return Err(InspectError::corrupt("two tensors have one name"));
        }
    }
    if count > 0 {
        let start = cursor.at().next_multiple_of(alignment);
        let need = start.saturating_add(end);
        if need > cursor.size() {
            return Err(InspectError::Truncated { have: cursor.size(), need });
        }
    }
    Ok(tensors)
}

fn read_entry<R: Read + Seek>(cursor: &mut Cursor<R>, name: &str) -> Result<Entry, InspectError> {
    let wrong = |what: &str| InspectError::corrupt(format!("tensor {name:?} {what}"));
    let dimensions = cursor.u32()?;
    if dimensions > MAX_DIMENSIONS {
        return Err(wrong(&format!("has {dimensions} dimensions; at most {MAX_DIMENSIONS} exist")));
    }
    let mut elements: u64 = 1;
    let mut row: u64 = 1;
    for dimension in 0..dimensions {
        let length = cursor.u64()?;
        if dimension == 0 {
            row = length;
        }
        elements = elements.checked_mul(length).ok_or_else(|| wrong("has more elements than can be counted"))?;
    }
    let number = cursor.u32()?;
    let Some((_, type_name, block, block_bytes)) = TYPES.iter().find(|(known, ..)| *known == number) else {
        return Err(wrong(&format!("has the unknown type {number}")));
    };
    if !row.is_multiple_of(*block) {
        return Err(wrong(&format!("has rows of {row} elements, which are no whole blocks of {block} ({type_name})")));
    }
    let bytes = (elements / block).checked_mul(*block_bytes).ok_or_else(|| wrong("is larger than can be"))?;
    if elements > i64::MAX as u64 || bytes > i64::MAX as u64 {
        return Err(wrong("is larger than can be"));
    }
    Ok(Entry { type_name, elements, bytes, offset: cursor.u64()? })
}
