//! `viva file get`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use reqwest::Response;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{name, session_of};
use crate::{
    cli::GetArgs,
    command::{
        Context,
        download::{Download, Existing, hex},
        figures::bytes,
    },
    failure::Failure,
    output::bytes_bar,
};

pub(super) async fn run(args: &GetArgs, context: &Context<'_>) -> anyhow::Result<()> {
    let encoded = name::encoded(&args.name)?;
    let existing = Existing::from_flag(args.force);
    let target = target(args);
    if let Some(file) = &target {
        existing.check(file)?;
    }
    let session = session_of(context, args.session.as_deref()).await?;
    let opened = context.client.open(&format!("{session}/files/{encoded}"), &[]).await;
    let response = opened.map_err(|error| name::or_unknown(error, &args.name))?;
    let expected = expected_sha256(&response)?;
    match target {
        Some(file) => save(context, response, (&file, existing), &expected).await,
        None => print(context, response, &expected).await,
    }
}

/// The file to write; none: standard output. Without a word of the caller it is the last of the names, so that no name
/// leads out of the current folder.
fn target(args: &GetArgs) -> Option<PathBuf> {
    let own = name::last(&args.name);
    match &args.output {
        Some(path) if path == Path::new("-") => None,
        Some(path) if path.is_dir() => Some(path.join(own)),
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(own)),
    }
}

/// The hash of the contents, which is their tag.
fn expected_sha256(response: &Response) -> anyhow::Result<String> {
    let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(|tag| tag.trim_matches('"'));
    let is_hash = |tag: &&str| tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    tag.filter(is_hash).map(str::to_owned).ok_or_else(|| {
        Failure::new("the server does not say what the file's SHA-256 is")
            .hint("server and client may be of different versions")
            .into()
    })
}

fn check(expected: &str, found: &str) -> anyhow::Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Failure::new(format!("what came has the SHA-256 {found}, not {expected}: it was changed on the way"))
        .hint("get it again")
        .into())
}

async fn save(
    context: &Context<'_>,
    response: Response,
    (file, existing): (&Path, Existing),
    expected: &str,
) -> anyhow::Result<()> {
    let label = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bar = bytes_bar(context.output, &label, response.content_length().unwrap_or(0));
    let download = Download::read(response, file, |bytes| bar.inc(bytes)).await;
    bar.finish_and_clear();
    let download = download?;
    check(expected, &download.sha256)?;
    let (size, sha256) = (download.bytes, download.sha256.clone());
    download.keep(file, existing)?;
    if context.output.is_json() {
        context.output.json(&json!({ "file": file, "bytes": size, "sha256": sha256 }).to_string());
    } else {
        context.output.line(&format!("{} written: {}", file.display(), bytes(size)));
    }
    Ok(())
}

async fn print(context: &Context<'_>, mut response: Response, expected: &str) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    while let Some(chunk) = response.chunk().await.context("the connection to the server broke")? {
        hash.update(&chunk);
        context.output.write_bytes(&chunk);
    }
    check(expected, &hex(&hash.finalize()))
}
