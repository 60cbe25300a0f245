//! Lines for the engine's log, which is stderr. Never anything of a request.

use std::io::Write;

/// Writes one line, in one piece: several threads write.
pub(crate) fn line(text: &str) {
    let _ = std::io::stderr().write_all(format!("engine: {text}\n").as_bytes());
}
