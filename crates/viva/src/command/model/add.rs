//! `viva model add`.

use std::path::Path;

use anyhow::Context as _;
use futures::StreamExt;
use protocol::model::Model;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::{
    cli::AddArgs,
    command::Context,
    failure::Failure,
    output::{bytes_bar, clean},
};

/// Bytes sent at once.
const CHUNK: usize = 256 << 10;

pub(super) async fn run(args: &AddArgs, context: &Context<'_>) -> anyhow::Result<()> {
    check(&args.file)?;
    let reading = || format!("{} cannot be read", args.file.display());
    let file = File::open(&args.file).await.with_context(reading)?;
    let size = file.metadata().await.with_context(reading)?.len();
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bar = bytes_bar(context.output, &name, size);
    let shown = bar.clone();
    let chunks = ReaderStream::with_capacity(file, CHUNK).inspect(move |chunk| {
        if let Ok(chunk) = chunk {
            shown.inc(chunk.len() as u64);
        }
    });
    let body = reqwest::Body::wrap_stream(chunks);
    let answer = context.client.upload("/api/v1/models", &query(args, name), body, size).await;
    bar.finish_and_clear();
    let answer = answer?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    tell(context, &answer.read()?);
    Ok(())
}

/// Looks at the file before it is sent: what is no model file need not travel.
fn check(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::new(format!("there is no file {shown}")).into());
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
        Ok(file) if !file.is_file() => return Err(Failure::new(format!("{shown} is no regular file")).into()),
        Ok(_) => {}
    }
    let inspection = hub::inspect(path).with_context(|| format!("{shown} is no model file that can be used"))?;
    if !hub::is_known_architecture(&inspection.architecture) {
        let architecture = clean(&inspection.architecture);
        return Err(
            Failure::new(format!("{shown} is of the architecture `{architecture}`, which is not supported")).into()
        );
    }
    Ok(())
}

fn query(args: &AddArgs, file_name: String) -> Vec<(&'static str, String)> {
    let mut query = vec![("filename", file_name)];
    query.extend(args.name.clone().map(|name| ("name", name)));
    query.extend(args.version.clone().map(|version| ("version", version)));
    query.extend((!args.tags.is_empty()).then(|| ("tags", args.tags.join(","))));
    query.extend(args.learning_stage.map(|stage| ("learning_stage", stage.as_str().to_owned())));
    query.extend(args.scope.map(|scope| ("scope", scope.as_str().to_owned())));
    query
}

fn tell(context: &Context<'_>, model: &Model) {
    let output = context.output;
    let name = clean(&format!("{}:{}", model.name, model.version));
    output.line(&format!("{name} added ({})", model.id));
    if model.eligible {
        output.next("open it", &format!("viva session create --wait --model {name}"));
        return;
    }
    for failure in &model.ineligible_because {
        output.warn(&format!("no session can be opened on it: {}", clean(&failure.message)));
    }
}
