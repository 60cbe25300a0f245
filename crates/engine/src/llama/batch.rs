//! Tokens for one decode.

#![allow(unsafe_code)]

use llama_cpp_sys_2 as sys;

use super::vocab::Token;

/// Tokens for one decode.
pub(crate) struct Batch {
    raw: sys::llama_batch,
    capacity: usize,
}

// SAFETY: plain arrays of its own.
unsafe impl Send for Batch {}

impl Batch {
    pub(crate) fn new(capacity: u32) -> Self {
        // SAFETY: allocates arrays for `capacity` tokens of one sequence each; freed in `drop`.
        let raw = unsafe { sys::llama_batch_init(capacity.cast_signed(), 0, 1) };
        Self { raw, capacity: capacity as usize }
    }

    pub(super) fn raw(&self) -> &sys::llama_batch {
        &self.raw
    }

    pub(crate) fn clear(&mut self) {
        self.raw.n_tokens = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.raw.n_tokens.max(0) as usize
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity - self.len()
    }

    /// Adds a token of a sequence at a position; its logits are computed if `output` is true. The index of the
    /// entry, or `None` if the batch is full.
    pub(crate) fn push(&mut self, token: Token, position: u32, sequence: u32, output: bool) -> Option<usize> {
        let index = self.len();
        if index == self.capacity {
            return None;
        }
        // SAFETY: `index` is below the capacity that each array was allocated for, with one sequence id each.
        unsafe {
            *self.raw.token.add(index) = token;
            *self.raw.pos.add(index) = position.cast_signed();
            *self.raw.n_seq_id.add(index) = 1;
            *(*self.raw.seq_id.add(index)) = sequence.cast_signed();
            *self.raw.logits.add(index) = i8::from(output);
        }
        self.raw.n_tokens += 1;
        Some(index)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: allocated by `llama_batch_init`, freed once.
        unsafe { sys::llama_batch_free(self.raw) }
    }
}
