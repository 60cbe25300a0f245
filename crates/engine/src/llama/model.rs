//! A loaded model.

#![allow(unsafe_code)]

use std::{
    ffi::{CStr, CString, c_char, c_void},
    path::Path,
    ptr::NonNull,
    sync::{Arc, Once},
};

use llama_cpp_sys_2 as sys;

use super::{log::LogCapture, vocab::Vocab};

/// A model that llama.cpp did not load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the path of the model holds a NUL character or is no UTF-8")]
    Path,
    #[error("llama.cpp refused the model: {}", errors.last().map_or("it gave no reason", String::as_str))]
    Refused { errors: Vec<String> },
}

/// Weights and vocabulary. Immutable once loaded.
pub(crate) struct Model {
    raw: NonNull<sys::llama_model>,
}

// SAFETY: llama.cpp only reads a loaded model; its vocabulary functions are documented as thread-safe.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

impl Model {
    /// Loads the model, mapped read-only; `progress` is called with 0 to 1 from this thread.
    pub(crate) fn load(path: &Path, log: LogCapture, mut progress: impl FnMut(f32)) -> Result<Arc<Self>, LoadError> {
        let path = path.to_str().and_then(|path| CString::new(path).ok()).ok_or(LoadError::Path)?;
        static BACKEND: Once = Once::new();
        // SAFETY: called once per process, before anything else of llama.cpp but its log.
        BACKEND.call_once(|| unsafe { sys::llama_backend_init() });
        let mut callback: &mut dyn FnMut(f32) = &mut progress;
        // SAFETY: plain data.
        let mut params = unsafe { sys::llama_model_default_params() };
        params.progress_callback = Some(on_progress);
        params.progress_callback_user_data = (&raw mut callback).cast::<c_void>();
        params.n_gpu_layers = if cfg!(feature = "cuda") { -1 } else { 0 };
        // Repacked weights are private memory and double the load; mapped ones are shared by every session.
        params.use_extra_bufts = false;
        // SAFETY: the path is NUL-terminated, and the callback's data outlives the call.
        let raw = unsafe { sys::llama_model_load_from_file(path.as_ptr(), params) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Arc::new(Self { raw })),
            None => Err(LoadError::Refused { errors: log.errors() }),
        }
    }

    pub(super) fn raw(&self) -> *const sys::llama_model {
        self.raw.as_ptr()
    }

    pub(super) fn raw_mut(&self) -> *mut sys::llama_model {
        self.raw.as_ptr()
    }

    pub(crate) fn vocab(self: &Arc<Self>) -> Vocab {
        Vocab::new(Arc::clone(self))
    }

    /// Tokens of context that the model was trained with.
    pub(crate) fn training_context(&self) -> u32 {
        // SAFETY: a live model.
        unsafe { sys::llama_model_n_ctx_train(self.raw()) }.max(1).cast_unsigned()
    }

    /// Whether the model generates text token by token, which an encoder or a diffusion model does not.
    pub(crate) fn is_generative(&self) -> bool {
        let raw = self.raw();
        // SAFETY: a live model.
        unsafe {
            sys::llama_model_has_decoder(raw)
                && !sys::llama_model_has_encoder(raw)
                && !sys::llama_model_is_diffusion(raw)
        }
    }

    /// The chat template of the model's metadata.
    pub(crate) fn chat_template(&self) -> Option<String> {
        // SAFETY: a live model; the answer is null, or a string that belongs to the model.
        unsafe {
            let template = sys::llama_model_chat_template(self.raw(), std::ptr::null::<c_char>());
            (!template.is_null()).then(|| CStr::from_ptr(template).to_string_lossy().into_owned())
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: loaded once, freed once; contexts hold an `Arc` of the model.
        unsafe { sys::llama_model_free(self.raw.as_ptr()) }
    }
}

unsafe extern "C" fn on_progress(progress: f32, data: *mut c_void) -> bool {
    // SAFETY: `data` is the callback that `Model::load` keeps alive through the call that leads here.
    let callback = unsafe { &mut *data.cast::<&mut dyn FnMut(f32)>() };
    callback(progress);
    true
}
