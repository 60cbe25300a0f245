//! The load under which faults strike: clients that ask, that stream, that put files, and that vanish.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};
use tokio::task::JoinSet;

use super::text_of;
use crate::kill::list;

/// What a client was told is kept.
#[derive(Default)]
struct Told {
    /// Session, completion, text.
    answers: Vec<(String, String, String)>,
    /// By session and path.
    files: HashMap<(String, String), String>,
}

#[derive(Clone, Default)]
struct Shared {
    told: Arc<Mutex<Told>>,
    ends: Arc<AtomicBool>,
    number: Arc<AtomicU64>,
    vanished: Arc<AtomicU64>,
    answers: Arc<AtomicU64>,
    files: Arc<AtomicU64>,
}

pub(super) struct Load {
    shared: Shared,
    clients: JoinSet<()>,
}

/// Where clients ask.
#[derive(Clone)]
struct Target {
    client: reqwest::Client,
    url: String,
    session: String,
}

impl Load {
    pub(super) fn new() -> Self {
        Self { shared: Shared::default(), clients: JoinSet::new() }
    }

    /// Sends the clients off. A client whose server goes away is at its end.
    pub(super) fn begin(&mut self, viva: &Viva, session: &str) {
        self.shared.ends.store(false, Ordering::Relaxed);
        let target = Target { client: viva.client().clone(), url: viva.url.clone(), session: session.to_owned() };
        for kind in 0..6 {
            let (target, shared) = (target.clone(), self.shared.clone());
            self.clients.spawn(async move {
                while !shared.ends.load(Ordering::Relaxed) {
                    let went_on = match kind {
                        0..=2 => target.ask(&shared).await,
                        3 => target.stream(&shared).await,
                        4 => target.vanish(&shared).await,
                        _ => target.put(&shared).await,
                    };
                    if went_on.is_none() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            });
        }
    }

    /// Has them end what they are at, and waits for that.
    pub(super) async fn end(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
    }

    /// Everything that was acknowledged is there, once, as it was told.
    pub(super) async fn verify(&self, viva: &Viva) {
        let (answers, files) = {
            let told = self.shared.told.lock().unwrap();
            (told.answers.clone(), told.files.clone())
        };
        let mut stored: HashMap<String, HashMap<String, Value>> = HashMap::new();
        for (session, id, text) in answers {
            if !stored.contains_key(&session) {
                let all = list(viva, &format!("/api/v1/sessions/{session}/completions?limit=200")).await;
                let by_id = all.into_iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one)).collect();
                stored.insert(session.clone(), by_id);
            }
            let one = stored[&session].get(&id).unwrap_or_else(|| panic!("lost: {id} of {session}"));
            assert_eq!((&one["response"], &one["status"]), (&json!(text), &json!("done")), "{id}");
        }
        for ((session, path), text) in files {
            let read = viva.get(&format!("/api/v1/sessions/{session}/files/{path}")).await;
            assert_eq!((read.status, read.text), (200, text), "{path} of {session}");
        }
    }

    /// The session is about to be deleted.
    pub(super) fn forget(&self, session: &str) {
        let mut told = self.shared.told.lock().unwrap();
        told.answers.retain(|(of, ..)| of != session);
        told.files.retain(|(of, _), _| of != session);
    }

    pub(super) fn vanished(&self) -> u64 {
        self.shared.vanished.load(Ordering::Relaxed)
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.shared.answers.load(Ordering::Relaxed)
    }

    pub(super) fn files(&self) -> u64 {
        self.shared.files.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn note(&self, session: &str, (id, text): (String, String)) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.told.lock().unwrap().answers.push((session.to_owned(), id, text));
    }
}

impl Target {
    fn post(&self, shared: &Shared, more: &[(&str, Value)]) -> reqwest::RequestBuilder {
        let number = shared.number.fetch_add(1, Ordering::Relaxed);
        let mut body = json!({"model": self.session, "temperature": 0, "max_tokens": 24,
            "messages": [{"role": "user", "content": format!("{} + {}", number % 40, number % 7)}]});
        for (key, value) in more {
            body[*key] = value.clone();
        }
        let request = self.client.post(format!("{}/v1/chat/completions", self.url)).bearer_auth(TOKEN);
        // A server that is frozen or a runtime that hangs: the client gives up.
        request.timeout(Duration::from_secs(15)).json(&body)
    }

    async fn ask(&self, shared: &Shared) -> Option<()> {
        let answer = self.post(shared, &[]).send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        let told = text_of(&answer.json().await.ok()?)?;
        shared.note(&self.session, told);
        Some(())
    }

    async fn stream(&self, shared: &Shared) -> Option<()> {
        let answer = self.post(shared, &[("stream", json!(true))]).send().await.ok()?;
        let text = answer.text().await.ok()?;
        let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        let [events @ .., "[DONE]"] = events.as_slice() else { return None };
        let events: Vec<Value> = events.iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
        let id = events.first()?["id"].as_str()?.to_owned();
        let said = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        shared.note(&self.session, (id, said));
        Some(())
    }

    async fn vanish(&self, shared: &Shared) -> Option<()> {
        let more = [("stream", json!(true)), ("ignore_eos", json!(true)), ("max_tokens", json!(4000))];
        let mut stream = self.post(shared, &more).send().await.ok()?.bytes_stream();
        stream.next().await?.ok()?;
        drop(stream);
        shared.vanished.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        Some(())
    }

    async fn put(&self, shared: &Shared) -> Option<()> {
        let number = shared.number.fetch_add(1, Ordering::Relaxed);
        let (path, text) = (format!("note-{number}.txt"), format!("contents of {number}\n").repeat(100));
        let url = format!("{}/api/v1/sessions/{}/files/{path}", self.url, self.session);
        let put = self.client.put(url).bearer_auth(TOKEN).timeout(Duration::from_secs(15)).body(text.clone());
        let answer = put.send().await.ok()?;
        let is_made = answer.status() == 201;
        answer.bytes().await.ok()?;
        if is_made {
            shared.files.fetch_add(1, Ordering::Relaxed);
            shared.told.lock().unwrap().files.insert((self.session.clone(), path), text);
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        is_made.then_some(())
    }
}
