//! llama.cpp's log: its lines to stderr, shortened, and the recent errors kept so that a failed load can be explained.

#![allow(unsafe_code)]

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_void},
    io::Write,
    sync::{Mutex, OnceLock},
};

use llama_cpp_sys_2 as sys;

/// Longest line passed on, in bytes.
const MAX_LINE: usize = 240;
/// Warnings and errors kept.
const MAX_KEPT: usize = 40;

static CAPTURED: OnceLock<Mutex<State>> = OnceLock::new();

thread_local! {
    static IGNORED: Cell<bool> = const { Cell::new(false) };
}

/// Drops what llama.cpp says on this thread, until [`listen`].
pub(super) fn ignore() {
    IGNORED.set(true);
}

/// Ends what [`ignore`] began.
pub(super) fn listen() {
    IGNORED.set(false);
}

#[derive(Default)]
struct State {
    partial: String,
    level: sys::ggml_log_level,
    kept: Vec<String>,
}

/// Proof that the log is captured.
#[derive(Clone, Copy)]
pub(crate) struct LogCapture(());

impl LogCapture {
    /// Starts capturing, for the whole process. Idempotent.
    pub(crate) fn start() -> Self {
        CAPTURED.get_or_init(Mutex::default);
        // SAFETY: `receive` is a function of the required type that takes no user data; it lives forever.
        unsafe { sys::llama_log_set(Some(receive), std::ptr::null_mut()) };
        Self(())
    }

    /// The warnings and errors so far, oldest first.
    pub(crate) fn errors(self) -> Vec<String> {
        CAPTURED.get_or_init(Mutex::default).lock().map(|state| state.kept.clone()).unwrap_or_default()
    }
}

/// Called by llama.cpp with pieces of lines; `CONT` continues the line before.
extern "C" fn receive(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() || IGNORED.get() {
        return;
    }
    // SAFETY: llama.cpp passes a NUL-terminated string that lives through this call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let Ok(mut state) = CAPTURED.get_or_init(Mutex::default).lock() else { return };
    if level != sys::GGML_LOG_LEVEL_CONT {
        state.level = level;
    }
    if state.partial.len() < 8 * MAX_LINE {
        state.partial.push_str(&text);
    }
    if !text.ends_with('\n') {
        return;
    }
    let partial = std::mem::take(&mut state.partial);
    for line in partial.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        state.keep(line);
    }
}

impl State {
    fn keep(&mut self, line: &str) {
        let severe = self.level == sys::GGML_LOG_LEVEL_WARN || self.level == sys::GGML_LOG_LEVEL_ERROR;
        let dots = line.chars().all(|c| c == '.');
        // The metadata is in the file for whoever wants it.
        if self.level == sys::GGML_LOG_LEVEL_DEBUG || dots || line.contains(": - kv ") {
            return;
        }
        let end = line.floor_char_boundary(MAX_LINE);
        let line = &line[..end];
        let _ = std::io::stderr().write_all(format!("llama: {line}\n").as_bytes());
        if severe {
            if self.kept.len() == MAX_KEPT {
                self.kept.remove(0);
            }
            self.kept.push(line.to_owned());
        }
    }
}
