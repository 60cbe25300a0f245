//! A context: the key-value cache of several sequences.

#![allow(unsafe_code)]

use std::{ptr::NonNull, slice, sync::Arc};

use llama_cpp_sys_2 as sys;

use super::{
    batch::Batch,
    interrupt::{Interrupt, Interruptible},
    model::Model,
};

/// Shape of a context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContextOptions {
    /// Tokens per sequence.
    pub(crate) context_length: u32,
    /// Number of sequences.
    pub(crate) sequences: u32,
    /// Most tokens of one batch.
    pub(crate) batch: u32,
    /// Threads that compute.
    pub(crate) threads: u32,
}

/// A batch that was not computed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the cache has no room for the batch")]
    NoRoom,
    #[error("the pass was ended early")]
    Interrupted,
    #[error("llama.cpp failed with code {0}")]
    Failed(i32),
}

/// A context of a model. Not shared: one thread owns it.
pub(crate) struct Context {
    raw: NonNull<sys::llama_context>,
    vocab_len: usize,
    sequences: u32,
    most_threads: u32,
    interrupt: Arc<Interrupt>,
    _model: Arc<Model>,
}

// SAFETY: a context is bound to no thread; it is moved to the inference thread and stays there.
unsafe impl Send for Context {}

impl Context {
    /// A context, unless memory is short or the model does not allow the shape.
    pub(crate) fn new(model: &Arc<Model>, options: ContextOptions) -> Option<Self> {
        // SAFETY: plain data.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = options.context_length.saturating_mul(options.sequences);
        params.n_batch = options.batch;
        params.n_ubatch = options.batch;
        params.n_seq_max = options.sequences;
        // One output per sequence and pass: the buffer of logits stays small.
        params.n_outputs_max = options.sequences;
        params.n_threads = options.threads.cast_signed();
        params.n_threads_batch = options.threads.cast_signed();
        params.flash_attn_type = sys::LLAMA_FLASH_ATTN_TYPE_AUTO;
        // A stream per sequence: attention reads that sequence alone.
        params.kv_unified = false;
        // The whole window is kept, so that a prefix can be reused with sliding-window models too.
        params.swa_full = true;
        params.no_perf = true;
        let interrupt = Arc::new(Interrupt::default());
        params.abort_callback = Some(Interrupt::ask);
        params.abort_callback_data = Arc::as_ptr(&interrupt).cast_mut().cast();
        // SAFETY: a live model and parameters by value; the callback's data lives as long as the context.
        let raw = NonNull::new(unsafe { sys::llama_init_from_model(model.raw_mut(), params) })?;
        let vocab_len = model.vocab().len();
        Some(Self {
            raw,
            vocab_len,
            sequences: options.sequences,
            most_threads: options.threads,
            interrupt,
            _model: Arc::clone(model),
        })
    }

    /// Tokens that one sequence holds.
    pub(crate) fn context_length(&self) -> u32 {
        // SAFETY: a live context.
        unsafe { sys::llama_n_ctx_seq(self.raw.as_ptr()) }
    }

    /// Most threads that a decode can use.
    pub(crate) fn threads(&self) -> u32 {
        self.most_threads
    }

    /// Sets how many threads the next decodes use.
    pub(crate) fn set_threads(&mut self, threads: u32) {
        let threads = threads.clamp(1, self.most_threads).cast_signed();
        // SAFETY: a live context.
        unsafe { sys::llama_set_n_threads(self.raw.as_ptr(), threads, threads) };
    }

    /// By which another thread ends an interruptible pass early.
    pub(crate) fn interrupt(&self) -> Arc<Interrupt> {
        Arc::clone(&self.interrupt)
    }

    /// Computes a batch. On failure, and after an interruption, the cache of its sequences is not what it should be:
    /// remove what the batch added, or all.
    pub(crate) fn decode(&mut self, batch: &Batch, interruptible: Interruptible) -> Result<(), DecodeError> {
        if self.interrupt.begin(interruptible) {
            return Err(DecodeError::Interrupted);
        }
        // SAFETY: a live context; the batch's arrays hold what its count says.
        let code = unsafe { sys::llama_decode(self.raw.as_ptr(), *batch.raw()) };
        self.interrupt.end();
        match code {
            0 => Ok(()),
            1 => Err(DecodeError::NoRoom),
            2 => Err(DecodeError::Interrupted),
            code => Err(DecodeError::Failed(code)),
        }
    }

    /// The logits of the entry `index` of the last batch, one per token of the vocabulary.
    /// `None` unless that entry asked for them.
    pub(crate) fn logits(&mut self, index: usize) -> Option<&mut [f32]> {
        let index = i32::try_from(index).ok()?;
        // SAFETY: an index out of range, or without output, is answered null; else the row has `vocab_len`
        // numbers that stay in place until the next decode, which needs `&mut self`.
        unsafe {
            let row = sys::llama_get_logits_ith(self.raw.as_ptr(), index);
            (!row.is_null()).then(|| slice::from_raw_parts_mut(row, self.vocab_len))
        }
    }

    /// Removes what a sequence holds from position `from` on; `false` if the model's memory cannot do that.
    pub(crate) fn remove_tail(&mut self, sequence: u32, from: u32) -> bool {
        if sequence >= self.sequences {
            return false;
        }
        let (sequence, from) = (sequence.cast_signed(), from.cast_signed());
        // SAFETY: a live context, a sequence in range.
        unsafe { sys::llama_memory_seq_rm(sys::llama_get_memory(self.raw.as_ptr()), sequence, from, -1) }
    }

    /// Replaces what `target` holds by a copy of the whole of `source`.
    ///
    /// Only whole copies: a partial copy between the streams of a split cache aborts the process.
    pub(crate) fn copy_sequence(&mut self, source: u32, target: u32) {
        if source >= self.sequences || target >= self.sequences || source == target {
            return;
        }
        // SAFETY: a live context, sequences in range, and the whole range of positions.
        unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            sys::llama_memory_seq_rm(memory, target.cast_signed(), -1, -1);
            sys::llama_memory_seq_cp(memory, source.cast_signed(), target.cast_signed(), -1, -1);
        }
    }

    /// First and last position that a sequence holds, if any.
    pub(crate) fn positions(&self, sequence: u32) -> Option<(u32, u32)> {
        if sequence >= self.sequences {
            return None;
        }
        // SAFETY: a live context, a sequence in range.
        let (first, last) = unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            let sequence = sequence.cast_signed();
            (sys::llama_memory_seq_pos_min(memory, sequence), sys::llama_memory_seq_pos_max(memory, sequence))
        };
        Some((u32::try_from(first).ok()?, u32::try_from(last).ok()?))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: created once, freed once.
        unsafe { sys::llama_free(self.raw.as_ptr()) };
    }
}
