//! `viva run` and `viva task` against a real server: a test set on both demo checkpoints, what is required of it, what
//! is wrong with it, a cut and what goes on after it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

/// Sums of two digits as CSV, with what is expected.
fn sums(rows: usize) -> String {
    let mut csv = "question,answer\n".to_owned();
    for row in 0..rows {
        let (a, b) = (row % 40 + 10, row * 7 % 40 + 10);
        csv.push_str(&format!("What is {a} + {b}?,{}\n", a + b));
    }
    csv
}

fn command(viva: &Viva, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(VIVA);
    command.args(args).current_dir(folder).env("VIVA_DATA", viva.data.path());
    command.env_remove("VIVA_URL").env_remove("VIVA_TOKEN");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(viva: &Viva, folder: &Path, args: &[&str]) -> Output {
    command(viva, folder, args).output().unwrap()
}

/// Runs a command to this exit status; what it printed, and what it said.
fn ends(viva: &Viva, folder: &Path, status: i32, args: &[&str]) -> (String, String) {
    let output = run(viva, folder, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (printed, said) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(status), "{args:?}: {printed}\n{said}");
    (printed, said)
}

fn json_of(viva: &Viva, folder: &Path, args: &[&str]) -> Value {
    let (printed, _) = ends(viva, folder, 0, &[args, &["--json"]].concat());
    serde_json::from_str(&printed).unwrap()
}

#[tokio::test]
async fn two_hundred_rows_on_both_checkpoints_are_scored_and_held_against_what_is_required() {
    let viva = Viva::start(VIVA).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("sums.csv"), sums(200)).unwrap();
    let args = ["run", "sums.csv", "--score", "numeric:answer", "--max-tokens", "24", "--for", "10m"];
    let of = |model: &str, more: &[&str]| [&args[..], &["--model", model], more].concat().join("\t");
    let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();

    let line = of(
        "demo:final",
        &["--require", "numeric>=0.9", "--require-all-rows", "--output", "final.jsonl", "--name", "late"],
    );
    let line = split(&line);
    let (printed, _) = ends(&viva, here, 0, &line.iter().map(String::as_str).collect::<Vec<_>>());
    for part in ["late done in", "200 of 200 rows answered", "numeric", "200 of 200", "✓ numeric>=0.9"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    assert_eq!(fs::read_to_string(here.join("final.jsonl")).unwrap().lines().count(), 200);

    let line = split(&of("demo:early", &["--require", "score>=90%", "--json"]));
    let (printed, said) = ends(&viva, here, 1, &line.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.contains("score>=0.9 is not met: it is 0."), "{said}");
    let early: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&early["status"], &early["progress"]["done"]), (&json!("done"), &json!(200)));
    assert!(early["scores"][0]["interval"]["high"].as_f64().unwrap() < 0.9, "{early:#}");

    let sessions = viva.get("/api/v1/sessions").await.expect(200);
    for session in sessions["items"].as_array().unwrap() {
        assert_eq!((&session["status"], &session["reason"]["code"]), (&json!("stopped"), &json!("user")));
    }
    let (listed, _) = ends(&viva, here, 0, &["task", "list"]);
    assert!(listed.contains("late") && listed.contains("200 of 200"), "{listed}");
    let (shown, _) = ends(&viva, here, 0, &["task", "show", "late"]);
    assert!(shown.contains("columns question, answer") && shown.contains("95 % INTERVAL"), "{shown}");
    let (rows, _) = ends(&viva, here, 0, &["task", "rows", "late", "--search", "What is 11 ", "--all"]);
    assert_eq!(rows.lines().count(), 1 + 200 / 40, "{rows}");
    assert!(rows.contains("numeric 1"), "{rows}");
    for (file, magic) in [("rows.xlsx", "PK"), ("rows.csv", "line"), ("rows.xml", "<?xml")] {
        ends(&viva, here, 0, &["task", "export", "late", "--output", file]);
        let bytes = fs::read(here.join(file)).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..40]).contains(magic), "{file}");
    }
    let early = early["id"].as_str().unwrap();
    let (printed, _) = ends(&viva, here, 0, &["compare", early, "late"]);
    for part in ["B  late", "numeric", "WIN / LOSS / TIE", "<0.001", "What is ", "0: ", "1: "] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let compared = json_of(&viva, here, &["compare", early, "late"]);
    assert!(compared["scorings"][0]["pairs"][0]["difference"].as_f64() > Some(0.1), "{compared:#}");
    let (_, said) = ends(&viva, here, 1, &["compare", early, "late", "--score", "bleu"]);
    assert!(said.contains("`bleu`"), "{said}");
    let (_, said) = ends(&viva, here, 2, &["task", "delete", "late"]);
    assert!(said.contains("--confirm delete"), "{said}");
    let (printed, _) = ends(&viva, here, 0, &["task", "delete", "late", "--confirm", "delete"]);
    assert!(printed.contains("200 rows, 200 completions"), "{printed}");
}

