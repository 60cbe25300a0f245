//! Test sets: cases that a person has kept, to try models on again and again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{CompletionId, TestSetId, scoring::Scoring, session::present, task::Task};

/// Most cases of a set.
pub const MAX_CASES: u64 = 10_000;

/// A named set of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestSet {
    pub id: TestSetId,
    /// Unique among the owner's.
    pub name: String,
    pub cases: u64,
    /// How it runs by itself when a session of a model becomes Running; `null`: it does not.
    pub run: Option<TestRun>,
    /// Sessions that become Running after this run it; `null` where it does not run by itself.
    pub run_since: Option<Timestamp>,
    /// The tasks that ran it, newest first: the last ten, in lists and events the last one. Compare two of them to see
    /// what got better and worse.
    pub runs: Vec<Task>,
    pub created_at: Timestamp,
    /// Number of its latest change, in the order of all changes of sessions, tasks and test sets.
    pub change: u64,
}

/// How a test set runs by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestRun {
    /// Name of the model, `name` for every version or `name:version`.
    pub model: String,
    /// How its answers are judged; the column of what is expected is `expected`.
    #[serde(default)]
    pub scoring: Vec<Scoring>,
    /// A system message for every case that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Sampling parameters of every case.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
}

/// Data of an `event: test_set_deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestSetDeleted {
    pub id: TestSetId,
}

/// Body of `POST /api/v1/test-sets`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTestSet {
    /// 1 to 100 characters, unique.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<TestRun>,
}

/// Body of `PATCH /api/v1/test-sets/{id}`: what is left out stays; `run: null` ends running by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTestSet {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub run: Option<Option<TestRun>>,
}

/// A case: what is asked, and what is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestCase {
    /// Names it within its set.
    pub number: u64,
    #[schema(value_type = Vec<Object>)]
    pub messages: Vec<Value>,
    pub expected: Option<String>,
    pub created_at: Timestamp,
}

/// Body of `POST /api/v1/test-sets/{id}/cases`: one of `completion` and `messages`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTestCase {
    /// A chat completion whose conversation is kept. What it answered is what is expected unless `expected` says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<CompletionId>,
    /// The conversation up to what is to be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub messages: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

/// Body of `PATCH /api/v1/test-sets/{id}/cases/{number}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTestCase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub messages: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub expected: Option<Option<String>>,
}
