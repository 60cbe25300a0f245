//! Lines for the engine's log, which is stderr. Never anything of a request.

use std::io::Write;

/// Writes one line.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "engine: {text}");
}
