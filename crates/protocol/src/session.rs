//! Sessions as the API shows and takes them.

mod check;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use self::check::{SessionCheck, SessionMemory, Starts};
use crate::{ModelId, SessionId, model::ModelType};

/// The four statuses, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Created; resources and environment are being prepared.
    Initializing,
    /// Ready for tasks and interaction.
    Running,
    /// Met an error and cannot continue.
    Failed,
    /// Ended by hand or by its policy.
    Stopped,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// Where within its life a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Queued,
    Preparing,
    Loading,
    Probing,
    Running,
    Draining,
    Ended,
}

impl Phase {
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Preparing, Self::Loading, Self::Probing, Self::Running, Self::Draining, Self::Ended];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Preparing => "preparing",
            Self::Loading => "loading",
            Self::Probing => "probing",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Ended => "ended",
        }
    }
}

/// Why a session stopped or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    // Stopped.
    User,
    TimeLimit,
    IdleLimit,
    InteractionLimit,
    TokenLimit,
    ModelLimit,
    Shutdown,
    // Failed.
    ModelMissing,
    ModelInvalid,
    ModelUnsupported,
    OutOfMemory,
    RuntimeCrashed,
    RuntimeHung,
    StartTimeout,
    ProbeFailed,
    StorageFull,
    LaunchFailed,
    RuntimeLost,
    ReleaseUnconfirmed,
}

impl ReasonCode {
    pub const ALL: [Self; 19] = [
        Self::User,
        Self::TimeLimit,
        Self::IdleLimit,
        Self::InteractionLimit,
        Self::TokenLimit,
        Self::ModelLimit,
        Self::Shutdown,
        Self::ModelMissing,
        Self::ModelInvalid,
        Self::ModelUnsupported,
        Self::OutOfMemory,
        Self::RuntimeCrashed,
        Self::RuntimeHung,
        Self::StartTimeout,
        Self::ProbeFailed,
        Self::StorageFull,
        Self::LaunchFailed,
        Self::RuntimeLost,
        Self::ReleaseUnconfirmed,
    ];

    /// The status of a session that ended for this reason.
    pub const fn status(self) -> Status {
        match self {
            Self::User
            | Self::TimeLimit
            | Self::IdleLimit
            | Self::InteractionLimit
            | Self::TokenLimit
            | Self::ModelLimit
            | Self::Shutdown => Status::Stopped,
            Self::ModelMissing
            | Self::ModelInvalid
            | Self::ModelUnsupported
            | Self::OutOfMemory
            | Self::RuntimeCrashed
            | Self::RuntimeHung
            | Self::StartTimeout
            | Self::ProbeFailed
            | Self::StorageFull
            | Self::LaunchFailed
            | Self::RuntimeLost
            | Self::ReleaseUnconfirmed => Status::Failed,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::TimeLimit => "time_limit",
            Self::IdleLimit => "idle_limit",
            Self::InteractionLimit => "interaction_limit",
            Self::TokenLimit => "token_limit",
            Self::ModelLimit => "model_limit",
            Self::Shutdown => "shutdown",
            Self::ModelMissing => "model_missing",
            Self::ModelInvalid => "model_invalid",
            Self::ModelUnsupported => "model_unsupported",
            Self::OutOfMemory => "out_of_memory",
            Self::RuntimeCrashed => "runtime_crashed",
            Self::RuntimeHung => "runtime_hung",
            Self::StartTimeout => "start_timeout",
            Self::ProbeFailed => "probe_failed",
            Self::StorageFull => "storage_full",
            Self::LaunchFailed => "launch_failed",
            Self::RuntimeLost => "runtime_lost",
            Self::ReleaseUnconfirmed => "release_unconfirmed",
        }
    }
}

/// Why a session is as it is, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    pub code: ReasonCode,
    /// One sentence that a person understands.
    pub message: String,
    pub details: ReasonDetails,
}

/// The figures of a reason; what does not apply is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReasonDetails {
    /// Bytes that the model needs.
    pub memory_needed_bytes: Option<u64>,
    /// Bytes that were free.
    pub memory_free_bytes: Option<u64>,
    /// Bytes that the session was allowed.
    pub memory_bound_bytes: Option<u64>,
    /// Bytes that the runtime held at most.
    pub memory_peak_bytes: Option<u64>,
    pub exit_code: Option<i32>,
    /// Number of the signal that ended the runtime.
    pub signal: Option<i32>,
    /// Seconds that the phase was allowed, where a deadline passed.
    pub deadline_seconds: Option<u64>,
    /// The limit that ended the session, where one did.
    pub limit: Option<Limit>,
    /// The last lines of the runtime's log.
    pub log_tail: Vec<String>,
    /// What to try, best first.
    pub hints: Vec<String>,
}

