//! The figures that decide a model's memory, from the keys that llama.cpp reads (`llama-model.cpp`, `load_hparams`).

use domain::memory::Shape;

use crate::gguf::{Header, Metadata};

/// Tokens of context in training.
pub(super) fn context_length(meta: &Metadata, architecture: &str) -> Option<u32> {
    meta.number(&format!("{architecture}.context_length")).and_then(|tokens| u32::try_from(tokens).ok())
}

/// The shape, where layers, width and context are known. Per-layer head counts are averaged up, so that the sum
/// over the layers is no less than the file's.
pub(super) fn of(header: &Header, architecture: &str) -> Option<Shape> {
    let meta = &header.metadata;
    let number = |key: &str| meta.number(&format!("{architecture}.{key}"));
    let layers = number("block_count")?;
    let embedding_width = number("embedding_length")?;
    let heads = average(meta, &format!("{architecture}.attention.head_count"), layers);
    let kv_heads = average(meta, &format!("{architecture}.attention.head_count_kv"), layers).or(heads);
    // A model without attention (recurrent ones) keeps a state of about its width.
    let default_width = match heads {
        Some(heads) if heads > 0 => embedding_width / heads,
        Some(_) | None => embedding_width,
    };
    let kv_heads = kv_heads.unwrap_or(1);
    let key_width = kv_heads.saturating_mul(number("attention.key_length").unwrap_or(default_width));
    let value_width = kv_heads.saturating_mul(number("attention.value_length").unwrap_or(default_width));
    Some(Shape {
        weight_bytes: header.tensors.bytes,
        layers,
        key_width,
        value_width,
        embedding_width,
        vocabulary: number("vocab_size").or_else(|| meta.length("tokenizer.ggml.tokens")).unwrap_or(0),
        context_length: context_length(meta, architecture)?,
    })
}

/// A figure that is one number for all layers, or an array with one for each.
fn average(meta: &Metadata, key: &str, layers: u64) -> Option<u64> {
    meta.number(key).or_else(|| {
        let each = meta.numbers(key)?;
        let sum = each.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        (layers > 0).then(|| sum.div_ceil(layers))
    })
}
