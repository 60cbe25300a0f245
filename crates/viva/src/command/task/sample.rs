//! A task for tests.

use protocol::task::Task;
use serde_json::json;

/// Done: 200 rows, of which one failed and one is none.
pub(in crate::command) fn task() -> Task {
    serde_json::from_value(json!({
        "id": "task_01900000000070008000000000000001", "session_id": "ses_01900000000070008000000000000001",
        "name": "sums", "status": "done", "reason": null,
        "input": {"format": "csv", "file": null, "columns": ["question", "answer"], "sha256": "00ff"},
        "prompt": "Q: {{question}}", "system": null, "parameters": {"max_tokens": 40},
        "scoring": [{"reference": "answer", "metric": {"kind": "exact"}}], "concurrency": 8, "metadata": {},
        "progress": {"rows": 200, "done": 198, "failed": 1, "invalid": 1, "left": 0,
            "tokens_per_second": null, "ends_at": null},
        "usage": {"prompt_tokens": 1200, "completion_tokens": 5600},
        "scores": [{"name": "exact", "rows": 200, "scored": 198, "unscored": {"answer_missing": 2}, "score": 0.8349,
            "interval": {"low": 0.78, "high": 0.88}}],
        "resumed_from": null, "resumed_by": null, "created_at": "2030-01-01T12:00:00Z",
        "started_at": "2030-01-01T12:00:00Z", "finished_at": "2030-01-01T12:00:12Z", "change": 7
    }))
    .unwrap()
}
