//! Files in a session's persistent storage.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{FileId, SessionId};

/// A file of a session: kept after the stop, erased with the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Another one whenever the contents are written anew.
    pub id: FileId,
    pub session_id: SessionId,
    /// Names parted by `/`.
    pub path: String,
    pub bytes: u64,
    /// Of the contents, 64 hexadecimal digits.
    pub sha256: String,
    /// What OpenAI's `/v1/files` was told that it is for; `null` for a file that came another way.
    pub purpose: Option<String>,
    pub created_at: Timestamp,
}

/// How far an upload in parts has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartialFile {
    pub path: String,
    /// Bytes that are on disk: the next part begins here.
    pub received: u64,
    /// Bytes that the whole file will have.
    pub bytes: u64,
}

/// A page of a session's files, and what they may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilePage {
    pub items: Vec<File>,
    pub next_cursor: Option<String>,
    pub storage: FileStorage,
}

/// Bytes of files, and their quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileStorage {
    /// Of this session.
    pub session_bytes: u64,
    pub session_quota: u64,
    /// Of all the owner's sessions.
    pub user_bytes: u64,
    pub user_quota: u64,
    /// Most that one file may have.
    pub file_max: u64,
}