/// When the session is to stop: the earliest wins; `null` sets no such limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopPolicy {
    /// Seconds from Running, at least 1.
    #[schema(minimum = 1)]
    pub after_seconds: Option<u64>,
    /// A wall-clock time in the future.
    pub at: Option<Timestamp>,
    /// Completion requests accepted, at least 1.
    #[schema(minimum = 1)]
    pub max_interactions: Option<u64>,
    /// Seconds without a request in flight, from the last finished byte; at least 1.
    #[schema(minimum = 1)]
    pub idle_seconds: Option<u64>,
    /// Prompt and completion tokens together, at least 1.
    #[schema(minimum = 1)]
    pub max_tokens: Option<u64>,
}

/// A change of the stop policy: an absent field stays, `null` removes the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopPolicyChange {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub after_seconds: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Timestamp>)]
    pub at: Option<Option<Timestamp>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub max_interactions: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub idle_seconds: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub max_tokens: Option<Option<u64>>,
}

/// Tells a field that is `null` from one that is absent.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// How the runtime is set up; `null` leaves the choice to Viva.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSettings {
    /// Tokens of context per request.
    #[schema(minimum = 16)]
    pub context_length: Option<u32>,
    /// Requests that are answered at the same time.
    #[schema(minimum = 1, maximum = 64)]
    pub parallel: Option<u32>,
}

/// The settings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveEngine {
    pub context_length: u32,
    pub parallel: u32,
}

/// Body of `POST /api/v1/sessions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// 1 to 100 characters after trimming; absent: `int.session_YYYYMMDDhhmmss`.
    #[serde(default)]
    pub name: Option<String>,
    /// At most 200 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// A model's id, `name` or `name:version`.
    pub model: String,
    #[serde(default)]
    pub stop: Option<StopPolicy>,
    #[serde(default)]
    pub engine: Option<EngineSettings>,
}

/// Body of `PATCH /api/v1/sessions/{id}`: an absent field stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSession {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `null` or empty removes it.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopPolicyChange>,
}

/// The model that a session has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionModel {
    pub id: ModelId,
    pub name: String,
    pub version: String,
    #[serde(rename = "type")]
    pub kind: ModelType,
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Seconds from Running.
    AfterSeconds,
    /// A wall-clock time.
    At,
    MaxInteractions,
    IdleSeconds,
    MaxTokens,
}

/// A limit's figure: a count or seconds, or for `at` a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LimitValue {
    Count(u64),
    At(Timestamp),
}

/// Where a limit came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitSource {
    /// Asked for by the user.
    Session,
    /// Viva's default.
    Default,
    /// The operator's bound.
    Operator,
    /// The model's entry in the hub.
    Model,
}

/// A limit in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limit {
    pub kind: LimitKind,
    pub value: LimitValue,
    pub source: LimitSource,
}

/// What the session has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionUsage {
    pub interactions: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

impl SessionUsage {
    pub const fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionStorage {
    pub temporary_bytes: u64,
    pub persistent_bytes: u64,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub name: String,
    pub description: Option<String>,
    pub model: SessionModel,
    pub status: Status,
    pub phase: Phase,
    /// From 0 to 1 while loading, else `null`.
    pub progress: Option<f64>,
    /// Place in the queue from 1, while queued.
    pub queue_position: Option<u64>,
    /// True from the decision to stop until the release was seen.
    pub stopping: bool,
    pub reason: Option<Reason>,
    pub stop: StopPolicy,
    pub engine: EffectiveEngine,
    pub limits: Vec<Limit>,
    /// When time ends it at the latest, as far as that is known.
    pub stops_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub running_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub usage: SessionUsage,
    pub storage: SessionStorage,
    /// Number of its latest change, an id of the event stream. Of two answers about a session the one with the higher
    /// number is the newer, in whatever order they arrive.
    pub change: u64,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A page of the sessions, and how many there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionPage {
    pub items: Vec<Session>,
    /// Give it as `cursor` for the next page; `null` at the end.
    pub next_cursor: Option<String>,
    pub counts: SessionCounts,
}

/// The caller's sessions by status, whatever the list is narrowed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionCounts {
    pub all: u64,
    pub initializing: u64,
    pub running: u64,
    pub failed: u64,
    pub stopped: u64,
}

/// What a deletion removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionReceipt {
    pub completions: u64,
    pub files: u64,
    pub bytes_temporary: u64,
    pub bytes_persistent: u64,
}

/// One transition of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    pub at: Timestamp,
    /// The phase before; `null` for the creation.
    pub from: Option<Phase>,
    pub to: Phase,
    /// The public status after it.
    pub status: Status,
    /// The same as `to`.
    pub phase: Phase,
    pub reason: Option<Reason>,
    /// Who caused it: a user id, `system`, `shim` or `policy`.
    pub actor: String,
}

/// The whole timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    pub items: Vec<TimelineEntry>,
}

/// How to reach a running session by program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Endpoint {
    pub base_url: String,
    pub token: String,
    /// What to send as `model`.
    pub model: String,
    pub samples: EndpointSamples,
}

/// Sample code that runs as pasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointSamples {
    pub curl: String,
    /// Python with the OpenAI SDK.
    pub python: String,
    /// Python with requests.
    pub requests: String,
    pub javascript: String,
}

/// Data of an `event: session_deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionDeleted {
    pub id: SessionId,
}
