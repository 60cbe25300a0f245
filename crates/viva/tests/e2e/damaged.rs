//! Damaged model files in the real engine, in its sandbox: whatever a file holds, the server goes on and says what
//! became of the session.
//!
//! `VIVA_DAMAGED` sets how many files (300), `VIVA_DAMAGED_SEED` the first one's seed (1): a failure names its own.

use std::{collections::BTreeMap, fs, path::PathBuf};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

/// What may become of a session on such a file, beside Running.
const REASONS: [&str; 5] = ["model_invalid", "model_unsupported", "runtime_crashed", "out_of_memory", "probe_failed"];
/// Where most of the metadata is, in bytes.
const HEAD: usize = 8 << 10;

fn number_of(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A file that was damaged in one to four ways.
fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let reach = if random.random_bool(0.7) { HEAD.min(bytes.len()) } else { bytes.len() };
        if reach < 16 {
            break;
        }
        let at = random.random_range(0..reach - 8);
        match random.random_range(0..8) {
            0..3 => bytes[at] ^= 1 << random.random_range(0..8),
            3 | 4 => {
                let extremes = [0, 1, u64::MAX, i64::MAX.unsigned_abs(), u64::from(u32::MAX), 1 << 31, 1 << 40, 255];
                let value = extremes[random.random_range(0..extremes.len())].to_le_bytes();
                let width = [1, 4, 8][random.random_range(0..3)];
                bytes[at..at + width].copy_from_slice(&value[..width]);
            }
            5 => {
                let end = (at + random.random_range(1..4096)).min(bytes.len());
                random.fill(&mut bytes[at..end]);
            }
            6 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..(at + random.random_range(1..64)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    // A file of another size is refused before an engine sees it.
    if random.random_bool(0.9) {
        bytes.resize(whole.len(), 0);
    }
    bytes
}

struct Model {
    name: &'static str,
    blob: PathBuf,
    whole: Vec<u8>,
}

async fn find(viva: &Viva, name: &'static str) -> Model {
    let models = viva.get("/api/v1/models").await.expect(200);
    let named = |model: &&Value| {
        format!("{}:{}", model["name"].as_str().unwrap(), model["version"].as_str().unwrap_or_default()) == name
    };
    let model = models["items"].as_array().unwrap().iter().find(named).unwrap();
    let sha256 = model["files"][0]["sha256"].as_str().unwrap();
    let blob = viva.data.path().join("models/blobs").join(format!("sha256-{sha256}"));
    Model { name, whole: fs::read(&blob).unwrap(), blob }
}

/// Opens a session on the damaged file; returns what became of it.
async fn examine(viva: &Viva, model: &Model, seed: u64) -> String {
    fs::remove_file(&model.blob).unwrap();
    fs::write(&model.blob, damaged(&model.whole, seed)).unwrap();
    let answer = viva.post("/api/v1/sessions", json!({"model": model.name})).await;
    if answer.status != 201 {
        assert_eq!(answer.code(), "model_ineligible", "seed {seed}: {}", answer.text);
        return answer.code();
    }
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{id}");
    let session = viva.wait(&path, |session| session["status"] != "initializing").await;
    let became = if session["status"] == "running" {
        let body = json!({"model": id, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4});
        let asked = viva.post("/v1/chat/completions", body).await;
        assert!([200, 409, 502, 503].contains(&asked.status), "seed {seed}: {} {}", asked.status, asked.text);
        "running".to_owned()
    } else {
        let code = session["reason"]["code"].as_str().unwrap_or_default().to_owned();
        assert!(REASONS.contains(&code.as_str()), "seed {seed}: {session}");
        code
    };
    viva.post(&format!("{path}/stop"), json!({})).await;
    viva.wait(&path, |session| ["stopped", "failed"].contains(&session["status"].as_str().unwrap())).await;
    viva.delete(&format!("{path}?confirm=delete")).await;
    became
}

#[tokio::test]
async fn whatever_a_model_file_holds_the_server_goes_on_and_says_what_became_of_the_session() {
    let (count, first) = (number_of("VIVA_DAMAGED", 300), number_of("VIVA_DAMAGED_SEED", 1));
    let viva = Viva::start_with(VIVA, "[sessions]\nquota = 100\nactive_quota = 4\n").await;
    let models = [find(&viva, "demo:early").await, find(&viva, "demo:final").await];
    let all = async |place: u64| {
        let mut became = Vec::new();
        for seed in (first..first + count).filter(|seed| seed % 2 == place) {
            became.push(examine(&viva, &models[usize::try_from(place).unwrap()], seed).await);
        }
        became
    };
    let (even, odd) = tokio::join!(all(0), all(1));
    let mut became = BTreeMap::<String, usize>::new();
    for code in even.into_iter().chain(odd) {
        *became.entry(code).or_default() += 1;
    }
    println!("{became:?}");
    assert!(became.len() >= 3, "the files are damaged in more ways than one: {became:?}");
    // The server is as it was: whole files run, and nothing is left of the others.
    for model in &models {
        fs::remove_file(&model.blob).unwrap();
        fs::write(&model.blob, &model.whole).unwrap();
    }
    viva.get("/readyz").await.expect(200);
    viva.running_session(json!({})).await;
    assert!(!viva.log().contains("panicked"), "nothing panicked");
}
