//! The event stream of a runtime, in two cuts: what comes out does not depend on them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, stream)) = bytes.split_first() else { return };
    let whole = server::fuzzing::events(&[stream]);
    let (before, after) = stream.split_at(usize::from(*first) % (stream.len() + 1));
    assert_eq!(whole, server::fuzzing::events(&[before, after]));
});
