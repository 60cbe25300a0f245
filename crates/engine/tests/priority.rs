//! Interactive requests beside background work, against the demo model.

mod support;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use engine::EngineOptions;
use serde_json::{Value, json};
use support::{Engine, PARALLEL, PRIORITY, Seen, Stream, engine, options, user};

fn single(name: &str) -> Engine {
    Engine::start(EngineOptions { parallel: Some(1), ..options(name) })
}

/// A long text that differs by its beginning.
fn long_text(name: &str) -> String {
    let numbers: Vec<String> = (100..180).map(|number| number.to_string()).collect();
    format!("{name} {}", numbers.join(" "))
}

/// A request that can be answered by this text alone, as a JSON string: however the logits move, it is known.
fn dictated(text: &str) -> Value {
    json!({
        "messages": user(&format!("Say {}", &text[..8])), "temperature": 0, "logprobs": true,
        "stream": true, "stream_options": {"include_usage": true},
        "response_format": {"type": "json_schema", "json_schema": {"name": "said", "schema": {"const": text}}},
    })
}

fn endless() -> Value {
    json!({"messages": user("Hello"), "ignore_eos": true, "stream": true})
}

/// The beginning of a stream: some text, so that it runs.
fn begun(mut stream: Stream) -> (Stream, Seen) {
    let mut seen = Seen::default();
    stream.read(&mut seen, 4);
    (stream, seen)
}

fn waits_or_runs(engine: &Engine) -> u64 {
    let health = engine.health();
    ["active", "queued"].iter().filter_map(|count| health[count].as_u64()).sum()
}

/// Exactly this text, each token once.
fn assert_dictated(seen: &Seen, text: &str) {
    assert_eq!(seen.text, json!(text).to_string());
    assert_eq!(seen.tokens.concat(), seen.text);
    assert_eq!(seen.usage["completion_tokens"], seen.tokens.len());
    assert_eq!((&seen.timings["predicted_n"], seen.reason.as_deref()), (&json!(seen.tokens.len()), Some("stop")));
}

#[test]
fn an_interactive_request_ends_before_background_work_that_had_every_sequence() {
    let engine = Engine::start(options("before"));
    let texts: Vec<String> = (0..PARALLEL).map(|number| long_text(&format!("line {number}:"))).collect();
    let running: Vec<_> = texts.iter().map(|text| begun(engine.background(&dictated(text)))).collect();
    let answer = engine.ask("What is the capital of France?");
    assert!(answer.contains("Paris"), "{answer}");
    assert!(waits_or_runs(&engine) >= u64::from(PARALLEL), "the background work goes on");
    for ((stream, seen), text) in running.into_iter().zip(&texts) {
        assert_dictated(&stream.finish(seen), text);
    }
}

#[test]
fn many_choices_take_as_many_sequences_and_give_them_back() {
    let engine = Engine::start(options("choices"));
    let texts: Vec<String> = (0..PARALLEL).map(|number| long_text(&format!("row {number}:"))).collect();
    let running: Vec<_> = texts.iter().map(|text| begun(engine.background(&dictated(text)))).collect();
    let body = json!({"messages": user("Tell me a colour"), "n": 6, "max_tokens": 20, "ignore_eos": true});
    let answer = engine.chat(&body).json();
    assert_eq!((answer["choices"].as_array().unwrap().len(), &answer["usage"]["completion_tokens"]), (6, &json!(120)));
    for ((stream, seen), text) in running.into_iter().zip(&texts) {
        assert_dictated(&stream.finish(seen), text);
    }
}