#[tokio::test]
async fn what_is_wrong_is_named_before_a_session_is_opened() {
    let viva = Viva::start(VIVA).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("sums.csv"), sums(3)).unwrap();
    fs::write(here.join("empty.csv"), "").unwrap();
    fs::write(here.join("there.csv"), "mine").unwrap();
    for (status, args, wanted) in [
        (2, &["--score", "exakt:answer"][..], "`exakt` is no metric"),
        (2, &["--score", "exact:aswer"], "no column `aswer`"),
        (2, &["--score", "regex::(("], "--score"),
        (2, &["--score", "exact:answer", "--score", "exact:question"], "exact"),
        (2, &["--score", "exact:answer", "--require", "bleu>=0.5"], "no scoring is called `bleu`"),
        (2, &["--score", "exact:answer", "--require", "exact"], "no requirement"),
        (2, &["--require", "score>=0.5"], "no scoring is called `score`"),
        (2, &["--template", "{{quesion}}"], "quesion"),
        (2, &["--template", "{{question"], "--template"),
        (2, &["--set", "temperature=3"], "temperature must be 0 to 2"),
        (2, &["--set", "temperature"], "NAME=VALUE"),
        (2, &["--set", "messages=[]"], "parameters.messages"),
        (2, &["--max-tokens", "9000"], "max_tokens must be 0 to 8192"),
        (2, &["--concurrency", "65"], "--concurrency"),
        (2, &["--output", "results.pdf"], ".xlsx"),
        (1, &["--output", "there.csv"], "is there already"),
        (1, &["--output", "nowhere/x.csv"], "no folder nowhere"),
        (1, &["--template", "@nowhere"], "nowhere cannot be read"),
        (2, &["--keep", "--session", "x"], "--session"),
        (2, &["--resume", "task_x"], "--resume"),
    ] {
        let model = if args.contains(&"--session") { &[][..] } else { &["--model", "demo"] };
        let (_, said) = ends(&viva, here, status, &[&["run", "sums.csv"], model, args].concat());
        assert!(said.contains(wanted), "{args:?}: {said}");
    }
    for (file, wanted) in
        [("absent.csv", "no file absent.csv"), ("empty.csv", "the file is empty"), (".", "is a folder")]
    {
        let (_, said) = ends(&viva, here, 1, &["run", file, "--model", "demo"]);
        assert!(said.contains(wanted), "{said}");
    }
    let (_, said) = ends(&viva, here, 1, &["run", "sums.csv", "--model", "nonesuch"]);
    assert!(said.contains("viva model list"), "{said}");
    let (_, said) = ends(&viva, here, 1, &["run", "sums.csv"]);
    assert!(said.contains("no session is running"), "{said}");
    ends(&viva, here, 2, &["run"]);
    assert_eq!(viva.get("/api/v1/sessions").await.expect(200)["items"], json!([]), "nothing was opened");
    assert_eq!(fs::read_to_string(here.join("there.csv")).unwrap(), "mine");
}

