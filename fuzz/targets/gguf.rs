//! A model file's header, as it is read before anything else is done with the file.
#![no_main]

use std::io::Cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = hub::inspect_from(Cursor::new(bytes), bytes.len() as u64, Some("model-instruct.gguf"));
});
