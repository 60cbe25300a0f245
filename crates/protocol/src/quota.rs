//! Quotas: what a user may have, and what all users may have together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::session::present;

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaKind {
    /// Sessions that are not deleted, ended ones included.
    Sessions,
    /// Sessions that hold resources at once.
    Live,
    /// Seconds of one session, from Running.
    SessionSeconds,
    /// Bytes of files of all sessions.
    StorageBytes,
    /// Tokens of prompts and answers within a day of UTC.
    TokensPerDay,
    /// Completion requests within a minute, those of tasks left out.
    RequestsPerMinute,
}

impl QuotaKind {
    pub const ALL: [Self; 6] = [
        Self::Sessions,
        Self::Live,
        Self::SessionSeconds,
        Self::StorageBytes,
        Self::TokensPerDay,
        Self::RequestsPerMinute,
    ];
    /// Those that are there for all users together.
    pub const TOGETHER: [Self; 3] = [Self::Sessions, Self::Live, Self::TokensPerDay];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Live => "live",
            Self::SessionSeconds => "session_seconds",
            Self::StorageBytes => "storage_bytes",
            Self::TokensPerDay => "tokens_per_day",
            Self::RequestsPerMinute => "requests_per_minute",
        }
    }
}

/// Where a bound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaSource {
    /// The server's configuration.
    Configuration,
    /// Somebody has set it.
    Set,
}

/// One bound, with what is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaFigure {
    pub kind: QuotaKind,
    /// Null: there is no bound.
    pub limit: Option<u64>,
    pub source: QuotaSource,
    /// Null: nothing adds up, as of the time of one session.
    pub used: Option<u64>,
}

/// Answer of the calls on quotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quotas {
    pub items: Vec<QuotaFigure>,
}

/// Body of the calls that set quotas: an absent field stays, `null` goes back to the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetQuotas {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub sessions: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub live: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub session_seconds: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub storage_bytes: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub tokens_per_day: Option<Option<u64>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub requests_per_minute: Option<Option<u64>>,
}

impl SetQuotas {
    /// What is set, and what goes back.
    pub fn changes(&self) -> Vec<(QuotaKind, Option<u64>)> {
        let fields = [
            self.sessions,
            self.live,
            self.session_seconds,
            self.storage_bytes,
            self.tokens_per_day,
            self.requests_per_minute,
        ];
        QuotaKind::ALL.into_iter().zip(fields).filter_map(|(kind, field)| Some((kind, field?))).collect()
    }
}
