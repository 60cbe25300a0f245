//! `viva backup` and `viva restore`: on the data folder itself, with a server on it or without.

use anyhow::Context as _;
use serde_json::json;
use server::backup::{self, BackupOptions, ModelFiles};

use super::{
    download::Existing,
    figures::{bytes, counted},
};
use crate::{
    cli::{BackupArgs, RestoreArgs, Shared},
    failure::Failure,
    output::Output,
};

pub(super) async fn create(args: BackupArgs, shared: &Shared, output: &Output) -> anyhow::Result<()> {
    Existing::from_flag(args.force).check(&args.file)?;
    let models = if args.without_models { ModelFiles::LeftOut } else { ModelFiles::Included };
    let options = BackupOptions { data: shared.data_folder()?, file: args.file.clone(), models };
    let made = backup::create(options).await.context("no backup was made")?;
    if output.is_json() {
        let flaws: Vec<String> = made.flaws.iter().map(ToString::to_string).collect();
        let told = json!({"file": args.file, "bytes": made.bytes, "sessions": made.sessions, "files": made.files,
            "models": made.models, "flaws": flaws});
        output.json(&told.to_string());
    } else {
        output.line(&format!(
            "{}: {}, with {}, {} and {}",
            args.file.display(),
            bytes(made.bytes),
            counted(made.sessions, "session"),
            counted(made.files, "file"),
            counted(made.models, "model file"),
        ));
    }
    if made.flaws.is_empty() {
        return Ok(());
    }
    made.flaws.iter().for_each(|flaw| output.warn(&flaw.to_string()));
    let message =
        format!("the backup is made, and {} of it not as it should be", counted(made.flaws.len() as u64, "part"));
    Err(Failure::new(message)
        .hint("add a damaged model again (`viva model add`); keep the backups before this one")
        .into())
}

pub(super) async fn restore(args: RestoreArgs, shared: &Shared, output: &Output) -> anyhow::Result<()> {
    let data = shared.data_folder()?;
    let restored = backup::restore(args.file.clone(), data.clone()).await.context("nothing was restored")?;
    if output.is_json() {
        let told = json!({"data": data, "created_at": restored.created_at, "sessions": restored.sessions,
            "files": restored.files, "models_left_out": restored.models_left_out});
        output.json(&told.to_string());
        return Ok(());
    }
    output.line(&format!(
        "{}: {} and {}, as of {}",
        data.display(),
        counted(restored.sessions, "session"),
        counted(restored.files, "file"),
        restored.created_at,
    ));
    if !restored.models_left_out.is_empty() {
        output.warn("the backup was made without the models' files; add the models again: `viva model add FILE`");
    }
    output.next("start it", &format!("viva serve --data {}", data.display()));
    Ok(())
}
