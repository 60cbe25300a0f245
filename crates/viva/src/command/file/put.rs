//! `viva file put`: files on their way in, in parts where they are large, so that one that broke off is gone on with.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::StreamExt;
use indicatif::ProgressBar;
use protocol::file::{File as SessionFile, PartialFile};
use sha2::{Digest, Sha256};
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep},
};
use tokio_util::io::ReaderStream;

use super::name;
use crate::{
    cli::PutArgs,
    client::{Answer, ApiError},
    command::{Context, figures::bytes, find::session_or_newest_running},
    failure::Failure,
    output::{bytes_bar, clean},
};

/// Bytes sent at once.
const CHUNK: usize = 256 << 10;
/// Bytes of a part; a file of no more goes in one.
const PART: u64 = 16 << 20;
/// How long the server may be away in the middle of an upload, as it is while it starts again.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

pub(super) async fn run(args: &PutArgs, context: &Context<'_>) -> anyhow::Result<()> {
    if args.name.is_some() && args.paths.len() > 1 {
        return Err(Failure::usage("--as names one file, and several are given").into());
    }
    let mut sources = Vec::new();
    for path in &args.paths {
        let name = match &args.name {
            Some(name) => name.clone(),
            None => own_name(path)?,
        };
        name::encoded(&name)?;
        sources.push((path, name));
    }
    let session = session_or_newest_running(context, args.session.as_deref()).await?;
    for (path, name) in sources {
        let (file, answer) = upload(context, &session, open(path)?, &name).await?;
        if context.output.is_json() {
            context.output.json(&answer.text);
        } else {
            let digest: String = file.sha256.chars().take(12).collect();
            context.output.line(&format!("{} kept: {}, sha256 {digest}…", clean(&file.path), bytes(file.bytes)));
        }
    }
    Ok(())
}

fn own_name(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        return Err(Failure::usage("standard input has no name").hint("give it one: `--as NAME`").into());
    }
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("{} has no name that a session can keep", path.display()))
            .hint("give it one: `--as NAME`")
            .into()
    })
}

/// The file; what can be read once alone (`-`, a pipe) is written down first, without a name.
fn open(path: &Path) -> anyhow::Result<File> {
    let shown = path.display();
    if path == Path::new("-") {
        return written_down(&mut io::stdin().lock()).context("standard input cannot be read");
    }
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::new(format!("there is no file {shown}")).into());
        }
        opened => opened.with_context(|| format!("{shown} cannot be read"))?,
    };
    let kind = file.metadata().with_context(|| format!("{shown} cannot be read"))?.file_type();
    if kind.is_dir() {
        return Err(Failure::new(format!("{shown} is a folder")).hint("name the files in it").into());
    }
    if kind.is_file() { Ok(file) } else { written_down(&mut file).with_context(|| format!("{shown} cannot be read")) }
}

fn written_down(source: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(source, &mut file)?;
    Ok(file)
}

/// Puts a file into the session under this name.
///
/// # Errors
/// The server refuses it, is away for long, or what arrived is not what was sent.
pub(in crate::command) async fn upload(
    context: &Context<'_>,
    session: &str,
    mut file: File,
    name: &str,
) -> anyhow::Result<(SessionFile, Answer)> {
    let (size, digest) = measure(&mut file).context("the file cannot be read")?;
    let bar = bytes_bar(context.output, name::last(name), size);
    let url = format!("{session}/files/{}", name::encoded(name)?);
    let upload = Upload { context, url, file, size, digest, bar };
    let sent = if size <= PART { upload.whole().await } else { upload.in_parts().await };
    upload.bar.finish_and_clear();
    let answer = sent?;
    Ok((answer.read()?, answer))
}

/// Bytes, and their hash as `Repr-Digest` has it.
fn measure(file: &mut File) -> io::Result<(u64, String)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        size += count as u64;
    }
    Ok((size, format!("sha-256=:{}:", STANDARD.encode(hash.finalize()))))
}

struct Upload<'a> {
    context: &'a Context<'a>,
    url: String,
    file: File,
    size: u64,
    digest: String,
    bar: ProgressBar,
}