#[tokio::test]
async fn a_bad_row_is_named_by_its_line_and_parameters_reach_the_model() {
    let viva = Viva::start(VIVA).await;
    viva.running_session(json!({"engine": {"context_length": 256}})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let long = "word ".repeat(400);
    let mut lines = format!("{{\"q\": \"2 + 2\"}}\nno json\n{{\"q\": \"{long}\"}}\n{{\"q\": \"3 + 3\"}}\n");
    lines.push_str(&"broken\n".repeat(12));
    fs::write(here.join("rows.jsonl"), lines).unwrap();
    fs::write(here.join("template.txt"), "What is {{q}}?").unwrap();
    fs::write(here.join("system.txt"), "Be short.").unwrap();
    let args = [
        "run",
        "rows.jsonl",
        "--template",
        "@template.txt",
        "--system",
        "@system.txt",
        "--set",
        "temperature=0.2",
        "--set",
        "stop=END",
        "--set",
        "ignore_eos=true",
        "--max-tokens",
        "5",
        "--concurrency",
        "3",
    ];
    let (printed, _) = ends(&viva, here, 0, &args);
    for part in [
        "2 of 16 rows answered, 1 failed, 13 invalid",
        "   2  invalid",
        "   3  failed",
        "… and 4 more: viva task rows task_",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let (_, said) = ends(&viva, here, 1, &[&args[..], &["--require-all-rows", "--name", "strict"]].concat());
    assert!(said.contains("14 rows have no answer") && said.contains("--failed"), "{said}");
    let failed = json_of(&viva, here, &["task", "rows", "strict", "--failed"]);
    assert_eq!((failed["items"].as_array().unwrap().len(), &failed["items"][1]["line"]), (14, &json!(3)));
    let task = json_of(&viva, here, &["task", "show", "strict"]);
    assert_eq!(task["parameters"], json!({"temperature": 0.2, "stop": ["END"], "ignore_eos": true, "max_tokens": 5}));
    assert_eq!((&task["prompt"], &task["system"]), (&json!("What is {{q}}?"), &json!("Be short.")));
    assert_eq!(task["usage"]["completion_tokens"], 10);
}

#[tokio::test]
async fn what_is_large_or_written_otherwise_becomes_a_file_of_the_session() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // UTF-16, which goes byte by byte.
    let utf16: Vec<u8> = "\u{feff}prompt\n2 + 2\n3 + 3\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(here.join("wide.csv"), utf16).unwrap();
    let task = json_of(&viva, here, &["run", "wide.csv", "--max-tokens", "2"]);
    assert_eq!((&task["progress"]["done"], &task["input"]["file"]["path"]), (&json!(2), &json!("inputs/wide.csv")));
    let files = viva.get(&format!("/api/v1/sessions/{id}/files")).await.expect(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
}

/// A task that takes its time, and has done some of it.
async fn slow(viva: &Viva, here: &Path, more: &[&str]) -> (Child, String) {
    fs::write(here.join("slow.csv"), sums(400)).unwrap();
    let args = ["run", "slow.csv", "--score", "numeric:answer", "--max-tokens", "30", "--set", "ignore_eos=true"];
    let child = command(viva, here, &[&args[..], more].concat()).spawn().unwrap();
    let listed = viva.wait("/api/v1/tasks", |page| page["items"][0]["progress"]["done"].as_u64() > Some(3)).await;
    (child, listed["items"][0]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn ctrl_c_cuts_the_task_stops_the_session_and_the_rest_is_resumed() {
    let viva = Viva::start(VIVA).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (child, task) = slow(&viva, here, &["--model", "demo", "--output", "part.csv"]).await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the task was cut") && said.contains(&format!("viva run --resume {task}")), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("cut in") && printed.contains(" left"), "{printed}");
    assert!(here.join("part.csv").is_file(), "what is done is written");
    let cut = viva.get(&format!("/api/v1/tasks/{task}")).await.expect(200);
    let session = cut["session_id"].as_str().unwrap();
    assert_eq!(viva.get(&format!("/api/v1/sessions/{session}")).await.expect(200)["status"], "stopped");

    let resumed =
        json_of(&viva, here, &["run", "--resume", &task, "--model", "demo", "--keep", "--require", "numeric>=0"]);
    assert_eq!((&resumed["status"], &resumed["progress"]["done"]), (&json!("done"), &json!(400)));
    assert_eq!(resumed["resumed_from"], json!(task));
    let kept = resumed["session_id"].as_str().unwrap();
    assert_eq!(viva.get(&format!("/api/v1/sessions/{kept}")).await.expect(200)["status"], "running");
    let (_, said) = ends(&viva, here, 1, &["run", "--resume", &task]);
    assert!(said.contains(resumed["id"].as_str().unwrap()), "{said}");
    let again = json_of(&viva, here, &["run", "--resume", resumed["id"].as_str().unwrap()]);
    assert_eq!(again["progress"]["done"], 400, "one that is over is told as it is");
}

#[tokio::test]
async fn a_run_survives_a_restart_of_the_server() {
    let mut viva = Viva::start(VIVA).await;
    let folder = tempfile::tempdir().unwrap();
    let (child, task) = slow(&viva, folder.path(), &["--model", "demo", "--json"]).await;
    viva.kill();
    viva.restart();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let ended: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&ended["id"], &ended["status"], &ended["progress"]["done"]),
        (&json!(task), &json!("done"), &json!(400))
    );
    let session = ended["session_id"].as_str().unwrap();
    assert_eq!(viva.get(&format!("/api/v1/sessions/{session}")).await.expect(200)["status"], "stopped");
}

#[tokio::test]
async fn a_task_is_made_once_when_the_server_is_back() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("few.csv"), sums(4)).unwrap();
    viva.kill();
    let child = command(&viva, folder.path(), &["run", "few.csv", "--session", &id, "--json"]).spawn().unwrap();
    viva.restart();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let tasks = viva.get("/api/v1/tasks").await.expect(200);
    assert_eq!((tasks["items"].as_array().unwrap().len(), &tasks["items"][0]["progress"]["done"]), (1, &json!(4)));
}

