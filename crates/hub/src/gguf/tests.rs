use std::io::Cursor;

use proptest::prelude::*;

use super::{testing::Builder, *};

fn read_bytes(bytes: &[u8]) -> Result<Header, InspectError> {
    read(Cursor::new(bytes), bytes.len() as u64)
}

fn refusal(bytes: &[u8]) -> String {
    read_bytes(bytes).expect_err("refused").to_string()
}

#[test]
fn both_versions_are_read_and_no_other() {
    for version in [2, 3] {
        let header = read_bytes(&Builder::llama().version(version).build()).unwrap();
        assert_eq!((header.version, header.tensors.elements), (version, 64 * 4 + 64));
        assert_eq!(header.tensors.prevailing_type(), Some("Q8_0"));
    }
    assert!(refusal(&Builder::llama().version(1).build()).contains("version 1"));
    assert!(refusal(&Builder::llama().version(4).build()).contains("version 4"));
    assert!(refusal(&Builder::llama().version(3 << 24).build()).contains("big-endian"));
}

#[test]
fn a_text_file_and_an_empty_one_are_no_gguf() {
    assert!(refusal(b"Once upon a time").contains("no GGUF: it begins with the text"));
    assert!(refusal(b"").contains("it is empty"));
    assert!(refusal(b"GG").contains("truncated"));
    assert!(refusal(b"GGUF\x03").contains("truncated"));
}

#[test]
fn a_file_cut_anywhere_says_how_much_is_missing() {
    let whole = Builder::llama().build();
    for percent in 1..100 {
        let cut = &whole[..whole.len() * percent / 100];
        match read_bytes(cut) {
            Err(InspectError::Truncated { have, need } | InspectError::HeaderTruncated { have, need }) => {
                assert_eq!(have, cut.len() as u64);
                assert!(need > have && need <= whole.len() as u64, "{need} at {percent} %");
            }
            other => panic!("{percent} %: {other:?}"),
        }
    }
    match read_bytes(&whole[..whole.len() - 1]) {
        Err(InspectError::Truncated { need, .. }) => assert_eq!(need, whole.len() as u64),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_flipped_bit_of_the_header_is_survived() {
    let whole = Builder::llama().build();
    for position in 0..Builder::llama().header().len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[position] ^= 1 << bit;
            // Some flips change a name or a figure and nothing else.
            let _ = read_bytes(&flipped);
        }
    }
}

#[test]
fn counts_and_lengths_beyond_the_file_are_refused_before_memory_is_taken() {
    let mut file = Builder::llama().build();
    file[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal(&file).contains("tensors; at most"));
    let mut file = Builder::llama().build();
    file[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal(&file).contains("metadata entries; at most"));
    let long = |length: u64| Builder::empty().raw("x", 8, &length.to_le_bytes()).build();
    assert!(matches!(read_bytes(&long(u64::MAX)), Err(InspectError::TooLarge { .. })));
    assert!(matches!(read_bytes(&long(1000)), Err(InspectError::HeaderTruncated { .. })));
    for (element, length) in [(4u32, 1u64 << 20), (8, 1 << 20), (4, u64::MAX), (8, u64::MAX / 4)] {
        let value = [element.to_le_bytes().as_slice(), &length.to_le_bytes()].concat();
        assert!(read_bytes(&Builder::empty().raw("x", 9, &value).build()).is_err(), "{element} {length}");
    }
}

#[test]
fn what_cannot_be_is_named() {
    let llama = Builder::llama;
    let nested = [9u32.to_le_bytes().as_slice(), &1u64.to_le_bytes(), &[0; 12]].concat();
    for (file, words) in [
        (llama().text("general.name", "again"), "stands twice"),
        (llama().text("", "x"), "is empty"),
        (llama().raw("x", 13, &[]), "unknown value type 13"),
        (llama().raw("x", 9, &nested), "array of arrays"),
        (llama().number("general.alignment", 33), "power of two"),
        (llama().text("general.alignment", "32"), "power of two"),
        (llama().raw("x", 8, &[1, 0, 0, 0, 0, 0, 0, 0, 0xff]), "no UTF-8"),
        (llama().tensor("t", &[31], 8, 34), "no whole blocks"),
        (llama().tensor("t", &[32], 4, 34), "unknown type 4"),
        (llama().tensor("t", &[1, 1, 1, 1, 1], 0, 4), "5 dimensions"),
        (llama().tensor("t", &[u64::MAX, 2], 0, 4), "more elements"),
        (llama().tensor("t", &[1 << 62], 0, 4), "larger than can be"),
        (llama().tensor("output_norm.weight", &[1], 0, 4), "one name"),
        (llama().tensor(&"t".repeat(64), &[1], 0, 4), "at most 63"),
    ] {
        let text = refusal(&file.build());
        assert!(text.contains(words), "{text} should say: {words}");
    }
    let gap = llama().tensor("a", &[8], 0, 64).tensor("b", &[8], 0, 32);
    assert!(refusal(&gap.build()).contains("begins at"));
}

#[test]
fn numbers_of_every_width_are_read() {
    let header = read_bytes(
        &Builder::llama()
            .raw("u8", 0, &[200])
            .raw("i8", 1, &[0xff])
            .raw("i16", 3, &7i16.to_le_bytes())
            .raw("u64", 10, &(1u64 << 40).to_le_bytes())
            .raw("i64", 11, &9i64.to_le_bytes())
            .raw("f32", 6, &1f32.to_le_bytes())
            .raw("bool", 7, &[1])
            .numbers("each", &[3, 4])
            .build(),
    )
    .unwrap();
    let meta = &header.metadata;
    let numbers = ["u8", "i8", "i16", "u64", "i64", "f32", "bool"].map(|key| meta.number(key));
    assert_eq!(numbers, [Some(200), None, Some(7), Some(1 << 40), Some(9), None, Some(1)]);
    assert_eq!(meta.numbers("each"), Some([3, 4].as_slice()));
    assert_eq!(meta.length("tokenizer.ggml.tokens"), Some(4));
}

/// Bytes that begin as a GGUF does, so that the reader gets past the first checks.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..400);
    (2u32..4, 0u64..6, 0u64..6, body).prop_map(|(version, tensors, entries, body)| {
        let start = [b"GGUF".as_slice(), &version.to_le_bytes(), &tensors.to_le_bytes(), &entries.to_le_bytes()];
        [start.concat(), body].concat()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn bytes_that_begin_well_are_survived(bytes in nearly()) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn overwritten_parts_are_survived(
        at in any::<prop::sample::Index>(),
        patch in prop::collection::vec(any::<u8>(), 1..16),
    ) {
        let mut file = Builder::llama().build();
        let at = at.index(file.len());
        for (byte, new) in file[at..].iter_mut().zip(patch) {
            *byte = new;
        }
        let _ = read_bytes(&file);
    }
}
