//! Batching, reuse, cancellation and bounds, against the demo model.

mod support;

use std::{io::BufRead, sync::Mutex, thread};

use engine::{EngineOptions, Listener};
use serde_json::{Value, json};
use support::{Engine, engine, options, user};

/// Tests that count what the engine does take turns.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> impl Drop {
    let guard = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    engine().wait_idle();
    guard
}

fn endless() -> Value {
    json!({"messages": user("Hello"), "ignore_eos": true, "stream": true})
}

#[test]
fn a_follow_up_turn_computes_the_new_tokens_only() {
    let _alone = alone();
    let mut messages =
        json!([{"role": "system", "content": "turns: answer shortly"}, {"role": "user", "content": "My name is Ada."}]);
    let first = engine().chat(&json!({"messages": messages, "temperature": 0}));
    let total = first.json()["usage"]["total_tokens"].as_u64().unwrap();
    let turns = messages.as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": first.text()}));
    turns.push(json!({"role": "user", "content": "What is my name?"}));
    let second = engine().chat(&json!({"messages": messages, "temperature": 0})).json();
    let cached = second["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    assert!(cached + 4 >= total, "{cached} of {total}");
    assert_eq!(second["timings"]["cached_n"], cached);
}

#[test]
fn a_common_system_message_is_computed_once() {
    let _alone = alone();
    let system = format!("shared {}", "be brief and kind. ".repeat(12));
    let ask = |text: &str| {
        let messages = json!([{"role": "system", "content": system}, {"role": "user", "content": text}]);
        let answer = engine().chat(&json!({"messages": messages, "max_tokens": 2, "temperature": 0})).json();
        answer["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap()
    };
    let system_tokens =
        engine().post("/internal/render", &json!({"messages": [{"role": "system", "content": system}]})).json();
    // What differs comes last; and nobody waits for the last 48 tokens of a beginning that is being computed.
    let least = system_tokens["prompt_tokens"].as_u64().unwrap() - 8 - 48;
    thread::scope(|scope| {
        let asks: Vec<_> = ["a", "b", "c", "d"].map(|text| scope.spawn(move || ask(text))).into_iter().collect();
        let cached: Vec<u64> = asks.into_iter().map(|ask| ask.join().unwrap()).collect();
        assert!(cached.iter().filter(|count| **count >= least).count() >= 3, "{cached:?}, {least}");
    });
}

#[test]
fn a_seed_repeats_from_an_empty_cache() {
    let run = |name: &str| {
        let engine = Engine::start(options(name));
        let text = "Tell me something. ".repeat(75);
        let body =
            json!({"messages": user(&text), "seed": 11, "temperature": 1.5, "max_tokens": 100, "ignore_eos": true});
        let answer = engine.chat(&body);
        assert!(answer.json()["usage"]["total_tokens"].as_u64().unwrap() > 300, "{}", answer.body);
        answer.text()
    };
    assert_eq!(run("seed-1"), run("seed-2"));
}

#[test]
fn a_client_that_goes_away_frees_its_place_at_once() {
    let _alone = alone();
    let streams: Vec<_> = (0..4).map(|_| engine().open("/v1/chat/completions", &endless())).collect();
    engine().wait_until("all are computed", || engine().health()["active"] == 4);
    let queued = engine().open("/v1/chat/completions", &endless());
    engine().wait_until("one waits", || engine().health()["queued"] == 1);
    drop(queued);
    engine().wait_until("the waiting one is gone", || engine().health()["queued"] == 0);
    drop(streams);
    engine().wait_until("all are gone", || engine().health()["active"] == 0);
    let mut whole = endless();
    whole["stream"] = json!(false);
    let waiting = engine().open("/v1/chat/completions", &whole);
    engine().wait_until("it is computed", || engine().health()["active"] == 1);
    drop(waiting);
    engine().wait_until("it is gone", || engine().health()["active"] == 0);
}

#[test]
fn sixty_four_clients_at_once_are_all_served() {
    let _alone = alone();
    thread::scope(|scope| {
        let ask = |client: usize| {
            let text = format!("What is {} + {}?", client % 9, client % 7);
            let body = json!({"messages": user(&text), "stream": true, "max_tokens": 12, "stream_options": {"include_usage": true}});
            let answer = engine().chat(&body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(answer.events().last().unwrap()["usage"]["completion_tokens"].as_u64().unwrap() > 0);
        };
        (0..64).for_each(|client| drop(scope.spawn(move || ask(client))));
    });
}

#[test]
fn a_full_queue_refuses_with_when_to_come_back() {
    let engine = Engine::start(EngineOptions { queue: 1, parallel: Some(1), ..options("queue") });
    let mut running = engine.open("/v1/chat/completions", &endless());
    running.read_line(&mut String::new()).unwrap();
    engine.wait_until("it is computed", || engine.health()["active"] == 1 && engine.health()["queued"] == 0);
    let _waiting = engine.open("/v1/chat/completions", &endless());
    engine.wait_until("one waits", || engine.health()["queued"] == 1 || engine.health()["active"] == 0);
    let mut answer = engine.chat(&endless());
    // The first may have come to its end by now: then it is this one's turn to wait or run.
    if answer.status == 200 {
        let _more: Vec<_> = (0..2).map(|_| engine.open("/v1/chat/completions", &endless())).collect();
        engine.wait_until("one waits", || engine.health()["queued"] == 1);
        answer = engine.chat(&endless());
    }
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.json()["error"]["code"], "queue_full");
    assert!(answer.head.to_lowercase().contains("retry-after: 1"));
}

#[test]
fn a_load_that_fails_says_why() {
    let run = |change: fn(&mut EngineOptions)| {
        let mut options = options("fails");
        change(&mut options);
        engine::serve(options)
    };
    let missing = run(|options| options.model = "/nowhere/model.gguf".into());
    assert_eq!(missing.code.as_str(), "model_missing");
    let text = run(|options| options.model = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into());
    assert_eq!(text.code.as_str(), "model_invalid");
    assert!(text.message.contains("no GGUF"), "{}", text.message);
    let listener = run(|options| options.listener = Listener::Path("/nowhere/e.sock".into()));
    assert_eq!(listener.code.as_str(), "launch_failed");
}

#[test]
fn a_damaged_model_is_told_from_an_unknown_one() {
    let whole = std::fs::read(support::demo_model()).unwrap();
    let run = |name: &str, bytes: &[u8]| {
        let path = std::env::temp_dir().join(format!("viva-engine-{}-{name}.gguf", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let exit = engine::serve(EngineOptions { model: path.clone(), ..options(name) });
        std::fs::remove_file(path).unwrap();
        exit
    };
    for length in [4, 100, 20_000, whole.len() / 2, whole.len() - 1000] {
        let exit = run("cut", &whole[..length]);
        assert_eq!(exit.code.as_str(), "model_invalid", "{length}: {}", exit.message);
    }
    let name = b"general.architecture";
    let at = whole.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 12;
    let mut unknown = whole.clone();
    unknown[at..at + 5].copy_from_slice(b"xxxxx");
    let exit = run("unknown", &unknown);
    assert_eq!(exit.code.as_str(), "model_unsupported", "{}", exit.message);
}
