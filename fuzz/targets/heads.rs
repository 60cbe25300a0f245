//! The heads of a request that the server reads itself: a line each.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| server::fuzzing::heads(text));
