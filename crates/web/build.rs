//! The console is built before this crate, by npm: what is missing is said here, with what to do.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() || !dist.join("assets").is_dir() {
        println!("cargo::error=The web console is not built: web/dist/index.html is missing. Run `make web` first.");
    }
}
