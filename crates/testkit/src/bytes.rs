//! Looking for bytes in a folder, as somebody would who got hold of the disk.

use std::{fs, path::Path};

/// The files below `folder` that hold `needle`, by path.
pub fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    visit(folder, &mut |path| {
        let bytes = fs::read(path).unwrap_or_default();
        if bytes.windows(needle.len()).any(|window| window == needle) {
            found.push(path.display().to_string());
        }
    });
    found
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => visit(&entry.path(), look),
            Ok(kind) if kind.is_file() => look(&entry.path()),
            _ => {}
        }
    }
}
