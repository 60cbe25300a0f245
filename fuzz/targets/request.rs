//! The body of a completion request, chat or plain: the first byte says which.
#![no_main]

use protocol::openai::{ChatRequest, CompletionRequest, Modality};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    match first % 3 {
        0 => drop(ChatRequest::parse(body, Modality::Text)),
        1 => drop(ChatRequest::parse(body, Modality::TextAndImages)),
        _ => drop(CompletionRequest::parse(body)),
    }
});
