//! Whether a blob still holds what its name says.

use std::{fs::File, io::Read};

use sha2::Digest;

use super::{Hub, Progress, VerifyError, import::blocking, incoming::CHUNK};
use crate::Sha256;

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The content is what the name says.
    Intact { bytes: u64 },
    /// The content is another.
    Damaged { bytes: u64, actual: Sha256 },
    /// There is no such blob.
    Absent,
}

impl Hub {
    /// Reads the whole blob and compares its hash. `progress` is called from a blocking thread.
    ///
    /// # Errors
    /// The blob is there and cannot be read.
    pub async fn verify(
        &self,
        sha256: Sha256,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<Verification, VerifyError> {
        let path = self.blob_path(&sha256);
        blocking(move || {
            let read = hash_file(&path, &progress);
            match read {
                Ok((bytes, actual)) if actual == sha256 => Ok(Verification::Intact { bytes }),
                Ok((bytes, actual)) => Ok(Verification::Damaged { bytes, actual }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Verification::Absent),
                Err(source) => Err(VerifyError { path, source }),
            }
        })
        .await
    }
}

fn hash_file(path: &std::path::Path, progress: &dyn Fn(Progress)) -> std::io::Result<(u64, Sha256)> {
    let mut file = File::open(path)?;
    let total_bytes = Some(file.metadata()?.len());
    let (mut hash, mut done_bytes, mut buffer) = (sha2::Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((done_bytes, Sha256::from_bytes(hash.finalize().into()))),
            Ok(count) => {
                hash.update(&buffer[..count]);
                done_bytes += count as u64;
                progress(Progress { done_bytes, total_bytes });
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
