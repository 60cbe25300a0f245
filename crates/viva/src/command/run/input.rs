//! The rows of a task before they are sent: read once here, so that what is wrong with them is told at once.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use anyhow::Context as _;
use dataset::Bounds;
use protocol::dataset::Format;
use scoring::Scorer;

use crate::failure::Failure;

/// Bytes that go with the request; what is larger becomes a file of the session.
const INLINE: u64 = 256 << 10;

#[derive(Debug)]
pub(super) struct Input {
    file: File,
    bytes: u64,
    /// What it is called in the session.
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) columns: Vec<String>,
}

impl Input {
    /// Opens a file, or standard input (`-`), and looks which columns it has.
    ///
    /// # Errors
    /// What keeps its rows from being read; a bad row does not.
    pub(super) fn open(path: &Path, format: Option<Format>) -> anyhow::Result<Self> {
        let shown = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
        let mut file = open(path, &shown)?;
        let reading = || format!("{shown} cannot be read");
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| *name != "-");
        let bytes = file.seek(SeekFrom::End(0)).with_context(reading)?;
        // How many rows there may be is the server's to say.
        let bounds = Bounds { rows: u64::MAX, file_bytes: u64::MAX, ..Bounds::default() };
        let unreadable = |error: dataset::InputError| Failure::new(format!("{shown}: {error}"));
        let format = match format {
            Some(format) => format,
            None => dataset::detect(name, &mut file)
                .map_err(|error| unreadable(error).hint("say how it is written: `--format csv`"))?,
        };
        let mut reader = dataset::open(format, &file, &bounds).map_err(unreadable)?;
        for entry in reader.by_ref() {
            entry.map_err(unreadable)?.ok();
        }
        let columns = reader.columns().to_vec();
        let name = format!("inputs/{}", name.unwrap_or("standard-input"));
        Ok(Self { file, bytes, name, format, columns })
    }

    /// # Errors
    /// A scoring's column is none of the file's.
    pub(super) fn check_column(&self, scorer: &Scorer) -> anyhow::Result<()> {
        let missing = |name: &&str| self.format != Format::Batch && !self.columns.iter().any(|column| column == name);
        match scorer.reference().filter(missing) {
            None => Ok(()),
            Some(reference) => Err(Failure::usage(format!(
                "--score {}: the file has no column `{reference}`; its columns are `{}`",
                scorer.name(),
                self.columns.join("`, `")
            ))
            .into()),
        }
    }

    /// Its text, where that goes with the request.
    pub(super) fn text(&self) -> anyhow::Result<Option<String>> {
        if self.bytes > INLINE || self.format == Format::Xlsx {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.file()?.read_to_end(&mut bytes).context("the file cannot be read")?;
        // In another encoding it goes as a file, whose bytes the server reads.
        Ok(String::from_utf8(bytes).ok())
    }

    /// The file, from its start.
    pub(super) fn file(&self) -> anyhow::Result<File> {
        let mut file = self.file.try_clone().context("the file cannot be read")?;
        file.seek(SeekFrom::Start(0)).context("the file cannot be read")?;
        Ok(file)
    }
}

fn open(path: &Path, shown: &str) -> anyhow::Result<File> {
    let reading = || format!("{shown} cannot be read");
    if path == Path::new("-") {
        return written_down(&mut io::stdin().lock()).with_context(reading);
    }
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::new(format!("there is no file {shown}")).into());
        }
        opened => opened.with_context(reading)?,
    };
    let kind = file.metadata().with_context(reading)?.file_type();
    if kind.is_dir() {
        return Err(Failure::new(format!("{shown} is a folder")).into());
    }
    if kind.is_file() { Ok(file) } else { written_down(&mut file).with_context(reading) }
}

/// What can be read once alone, written down without a name.
fn written_down(source: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(source, &mut file)?;
    Ok(file)
}
