//! `viva file get`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use reqwest::{Response, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{name, part::Part, session_of};
use crate::{
    cli::GetArgs,
    client::ApiError,
    command::{
        Context,
        download::{Existing, hex},
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
    let source = format!("{session}/files/{encoded}");
    let opened = context.client.open(&source, &[]).await;
    let response = opened.map_err(|error| name::or_unknown(error, &args.name))?;
    let expected = expected_sha256(&response)?;
    match target {
        Some(file) => save(context, (&source, response), (&file, existing), &expected).await,
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

/// Times that a broken connection is opened again without anything having come, and the pause before each.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

async fn save(
    context: &Context<'_>,
    (source, response): (&str, Response),
    (file, existing): (&Path, Existing),
    expected: &str,
) -> anyhow::Result<()> {
    let label = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let whole = response.content_length().unwrap_or(0);
    let mut part = Part::open(file, expected)?;
    if part.bytes > whole {
        part.clear()?;
    }
    let bar = bytes_bar(context.output, &label, whole);
    bar.inc(part.bytes);
    // What is here already is not read again.
    let fetched = match part.bytes {
        0 => fetch(context, source, (Some(response), whole, expected), &mut part, |bytes| bar.inc(bytes)).await,
        _ => {
            drop(response);
            fetch(context, source, (None, whole, expected), &mut part, |bytes| bar.inc(bytes)).await
        }
    };
    bar.finish_and_clear();
    if let Err(error) = fetched {
        let hint = format!("what has come is kept: the same command goes on at {}", bytes(part.bytes));
        return Err(error.context(Failure::new("the download broke off").hint(hint)));
    }
    let (size, sha256) = (part.bytes, part.sha256());
    if let Err(error) = check(expected, &sha256) {
        part.discard();
        return Err(error);
    }
    part.keep(file, existing)?;
    if context.output.is_json() {
        context.output.json(&json!({ "file": file, "bytes": size, "sha256": sha256 }).to_string());
    } else {
        context.output.line(&format!("{} written: {}", file.display(), bytes(size)));
    }
    Ok(())
}

/// Reads what is missing, with a new connection wherever one breaks.
async fn fetch(
    context: &Context<'_>,
    source: &str,
    (mut response, whole, expected): (Option<Response>, u64, &str),
    part: &mut Part,
    each: impl Fn(u64),
) -> anyhow::Result<()> {
    let mut tries = 0;
    while part.bytes < whole {
        let before = part.bytes;
        let read = match response.take() {
            Some(response) => read(response, part, &each).await,
            None => match context.client.open_from(source, part.bytes, expected).await {
                Ok(response) => {
                    if expected_sha256(&response)? != expected {
                        let changed =
                            Failure::new("the file was replaced while it was downloaded").hint("get it again");
                        return Err(changed.into());
                    }
                    if response.status() != StatusCode::PARTIAL_CONTENT {
                        part.clear()?;
                    }
                    read(response, part, &each).await
                }
                Err(error) if !may_pass(&error) => return Err(error),
                Err(error) => Err(Broken::Connection(error)),
            },
        };
        match read {
            Ok(()) => {}
            Err(Broken::Disk(error)) => return Err(error),
            Err(Broken::Connection(error)) => {
                tries = if part.bytes > before { 0 } else { tries + 1 };
                if tries == TRIES {
                    return Err(error);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(())
}

/// Why no more came.
enum Broken {
    Connection(anyhow::Error),
    Disk(anyhow::Error),
}

async fn read(mut response: Response, part: &mut Part, each: impl Fn(u64)) -> Result<(), Broken> {
    let breaks = |error| Broken::Connection(anyhow::Error::new(error).context("the connection to the server broke"));
    while let Some(chunk) = response.chunk().await.map_err(breaks)? {
        part.append(&chunk).map_err(Broken::Disk)?;
        each(chunk.len() as u64);
    }
    Ok(())
}

/// Whether the server may only be away for a while.
fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ApiError>().is_some_and(|error| error.is_unreachable() || error.may_pass())
}

async fn print(context: &Context<'_>, mut response: Response, expected: &str) -> anyhow::Result<()> {
    let mut hash = Sha256::new();
    while let Some(chunk) = response.chunk().await.context("the connection to the server broke")? {
        hash.update(&chunk);
        context.output.write_bytes(&chunk);
    }
    check(expected, &hex(&hash.finalize()))
}
