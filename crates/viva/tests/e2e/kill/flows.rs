//! The flows that are killed.

use std::{fs, path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Viva, bytes::files_with, server::TOKEN};

use super::{Bench, Flow, check, close, id_of, kill_at_every_effect, until};

fn chat(id: &str, text: &str) -> Value {
    json!({"model": id, "temperature": 0, "max_tokens": 12, "messages": [{"role": "user", "content": text}]})
}

/// Deletes a session and waits until nothing of it is told any more.
async fn remove(viva: &Viva, id: &str) {
    let answer = viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await;
    assert!([200, 404].contains(&answer.status), "{}", answer.text);
    let gone = |answer: &Value| answer["code"] == "not_found";
    viva.wait(&format!("/api/v1/sessions/{id}"), gone).await;
}

/// A session is created and comes to Running.
#[derive(Default)]
struct Create {
    number: u32,
    id: Option<String>,
}

impl Create {
    async fn ask(&self, viva: &Viva) -> Option<String> {
        let key = format!("create-{}", self.number);
        let made = viva.attempt(Method::POST, "/api/v1/sessions", Some(json!({"model": "demo"})), Some(&key)).await?;
        assert!([200, 201].contains(&made.status), "{}", made.text);
        Some(id_of(&made))
    }
}

impl Flow for Create {
    async fn prepare(&mut self, _: &Viva) {
        self.number += 1;
        self.id = None;
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        self.id = Some(self.ask(viva).await?);
        let path = format!("/api/v1/sessions/{}", self.id.as_deref()?);
        until(viva, &path, |session| session["status"] == "running").await.map(|_| ())
    }

    async fn finish(&mut self, viva: &Viva) {
        let id = self.ask(viva).await.unwrap();
        assert!(self.id.as_ref().is_none_or(|before| *before == id), "the same request made another session");
        viva.wait_status(&id, "running").await;
        let all = viva.get("/api/v1/sessions").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all:#}");
        let timeline = viva.get(&format!("/api/v1/sessions/{id}/timeline")).await.expect(200);
        let phases: Vec<&str> =
            timeline["items"].as_array().unwrap().iter().map(|step| step["to"].as_str().unwrap()).collect();
        assert_eq!(phases, ["queued", "preparing", "loading", "probing", "running"]);
        remove(viva, &id).await;
    }
}

#[tokio::test]
async fn killed_anywhere_in_a_start_a_session_comes_to_running_once() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("create and start", &mut bench, &mut Create::default()).await;
    close(bench).await;
}

/// A running session is stopped.
#[derive(Default)]
struct Stop {
    id: String,
}

impl Flow for Stop {
    async fn prepare(&mut self, viva: &Viva) {
        self.id = viva.running_session(json!({})).await;
        viva.say(&self.id, "1 + 1").await;
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        let path = format!("/api/v1/sessions/{}", self.id);
        viva.attempt(Method::POST, &format!("{path}/stop"), None, None).await?;
        until(viva, &path, |session| session["status"] == "stopped").await.map(|_| ())
    }

    async fn finish(&mut self, viva: &Viva) {
        let path = format!("/api/v1/sessions/{}", self.id);
        let again = viva.post(&format!("{path}/stop"), json!({})).await;
        assert!([200, 202].contains(&again.status), "{}", again.text);
        let stopped = viva.wait_status(&self.id, "stopped").await;
        assert_eq!((&stopped["reason"]["code"], &stopped["usage"]["interactions"]), (&json!("user"), &json!(1)));
        check(viva).await;
        remove(viva, &self.id).await;
    }
}

#[tokio::test]
async fn killed_anywhere_in_a_stop_a_session_stops_once_and_leaves_nothing() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("drain and stop", &mut bench, &mut Stop::default()).await;
    close(bench).await;
}

/// A session with an answer and a file is deleted.
#[derive(Default)]
struct Erase {
    number: u32,
    id: String,
}

impl Erase {
    fn needle(&self) -> String {
        format!("needle-in-a-haystack-{}-", self.number)
    }

    /// Where it lies; models hold no words of anybody.
    fn places(&self, data: &Path) -> Vec<String> {
        let needle = self.needle();
        let mut places = files_with(&data.join("sessions"), needle.as_bytes());
        for name in ["viva.db", "viva.db-wal"] {
            let bytes = fs::read(data.join(name)).unwrap_or_default();
            if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                places.push(name.to_owned());
            }
        }
        places
    }
}

impl Flow for Erase {
    async fn prepare(&mut self, viva: &Viva) {
        self.number += 1;
        self.id = viva.running_session(json!({"description": self.needle()})).await;
        viva.say(&self.id, &self.needle()).await;
        let url = format!("{}/api/v1/sessions/{}/files/a", viva.url, self.id);
        let put = viva.client().put(url).bearer_auth(TOKEN).body(self.needle()).send().await.unwrap();
        assert_eq!(put.status(), 201);
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        let path = format!("/api/v1/sessions/{}?confirm=delete", self.id);
        let receipt = viva.attempt(Method::DELETE, &path, None, None).await?.expect(200);
        assert_eq!((&receipt["completions"], &receipt["files"]), (&json!(1), &json!(1)), "{receipt}");
        Some(())
    }

