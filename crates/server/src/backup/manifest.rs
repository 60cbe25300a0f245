//! What an archive says of itself, and the names that its parts may have.

use jiff::Timestamp;
use protocol::{FileId, SessionId};
use serde::{Deserialize, Serialize};

/// The form of the archive that this version writes and reads.
pub(super) const FORMAT: u32 = 1;
/// The manifest's own name in the archive, its last part.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const DATABASE: &str = "viva.db";
/// Beside the database, each if it is there.
pub(super) const SINGLES: [&str; 3] = ["key", "run/client.json", "config.toml"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// The program's version that wrote it.
    pub(super) viva: String,
    /// Version of the database's schema.
    pub(super) schema: i64,
    pub(super) created_at: Timestamp,
    pub(super) parts: Vec<Part>,
}

/// A part and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Relative to the data folder.
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

pub(super) fn blob_path(sha256: &str) -> String {
    format!("models/blobs/sha256-{sha256}")
}

pub(super) fn file_path(session: SessionId, file: FileId) -> String {
    format!("sessions/{session}/files/{file}")
}

pub(super) fn log_path(session: SessionId, name: &str) -> String {
    format!("sessions/{session}/log/{name}")
}

/// A name of a session's log: `runtime.1.log`, `shim.1.log`.
pub(super) fn is_log(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    matches!(parts.as_slice(), ["runtime" | "shim", number, "log"] if number.parse::<u32>().is_ok())
}

/// Whether a part of this name belongs into a data folder: nothing else is ever written by a restore.
pub(super) fn is_allowed(path: &str) -> bool {
    if path == DATABASE || SINGLES.contains(&path) {
        return true;
    }
    let steps: Vec<&str> = path.split('/').collect();
    match steps.as_slice() {
        ["models", "blobs", name] => name.strip_prefix("sha256-").is_some_and(|hex| hex.parse::<hub::Sha256>().is_ok()),
        ["sessions", session, "files", file] => session.parse::<SessionId>().is_ok() && file.parse::<FileId>().is_ok(),
        ["sessions", session, "log", name] => session.parse::<SessionId>().is_ok() && is_log(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_into_a_data_folder_is_allowed() {
        let (session, file) = (SessionId::generate(), FileId::generate());
        let blob = blob_path(&"a1".repeat(32));
        let log = log_path(session, "runtime.2.log");
        for path in ["viva.db", "key", "config.toml", "run/client.json", &blob, &file_path(session, file), &log] {
            assert!(is_allowed(path), "{path}");
        }
        for path in [
            "",
            "/etc/passwd",
            "../viva.db",
            "viva.db/",
            "lock",
            "run/other",
            "models/blobs/sha256-../../x",
            "models/incoming/x",
            &format!("sessions/{session}/files/../../../x"),
            &format!("sessions/{session}/run/shim.json"),
            &format!("sessions/{session}/log/runtime.x.log"),
            &format!("sessions/../{session}/files/{file}"),
        ] {
            assert!(!is_allowed(path), "{path}");
        }
    }
}
