//! The rows of a task as a file.

use std::path::Path;

use anyhow::Context as _;
use protocol::TaskId;
use serde_json::json;

use crate::{
    cli::TaskFormat,
    command::{
        Context,
        download::{Download, Existing},
        figures::bytes,
    },
    failure::Failure,
};

/// What is to be written, and where.
#[derive(Debug, Clone, Copy)]
pub(in crate::command) struct Export<'a> {
    pub(in crate::command) format: TaskFormat,
    /// None: standard output.
    pub(in crate::command) file: Option<&'a Path>,
    pub(in crate::command) existing: Existing,
}

impl<'a> Export<'a> {
    pub(super) fn from_flags(format: Option<TaskFormat>, file: Option<&'a Path>, force: bool) -> Self {
        let file = file.filter(|file| *file != Path::new("-"));
        let format = format.or_else(|| file.and_then(format_of)).unwrap_or(TaskFormat::Jsonl);
        Self { format, file, existing: Existing::from_flag(force) }
    }
}

/// The format that a file's ending names.
pub(in crate::command) fn format_of(file: &Path) -> Option<TaskFormat> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "jsonl" | "ndjson" => TaskFormat::Jsonl,
        "csv" => TaskFormat::Csv,
        "xlsx" => TaskFormat::Xlsx,
        "xml" => TaskFormat::Junit,
        _ => return None,
    })
}

/// Writes the rows; how many bytes they took in a file.
///
/// # Errors
/// The file is there, or cannot be written; the server refuses.
pub(in crate::command) async fn export(
    context: &Context<'_>,
    task: TaskId,
    wanted: &Export<'_>,
) -> anyhow::Result<Option<u64>> {
    let (path, query) = (format!("/api/v1/tasks/{task}/export"), [("format", wanted.format.as_str().to_owned())]);
    let Some(file) = wanted.file else {
        let mut response = context.client.open(&path, &query).await?;
        while let Some(chunk) = response.chunk().await.context("the connection to the server broke")? {
            context.output.write_bytes(&chunk);
        }
        return Ok(None);
    };
    wanted.existing.check(file)?;
    let download = Download::read(context.client.open(&path, &query).await?, file, |_| {}).await?;
    let written = download.bytes;
    download.keep(file, wanted.existing)?;
    Ok(Some(written))
}

/// `viva task export`.
pub(super) async fn print(context: &Context<'_>, task: TaskId, wanted: &Export<'_>) -> anyhow::Result<()> {
    let output = context.output;
    if wanted.file.is_none() && wanted.format == TaskFormat::Xlsx && output.out_is_terminal() {
        return Err(Failure::usage("a workbook cannot be shown on a terminal").hint("add `--output FILE.xlsx`").into());
    }
    let written = export(context, task, wanted).await?;
    if let (Some(written), Some(file)) = (written, wanted.file) {
        if output.is_json() {
            output.json(&json!({ "file": file, "bytes": written }).to_string());
        } else {
            output.line(&format!("{} written: {}", file.display(), bytes(written)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_names_the_format_unless_it_is_given() {
        let of = |format, file: &str| Export::from_flags(format, Some(Path::new(file)), false).format;
        assert_eq!(of(None, "a/b.XLSX"), TaskFormat::Xlsx);
        assert_eq!(of(None, "junit.xml"), TaskFormat::Junit);
        assert_eq!(of(Some(TaskFormat::Csv), "rows.txt"), TaskFormat::Csv);
        assert_eq!(of(None, "-"), TaskFormat::Jsonl);
        assert!(Export::from_flags(None, Some(Path::new("-")), false).file.is_none());
    }
}