    async fn finish(&mut self, viva: &Viva) {
        // A deletion that was begun is finished by the start; one that was not, by whoever asks again.
        remove(viva, &self.id).await;
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let places = self.places(viva.data.path());
            if places.is_empty() {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "still there: {places:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn killed_anywhere_in_a_deletion_no_byte_of_the_session_stays() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("erase", &mut bench, &mut Erase::default()).await;
    close(bench).await;
}

/// A model is imported and removed.
#[derive(Default)]
struct Import {
    number: u32,
    file: Vec<u8>,
    made: Option<String>,
}

impl Import {
    fn path(&self) -> String {
        format!("/api/v1/models?name=imported&version={}", self.number)
    }

    async fn models(&self, viva: &Viva) -> Vec<Value> {
        check::list(viva, "/api/v1/models?scope=private&limit=200").await
    }
}

impl Flow for Import {
    async fn prepare(&mut self, _: &Viva) {
        self.number += 1;
        self.made = None;
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo/demo-early.gguf");
        self.file = fs::read(demo).unwrap();
        // Weights of its own: a file of its own.
        let end = self.file.len();
        self.file[end - 4..].copy_from_slice(&self.number.to_le_bytes());
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        let post = viva.client().post(format!("{}{}", viva.url, self.path())).bearer_auth(TOKEN);
        let answer = post.body(self.file.clone()).send().await.ok()?;
        assert_eq!(answer.status(), 201);
        let model: Value = answer.json().await.ok()?;
        self.made = Some(model["id"].as_str()?.to_owned());
        let path = format!("/api/v1/models/{}", self.made.as_deref()?);
        assert_eq!(viva.attempt(Method::DELETE, &path, None, None).await?.status, 204);
        Some(())
    }

    async fn finish(&mut self, viva: &Viva) {
        let models = self.models(viva).await;
        assert!(models.len() <= 1, "{models:?}");
        check(viva).await;
        for model in models {
            assert_eq!(model["eligible"], true, "{model}");
            viva.delete(&format!("/api/v1/models/{}", model["id"].as_str().unwrap())).await;
        }
        assert_eq!(self.models(viva).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn killed_anywhere_in_an_import_or_a_removal_a_model_is_there_whole_or_not_at_all() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("import and remove a model", &mut bench, &mut Import::default()).await;
    close(bench).await;
}

/// Answers, whole and streamed.
#[derive(Default)]
struct Answers {
    id: String,
    acknowledged: Vec<(String, String)>,
    asked: usize,
}

impl Answers {
    fn note_stream(&mut self, text: &str) -> Option<()> {
        let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        // Without its end an answer is not acknowledged.
        let [events @ .., "[DONE]"] = events.as_slice() else { return None };
        let events: Vec<Value> = events.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
        let text = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        self.acknowledged.push((events.first()?["id"].as_str()?.to_owned(), text));
        Some(())
    }
}

impl Flow for Answers {
    async fn prepare(&mut self, viva: &Viva) {
        if self.id.is_empty() {
            self.id = viva.running_session(json!({})).await;
        }
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        self.asked += 1;
        let body = chat(&self.id, "12 + 30");
        let whole = viva.attempt(Method::POST, "/v1/chat/completions", Some(body.clone()), None).await?.expect(200);
        let text = whole["choices"][0]["message"]["content"].as_str()?.to_owned();
        self.acknowledged.push((whole["id"].as_str()?.to_owned(), text));
        self.asked += 1;
        let mut streamed = body;
        streamed["stream"] = json!(true);
        let answer = viva.attempt(Method::POST, "/v1/chat/completions", Some(streamed), None).await?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.note_stream(&answer.text)
    }

    async fn finish(&mut self, viva: &Viva) {
        let stored = check::list(viva, &format!("/api/v1/sessions/{}/completions?limit=200", self.id)).await;
        for (id, text) in &self.acknowledged {
            let found: Vec<&Value> = stored.iter().filter(|one| one["id"] == *id).collect();
            let [one] = found.as_slice() else { panic!("{id} is there {} times", found.len()) };
            assert_eq!((&one["response"], &one["status"]), (&json!(text), &json!("done")));
        }
        assert!(stored.len() <= self.asked, "{} answers of {} requests", stored.len(), self.asked);
    }
}

#[tokio::test]
async fn killed_anywhere_in_an_answer_nothing_acknowledged_is_lost_or_doubled() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("answers, whole and streamed", &mut bench, &mut Answers::default()).await;
    close(bench).await;
}

/// A file is put, replaced and removed.
#[derive(Default)]
struct Upload {
    id: String,
    /// What may be read: whole contents, or that there are none.
    possible: Vec<Option<&'static str>>,
}

impl Upload {
    fn path(&self) -> String {
        format!("/api/v1/sessions/{}/files/a/b.txt", self.id)
    }

    async fn put(&mut self, viva: &Viva, contents: &'static str) -> Option<()> {
        self.possible.push(Some(contents));
        let put = viva.client().put(format!("{}{}", viva.url, self.path())).bearer_auth(TOKEN);
        let answer = put.body(contents).send().await.ok()?;
        assert!(answer.status().is_success());
        answer.bytes().await.ok()?;
        self.possible = vec![Some(contents)];
        Some(())
    }
}

impl Flow for Upload {
    async fn prepare(&mut self, viva: &Viva) {
        if self.id.is_empty() {
            self.id = viva.running_session(json!({})).await;
        }
        self.possible = vec![None];
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        self.put(viva, "first").await?;
        self.put(viva, "the second").await?;
        self.possible.push(None);
        let removed = viva.attempt(Method::DELETE, &self.path(), None, None).await?;
        assert_eq!(removed.status, 204, "{}", removed.text);
        self.possible = vec![None];
        Some(())
    }

    async fn finish(&mut self, viva: &Viva) {
        let read = viva.get(&self.path()).await;
        let found = (read.status == 200).then_some(read.text.as_str());
        assert!(self.possible.contains(&found), "{found:?} instead of {:?}", self.possible);
        check(viva).await;
        viva.delete(&self.path()).await;
    }
}

#[tokio::test]
async fn killed_anywhere_in_an_upload_a_file_is_old_or_new_and_nothing_else_lies_there() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("put, replace and remove a file", &mut bench, &mut Upload::default()).await;
    close(bench).await;
}

/// A task is created and runs to its end.
#[derive(Default)]
struct Task {
    number: u32,
    session: String,
}

impl Task {
    async fn ask(&self, viva: &Viva) -> Option<String> {
        let path = format!("/api/v1/sessions/{}/tasks", self.session);
        let body = json!({"input": {"text": "question,answer\n1 + 1,2\n2 + 2,4\n", "format": "csv"},
            "parameters": {"max_tokens": 4}, "scoring": [{"reference": "answer", "metric": {"kind": "contains"}}]});
        let key = format!("task-{}", self.number);
        let made = viva.attempt(Method::POST, &path, Some(body), Some(&key)).await?;
        assert!([200, 201].contains(&made.status), "{}", made.text);
        Some(id_of(&made))
    }
}

impl Flow for Task {
    async fn prepare(&mut self, viva: &Viva) {
        self.number += 1;
        if self.session.is_empty() {
            self.session = viva.running_session(json!({})).await;
        }
    }

    async fn act(&mut self, viva: &Viva) -> Option<()> {
        let path = format!("/api/v1/tasks/{}", self.ask(viva).await?);
        until(viva, &path, |task| task["status"] == "done" && task["scores"].is_array()).await.map(|_| ())
    }

    async fn finish(&mut self, viva: &Viva) {
        let path = format!("/api/v1/tasks/{}", self.ask(viva).await.unwrap());
        let task = viva.wait(&path, |task| task["status"] == "done" && task["scores"].is_array()).await;
        let progress = &task["progress"];
        assert_eq!((&progress["done"], &progress["left"], &progress["failed"]), (&json!(2), &json!(0), &json!(0)));
        assert_eq!(task["scores"][0]["scored"], 2, "{task:#}");
    }
}

#[tokio::test]
async fn killed_anywhere_in_a_task_every_row_is_answered_once_and_scored() {
    let mut bench = Bench::new("").await;
    kill_at_every_effect("a task", &mut bench, &mut Task::default()).await;
    close(bench).await;
}

#[tokio::test]
async fn killed_anywhere_in_a_start_of_the_server_the_next_one_takes_everything_over() {
    let mut bench = Bench::new("").await;
    let id = bench.viva.running_session(json!({})).await;
    let (mut asked, mut died) = (0, 0);
    let mut points = None;
    loop {
        // An answer is being written, an upload and an import have been broken off.
        let mut body = chat(&id, "Count from 1 to 60");
        (body["stream"], body["max_tokens"], body["ignore_eos"]) = (json!(true), json!(4000), json!(true));
        let request = bench.viva.client().post(format!("{}/v1/chat/completions", bench.viva.url)).bearer_auth(TOKEN);
        assert_eq!(request.json(&body).send().await.unwrap().status(), 200);
        asked += 1;
        bench.viva.kill();
        fs::write(bench.viva.data.path().join("models/incoming/half"), "half of a model").unwrap();
        let point = match &mut points {
            None => None,
            Some(left) => match Vec::pop(left) {
                Some(point) => Some(point),
                None => break,
            },
        };
        bench.arm(point.as_ref());
        let started = bench.viva.try_restart();
        if started {
            bench.dies_within(Duration::from_millis(if point.is_none() { 300 } else { 100 })).await;
        }
        bench.disarm();
        if point.is_none() {
            points = Some(bench.passed());
        }
        if bench.viva.has_ended() {
            died += 1;
            bench.viva.restart();
        }
        let session = bench.viva.wait_status(&id, "running").await;
        check(&bench.viva).await;
        assert_eq!(session["usage"]["interactions"], asked);
    }
    println!("kill anywhere: start of the server: {} effects, died at {died}", asked - 2);
    bench.viva.restart();
    bench.viva.say(&id, "Hi").await;
    close(bench).await;
}