#[tokio::test]
async fn a_task_is_cancelled_and_told_to_be_cut() {
    let viva = Viva::start(VIVA).await;
    viva.running_session(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (child, task) = slow(&viva, here, &["--name", "slow one"]).await;
    let (printed, _) = ends(&viva, here, 0, &["task", "cancel", &task[..30]]);
    assert!(printed.contains("slow one is being cut"), "{printed}");
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (printed, _) = ends(&viva, here, 0, &["task", "cancel", "slow one"]);
    assert!(printed.contains("is cut already"), "{printed}");
    let (_, said) = ends(&viva, here, 1, &["task", "show", "nobody"]);
    assert!(said.contains("viva task list"), "{said}");
}

#[tokio::test]
async fn a_test_set_is_kept_run_and_held_against_its_run_before() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 3\n").await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let said = |status: i32, args: &[&str]| ends(&viva, here, status, args);
    assert!(said(0, &["test-set", "list"]).0.contains("No test sets"));
    assert!(said(0, &["test-set", "create", "sums"]).0.contains("sums created (set_"));
    let (_, why) = said(1, &["test-set", "run", "sums", "--model", "demo"]);
    assert!(why.contains("has no case yet"), "{why}");
    for row in 0..20 {
        let (a, b) = (row % 40 + 10, row * 7 % 40 + 10);
        let (question, sum) = (format!("What is {a} + {b}?"), (a + b).to_string());
        said(0, &["test-set", "add", "sums", "--ask", &question, "--expected", &sum]);
    }
    let session = viva.running_session(json!({"name": "history"})).await;
    viva.say(&session, "What is 12 + 30?").await;
    let asked = viva.get(&format!("/api/v1/sessions/{session}/completions")).await.expect(200);
    let id = asked["items"][0]["id"].as_str().unwrap();
    let (told, _) = said(0, &["test-set", "add", "sums", "--completion", id]);
    assert!(told.contains("kept as case 21 of sums; it expects `"), "{told}");
    said(0, &["test-set", "remove", "sums", "21", "--confirm", "delete"]);

    let score = ["--score", "numeric:expected", "--for", "10m"];
    let (first, _) = said(0, &[&["test-set", "run", "sums", "--model", "demo:early"][..], &score].concat());
    assert!(first.contains("20 of 20 rows answered") && !first.contains("Since the run before"), "{first}");
    // The next run is scored as the last one was.
    let (second, _) = said(0, &["run", "--test-set", "sums", "--model", "demo:final", "--require", "numeric>=0.9"]);
    for part in ["sums done in", "✓ numeric>=0.9", "Since the run before (", "numeric +", " better, 0 worse", "PROMPT"]
    {
        assert!(second.contains(part), "{part} in {second}");
    }
    let (shown, _) = said(0, &["test-set", "show", "sums"]);
    for part in ["20 cases; does not run by itself", "What is 10 + 10?", "✓ done", "Since the run before"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let json = json_of(&viva, here, &["test-set", "show", "sums"]);
    assert_eq!((json["items"].as_array().unwrap().len(), json["runs"].as_array().unwrap().len()), (20, 2));
    let pair = &json["since"]["scorings"][0]["pairs"][0];
    assert!(pair["wins"].as_u64().unwrap() > 0 && pair["losses"] == 0, "{pair:#}");
    let runs: Vec<&str> = json["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    let compared = json_of(&viva, here, &["compare", runs[1], runs[0], "--limit", "3"]);
    let differing = compared["differing"].as_array().unwrap();
    assert_eq!((differing.len(), &differing[0]["difference"]), (3, &json!(1.0)));
    let again = json_of(&viva, here, &["test-set", "run", "sums", "--session", "history"]);
    assert_eq!((&again["status"], &again["since"]["rows"]), (&json!("done"), &json!(20)));

    assert!(
        said(0, &["test-set", "run", "sums", "--next", "demo"])
            .0
            .contains("runs by itself on the next sessions of demo, scored by numeric")
    );
    let id = json["id"].as_str().unwrap();
    let set = viva.get(&format!("/api/v1/test-sets/{id}")).await.expect(200);
    assert_eq!((&set["run"]["model"], &set["run"]["scoring"][0]["reference"]), (&json!("demo"), &json!("expected")));
    assert!(said(0, &["test-set", "run", "sums", "--no-next"]).0.contains("runs by itself no more"));
    assert!(said(0, &["test-set", "list"]).0.contains("numeric "));
    assert!(said(1, &["test-set", "show", "nobody"]).1.contains("no test set `nobody`"));
    assert!(said(2, &["test-set", "remove", "sums"]).1.contains("--confirm delete"));
    assert!(said(0, &["test-set", "remove", "sums", "--confirm", "delete"]).0.contains("with its 20 cases removed"));
    assert_eq!(viva.get(&format!("/api/v1/test-sets/{id}")).await.status, 404);
}
