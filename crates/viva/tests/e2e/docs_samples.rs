//! The samples of the documentation run as they stand: the blocks of its pages that are marked `test`.

use std::{fs, path::Path, process::Command};

use serde_json::json;
use testkit::Viva;

use crate::VIVA;

/// A block of a page that is to run.
struct Sample {
    place: String,
    language: String,
    text: String,
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut samples = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        let mut open: Option<Sample> = None;
        for (number, line) in page.lines().enumerate() {
            match &mut open {
                Some(sample) if line == "```" => {
                    if sample.language.ends_with(" test") {
                        samples.extend(open.take());
                    }
                    open = None;
                }
                Some(sample) => sample.text.extend([line, "\n"]),
                None => {
                    open = line.strip_prefix("```").map(|language| Sample {
                        place: format!("{}:{}", path.file_name().unwrap().display(), number + 1),
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
            }
        }
    }
    samples
}

/// How a language runs a text.
fn command(language: &str, text: &str) -> Command {
    let python = std::env::var("VIVA_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let (program, arguments): (&str, &[&str]) = match language {
        "sh test" => ("sh", &["-euc"]),
        "python test" => (&python, &["-c"]),
        "javascript test" => ("node", &["--input-type=module", "-e"]),
        other => panic!("it is not known how to run `{other}`"),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(text);
    command
}

#[tokio::test]
async fn the_samples_of_the_documentation_run_as_they_stand() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 4\n").await;
    let id = viva.running_session(json!({})).await;
    let (token, base_url) = viva.endpoint(&id).await;
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::join_paths(
        std::iter::once(Path::new(VIVA).parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    let samples = samples();
    assert!(samples.len() > 5, "only {} samples are marked", samples.len());
    for Sample { place, language, text } in samples {
        let mut command = command(&language, &text);
        command
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("VIVA_DATA", viva.data.path())
            .env_remove("VIVA_URL")
            .env_remove("VIVA_TOKEN")
            .env("OPENAI_BASE_URL", &base_url)
            .env("OPENAI_API_KEY", &token)
            .env("VIVA_MODEL", "demo")
            .stdin(std::process::Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(
            output.status.success(),
            "{place}: {}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