/// What came of a request of an upload.
enum Sent {
    /// The file, as the API gives it.
    Whole(Answer),
    /// So many bytes are there.
    Part(u64),
}

impl Upload<'_> {
    async fn whole(&self) -> anyhow::Result<Answer> {
        match self.send(None, (0, self.size)).await? {
            Sent::Whole(answer) => Ok(answer),
            Sent::Part(_) => Err(Failure::new("the server took a whole file for a part").into()),
        }
    }

    /// Sends what is not there yet, part by part, and goes on where a connection broke.
    async fn in_parts(&self) -> anyhow::Result<Answer> {
        let (mut sent, mut lost_at) = (self.ask().await, None::<Instant>);
        let mut is_resumed = matches!(sent, Ok(Sent::Part(1..)));
        loop {
            let next = match sent {
                Ok(Sent::Whole(answer)) => return Ok(answer),
                Ok(Sent::Part(received)) => {
                    lost_at = None;
                    self.bar.set_position(received);
                    self.part(received).await
                }
                // What was there was the beginning of another file: the server has given it up.
                Err(error) if is_resumed && is_mismatch(&error) => {
                    is_resumed = false;
                    self.ask().await
                }
                Err(error) if may_go_on(&error) && lost_at.get_or_insert_with(Instant::now).elapsed() < PATIENCE => {
                    sleep(PAUSE).await;
                    self.ask().await
                }
                Err(error) => return Err(error),
            };
            sent = next;
        }
    }

    async fn ask(&self) -> anyhow::Result<Sent> {
        self.send(Some(format!("bytes */{}", self.size)), (0, 0)).await
    }

    async fn part(&self, first: u64) -> anyhow::Result<Sent> {
        let length = PART.min(self.size - first);
        let range = format!("bytes {first}-{}/{}", first + length - 1, self.size);
        self.send(Some(range), (first, length)).await
    }

    async fn send(&self, range: Option<String>, (first, length): (u64, u64)) -> anyhow::Result<Sent> {
        let mut file = self.file.try_clone().context("the file cannot be read")?;
        file.seek(SeekFrom::Start(first)).context("the file cannot be read")?;
        let bar = self.bar.clone();
        let chunks = ReaderStream::with_capacity(tokio::fs::File::from_std(file).take(length), CHUNK);
        let chunks = chunks.inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                bar.inc(chunk.len() as u64);
            }
        });
        let mut heads = vec![("repr-digest", self.digest.clone()), ("content-type", "application/octet-stream".into())];
        let in_parts = range.is_some();
        heads.extend(range.map(|range| ("content-range", range)));
        let body = reqwest::Body::wrap_stream(chunks);
        let answer = self.context.client.put(&self.url, &heads, body, length).await?;
        match answer.read::<PartialFile>() {
            Ok(part) if in_parts => Ok(Sent::Part(part.received)),
            Ok(_) | Err(_) => Ok(Sent::Whole(answer)),
        }
    }
}

fn is_mismatch(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ApiError>().is_some_and(|error| error.names("Repr-Digest"))
}

/// The connection broke, the server is away, or it has not noticed yet that an earlier connection broke.
fn may_go_on(error: &anyhow::Error) -> bool {
    let api = error.downcast_ref::<ApiError>();
    api.is_some_and(|error| error.is_unreachable() || error.may_pass() || error.code() == "conflict")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_measured_from_its_start_however_far_it_was_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"some text").unwrap();
        let (size, digest) = measure(&mut file).unwrap();
        assert_eq!((size, digest.as_str()), (9, "sha-256=:uU9vElx546X/qoJvWEwQ1SraZp5nYgUbgmtVd20FrtI=:"));
        assert_eq!(measure(&mut file).unwrap(), (size, digest));
    }

    #[test]
    fn a_file_has_the_name_of_its_last_part_and_standard_input_none() {
        assert_eq!(own_name(Path::new("../x/a b.csv")).unwrap(), "a b.csv");
        assert!(own_name(Path::new("-")).is_err());
        assert!(own_name(Path::new("..")).is_err());
    }
}