#[test]
fn a_generation_goes_on_where_it_was_however_often_its_sequence_is_taken() {
    let engine = single("often");
    let text = long_text("again and again:");
    let (mut stream, mut seen) = begun(engine.background(&dictated(&text)));
    for number in 0..8 {
        let answer = engine.chat(&json!({"messages": user(&format!("What is {number} + 1?")), "max_tokens": 1}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        // It has the sequence again, and writes.
        let more = seen.text.len() + 8;
        stream.read(&mut seen, more);
    }
    assert!(seen.reason.is_none(), "it ended too soon to be interrupted");
    assert_dictated(&stream.finish(seen), &text);
}

#[test]
fn what_is_not_dictated_is_also_the_same_as_without_an_interruption() {
    let engine = single("same");
    for question in ["Count from 3 to 12", "What is the capital of France?", "Who are you?", "What is 12 + 30?"] {
        let whole = engine.ask(question);
        let body = json!({"messages": user(question), "temperature": 0, "stream": true});
        let (stream, seen) = begun(engine.background(&body));
        let other = engine.chat(&json!({"messages": user("Hello"), "max_tokens": 1}));
        assert_eq!(other.status, 200, "{}", other.body);
        assert_eq!(stream.finish(seen).text, whole);
    }
}

#[test]
fn a_stop_string_that_is_half_written_when_the_sequence_is_taken_is_found() {
    let engine = single("stop");
    let text = long_text("the end is near:");
    let start = text.find("110").unwrap();
    let mut body = dictated(&text);
    body["stop"] = json!([text[start..].to_owned()]);
    let mut stream = engine.background(&body);
    let mut seen = Seen::default();
    // All that is told before the end: from here on the stop string is being written.
    stream.read(&mut seen, start + 1);
    let answer = engine.ask("What is the capital of France?");
    assert!(answer.contains("Paris"), "{answer}");
    assert!(waits_or_runs(&engine) >= 1, "the background work goes on");
    let seen = stream.finish(seen);
    assert_eq!(seen.text, json!(text).to_string()[..=start]);
    let written = seen.usage["completion_tokens"].as_u64().unwrap();
    assert!(written > seen.tokens.len() as u64, "{written}, told {}", seen.tokens.len());
    assert_eq!(seen.reason.as_deref(), Some("stop"));
}

#[test]
fn a_client_that_goes_away_while_its_sequence_is_taken_leaves_nothing() {
    let engine = single("gone");
    let background = engine.background(&endless());
    engine.wait_until("it runs", || engine.health()["active"] == 1);
    let mut interactive = engine.stream(&endless());
    assert!(interactive.next().is_some());
    engine.wait_until("the background work waits", || engine.health()["queued"] == 1);
    drop(background);
    engine.wait_until("it waits no more", || engine.health()["queued"] == 0);
    drop(interactive);
    engine.wait_idle();
}

#[test]
fn background_work_has_places_of_its_own_to_wait() {
    let engine = Engine::start(EngineOptions { queue: 1, parallel: Some(1), ..options("places") });
    let _running = begun(engine.stream(&endless()));
    let _waiting = engine.background(&endless());
    engine.wait_until("one waits", || engine.health()["queued"] == 1);
    let refused = engine.chat_with(PRIORITY, &endless());
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (429, &json!("queue_full")));
    let _interactive = engine.stream(&endless());
    engine.wait_until("an interactive one waits too", || engine.health()["queued"] == 2);
    assert_eq!(engine.chat(&endless()).status, 429);
}

#[test]
fn a_conversation_is_still_there_after_background_work_took_the_rest() {
    let engine = Engine::start(options("talk"));
    let mut messages = json!([{"role": "user", "content": format!("My name is Ada. {}", "I like tea. ".repeat(12))}]);
    let first = engine.chat(&json!({"messages": messages, "temperature": 0}));
    let total = first.json()["usage"]["total_tokens"].as_u64().unwrap();
    let texts: Vec<String> = (0..8).map(|number| long_text(&format!("item {number}:"))).collect();
    let streams: Vec<_> = texts.iter().map(|text| engine.background(&dictated(text))).collect();
    engine.wait_until("some wait", || engine.health()["queued"] == 5);
    let turns = messages.as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": first.text()}));
    turns.push(json!({"role": "user", "content": "What is my name?"}));
    let second = engine.chat(&json!({"messages": messages, "temperature": 0})).json();
    let cached = second["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    assert!(cached + 4 >= total, "{cached} of {total}");
    for (stream, text) in streams.into_iter().zip(&texts) {
        assert_dictated(&stream.finish(Seen::default()), text);
    }
}

#[test]
fn background_work_gets_on_though_interactive_requests_never_end() {
    let engine = single("crowd");
    let ended = AtomicBool::new(false);
    let crowd = || {
        while !ended.load(Ordering::Relaxed) {
            let answer = engine.chat(&json!({"messages": user("Hello"), "max_tokens": 40, "ignore_eos": true}));
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(crowd);
        }
        engine.wait_until("the crowd is there", || engine.health()["queued"].as_u64().unwrap() >= 6);
        let answer = engine.chat_with(PRIORITY, &json!({"messages": user("Hi"), "max_tokens": 14, "ignore_eos": true}));
        ended.store(true, Ordering::Relaxed);
        assert_eq!(answer.json()["usage"]["completion_tokens"], 14);
    });
}

#[test]
fn a_priority_that_does_not_exist_is_refused() {
    let answer = engine().chat_with("x-viva-priority: urgent\r\n", &endless());
    assert_eq!(answer.status, 400, "{}", answer.body);
    let error = &answer.json()["error"];
    assert_eq!((&error["code"], &error["param"]), (&json!("invalid_parameter"), &json!("x-viva-priority")));
    assert_eq!(engine().chat_with("x-viva-priority: interactive\r\n", &json!({"messages": user("Hi")})).status, 200);
}
