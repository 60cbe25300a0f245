//! A test set for tests.

use protocol::test_set::TestSet;
use serde_json::json;

use crate::command::task::sample;

/// Of twenty cases, run once, and by itself on the next sessions of a model.
pub(super) fn test_set() -> TestSet {
    serde_json::from_value(json!({
        "id": "set_01900000000070008000000000000001", "name": "sums", "cases": 20,
        "run": {"model": "demo", "scoring": [{"reference": "expected", "metric": {"kind": "numeric"}}]},
        "run_since": "2030-01-01T12:00:00Z", "runs": [sample::task()], "created_at": "2030-01-01T12:00:00Z", "change": 3
    }))
    .unwrap()
}
