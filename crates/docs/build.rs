//! Lists the pages for users: the Markdown files of `docs/` that begin with front matter.

use std::{env, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../docs").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut list = String::from("&[\n");
    for path in files.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        println!("cargo::rerun-if-changed={}", path.display());
        if fs::read_to_string(&path)?.starts_with("---\n") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string())?;
        }
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pages.rs"), list)?;
    Ok(())
}
