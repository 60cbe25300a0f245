//! What can go wrong in the store, one enum per operation.

use std::{io, path::PathBuf};

use crate::{InspectError, Sha256};

#[derive(Debug, thiserror::Error)]
#[error("the model folder {} cannot be made", path.display())]
pub struct OpenError {
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Why a file did not come into the store. Nothing of it is left there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is no model file, or a damaged one.
    #[error("the model file cannot be used")]
    Inspect(#[from] InspectError),
    /// A whole GGUF that the engine's llama.cpp does not know.
    #[error("the architecture `{architecture}` is not supported by this version of Viva")]
    UnsupportedArchitecture { architecture: String },
    /// A GGUF without tensors, as vocabularies are.
    #[error("the file holds no weights")]
    NoWeights,
    #[error("the file has more than the {limit} bytes that are accepted")]
    TooLarge { limit: u64 },
    #[error("the file was announced with {expected} bytes and came with {actual}")]
    WrongSize { expected: u64, actual: u64 },
    #[error("the file was announced with SHA-256 {expected} and came with {actual}")]
    WrongContent { expected: Sha256, actual: Sha256 },
    /// `needed` is what is left to write plus what stays reserved.
    #[error("the disk is full: {needed} bytes are needed, {free} are free")]
    StorageFull { needed: u64, free: u64 },
    #[error("{} is no regular file", path.display())]
    NoFile { path: PathBuf },
    #[error("{} cannot be read", path.display())]
    Source {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the model folder cannot be written")]
    Write(#[source] io::Error),
    /// The upload ended or was aborted before it was finished, or failed earlier.
    #[error("the upload is over")]
    UploadOver,
}

impl ImportError {
    /// A write error, told apart where the disk is full.
    pub(super) fn from_write(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull { needed: 1, free: 0 },
            _ => Self::Write(source),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Try again when that import is recorded.
    #[error("the same file is being imported")]
    BeingImported,
    #[error("the model file {} cannot be removed", path.display())]
    Remove {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

#[derive(Debug, thiserror::Error)]
#[error("the model file {} cannot be read", path.display())]
pub struct VerifyError {
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}
