//! Sessions for tests.

use jiff::Timestamp;
use protocol::session::Session;
use serde_json::{Value, json};

pub(in crate::command) fn now() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

/// One of each status, with names that are short, long, wide.
pub(in crate::command) fn sessions() -> Vec<Session> {
    [running(), initializing(), failed(), stopped()]
        .into_iter()
        .map(|value| serde_json::from_value(value).unwrap())
        .collect()
}

fn base(number: u32, name: &str) -> Value {
    json!({
        "id": format!("ses_01900000{number}0007000800000000000000a"),
        "name": name,
        "description": null,
        "model": {"id": "mdl_01900000000070008000000000000001", "name": "viva-demo", "version": "2", "type": "llm"},
        "status": "running", "phase": "running", "progress": null, "queue_position": null, "stopping": false,
        "reason": null,
        "stop": {"after_seconds": 3600, "at": null, "max_interactions": null, "idle_seconds": null, "max_tokens": null},
        "engine": {"context_length": 2048, "parallel": 4},
        "limits": [{"kind": "after_seconds", "value": 3600, "source": "default"}],
        "stops_at": "2030-01-01T12:44:30Z",
        "created_at": "2030-01-01T11:44:00Z", "running_at": "2030-01-01T11:44:30Z", "ended_at": null,
        "usage": {"interactions": 12, "prompt_tokens": 3400, "completion_tokens": 15_000},
        "storage": {"temporary_bytes": 0, "persistent_bytes": 20_480},
        "change": 7
    })
}

fn with(mut value: Value, changes: Value) -> Value {
    if let (Value::Object(value), Value::Object(changes)) = (&mut value, changes) {
        value.extend(changes);
    }
    value
}

fn running() -> Value {
    base(1, "greetings")
}

fn initializing() -> Value {
    let changes = json!({
        "status": "initializing", "phase": "loading", "progress": 0.42, "running_at": null, "stops_at": null,
        "usage": {"interactions": 0, "prompt_tokens": 0, "completion_tokens": 0},
    });
    with(base(2, "口頭試験 🎓 of the new checkpoint, second attempt"), changes)
}

fn failed() -> Value {
    let changes = json!({
        "status": "failed", "phase": "ended", "stops_at": null, "ended_at": "2030-01-01T11:45:00Z",
        "reason": {
            "code": "out_of_memory",
            "message": "The model needs more memory than is free.",
            "details": {
                "memory_needed_bytes": 6_442_450_944_u64, "memory_free_bytes": 2_147_483_648_u64, "signal": 9,
                "log_tail": ["load: cannot allocate 6442450944 bytes"],
                "hints": ["Open a smaller model, or one with fewer bits."]
            }
        }
    });
    with(base(3, "int.session_20300101114400"), changes)
}

fn stopped() -> Value {
    let changes = json!({
        "status": "stopped", "phase": "ended", "ended_at": "2030-01-01T11:50:00Z",
        "reason": {"code": "user", "message": "Stopped by hand.", "details": {}},
        "usage": {"interactions": 64, "prompt_tokens": 900_000, "completion_tokens": 1_400_000},
    });
    with(base(4, "x"), changes)
}
