//! How much memory a session needs, from the shape of its model.

use protocol::FieldError;
use protocol::session::{EffectiveEngine, EngineSettings};

/// The figures of a transformer that decide its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of the weights on disk.
    pub weight_bytes: u64,
    pub layers: u64,
    /// Width of the keys of one layer, all KV heads together.
    pub key_width: u64,
    /// Width of the values of one layer, all KV heads together.
    pub value_width: u64,
    pub embedding_width: u64,
    pub vocabulary: u64,
    /// Tokens of context in training.
    pub context_length: u32,
}

/// Where nothing is asked for.
pub const DEFAULT_CONTEXT: u32 = 4096;
pub const DEFAULT_PARALLEL: u32 = 4;
/// Bounds of what may be asked for.
pub const MIN_CONTEXT: u32 = 16;
pub const MAX_PARALLEL: u32 = 64;

/// Bytes of one KV element: half precision.
const KV_BYTES: u64 = 2;
/// What the runtime takes beside weights, KV cache and batch buffers.
const RUNTIME_BYTES: u64 = 48 << 20;
/// Tokens of a batch, for its buffers.
const BATCH: u64 = 512;

/// The settings in force for what was asked for.
///
/// # Errors
/// Each field that is out of its bounds.
pub fn effective(asked: &EngineSettings, trained_context: u32) -> Result<EffectiveEngine, Vec<FieldError>> {
    let mut errors = Vec::new();
    let largest = trained_context.max(MIN_CONTEXT);
    let context_length = asked.context_length.unwrap_or(largest.min(DEFAULT_CONTEXT));
    if !(MIN_CONTEXT..=largest).contains(&context_length) {
        errors.push(FieldError::new(
            "engine.context_length",
            "out_of_range",
            format!("{context_length} is out of range: this model takes {MIN_CONTEXT} to {largest} tokens"),
        ));
    }
    let parallel = asked.parallel.unwrap_or(DEFAULT_PARALLEL);
    if !(1..=MAX_PARALLEL).contains(&parallel) {
        errors.push(FieldError::new(
            "engine.parallel",
            "out_of_range",
            format!("{parallel} is out of range: give 1 to {MAX_PARALLEL}"),
        ));
    }
    if errors.is_empty() { Ok(EffectiveEngine { context_length, parallel }) } else { Err(errors) }
}

/// Bytes that a session on this model is reckoned with: weights, KV cache, batch buffers, the runtime itself.
pub fn needed(shape: &Shape, engine: &EffectiveEngine) -> u64 {
    let tokens = u64::from(engine.context_length) * u64::from(engine.parallel);
    let kv = tokens
        .saturating_mul(shape.layers)
        .saturating_mul(shape.key_width.saturating_add(shape.value_width))
        .saturating_mul(KV_BYTES);
    let logits = shape.vocabulary.saturating_mul(4).saturating_mul(u64::from(engine.parallel) + 1);
    let activations = BATCH.saturating_mul(shape.embedding_width).saturating_mul(4 * 8);
    shape
        .weight_bytes
        .saturating_add(kv)
        .saturating_add(logits)
        .saturating_add(activations)
        .saturating_add(RUNTIME_BYTES)
}
