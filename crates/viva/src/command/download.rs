//! What is downloaded becomes a file: whole or not at all, and over nothing that was there unless asked for.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Keep,
    Replace,
}

impl Existing {
    /// The meaning of `--force`.
    pub(super) const fn from_flag(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }

    /// Looks before anything is asked for.
    ///
    /// # Errors
    /// The file is there and is kept, or its folder is not.
    pub(super) fn check(self, file: &Path) -> anyhow::Result<()> {
        if !folder_of(file).is_dir() {
            return Err(Failure::new(format!("there is no folder {}", folder_of(file).display())).into());
        }
        match fs::symlink_metadata(file) {
            Ok(found) if found.is_dir() => Err(Failure::new(format!("{} is a folder", file.display())).into()),
            Ok(_) if self == Self::Keep => Err(Self::is_there(file)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The file is there and is kept.
    pub(super) fn is_there(file: &Path) -> anyhow::Error {
        Failure::new(format!("{} is there already", file.display()))
            .hint("choose another name, or add `--force` to replace it")
            .into()
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What was read whole, beside the file that it is to become.
#[derive(Debug)]
pub(super) struct Download {
    part: NamedTempFile,
    pub(super) bytes: u64,
}

impl Download {
    /// Reads a response into the folder of the file; `each` is told how many bytes came.
    ///
    /// # Errors
    /// The connection broke, or the folder cannot be written.
    pub(super) async fn read(mut response: reqwest::Response, file: &Path, each: impl Fn(u64)) -> anyhow::Result<Self> {
        let writing = || format!("{} cannot be written", file.display());
        let mut part = NamedTempFile::new_in(folder_of(file)).with_context(writing)?;
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await.context("the connection to the server broke")? {
            part.write_all(&chunk).with_context(writing)?;
            bytes += chunk.len() as u64;
            each(chunk.len() as u64);
        }
        part.as_file().sync_all().with_context(writing)?;
        Ok(Self { part, bytes })
    }

    /// Makes it the file.
    ///
    /// # Errors
    /// The file came meanwhile, or cannot be written.
    pub(super) fn keep(self, file: &Path, existing: Existing) -> anyhow::Result<()> {
        let kept = match existing {
            Existing::Keep => self.part.persist_noclobber(file),
            Existing::Replace => self.part.persist(file),
        };
        match kept {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(Existing::is_there(file)),
            Err(error) => Err(error.error).with_context(|| format!("{} cannot be written", file.display())),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_kept_unless_asked_for_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        Existing::Keep.check(&file).unwrap();
        fs::write(&file, "old").unwrap();
        assert!(Existing::Keep.check(&file).unwrap_err().to_string().contains("is there already"));
        Existing::Replace.check(&file).unwrap();
        assert!(Existing::Replace.check(folder.path()).unwrap_err().to_string().contains("is a folder"));
        assert!(Existing::Keep.check(&folder.path().join("no/b")).unwrap_err().to_string().contains("no folder"));
        let made = |text: &str| {
            let mut part = NamedTempFile::new_in(folder.path()).unwrap();
            part.write_all(text.as_bytes()).unwrap();
            Download { part, bytes: 0 }
        };
        assert!(made("new").keep(&file, Existing::Keep).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        made("new").keep(&file, Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        std::os::unix::fs::symlink("/nonexistent/x", folder.path().join("link")).unwrap();
        assert!(Existing::Keep.check(&folder.path().join("link")).is_err(), "a link to nothing is there, too");
    }
}
