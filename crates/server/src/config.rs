//! The configuration: one file, parsed once, unknown keys refused. Every key has a default.

mod oidc;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{limits::Bounds, session::Timing};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::FileQuotas;

pub use oidc::{NewUsers, OidcConfig};

pub(crate) use oidc::is_safe;

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: ServerConfig,
    pub sessions: SessionsConfig,
    pub start: StartConfig,
    pub limits: LimitsConfig,
    pub files: FilesConfig,
    pub quotas: QuotasConfig,
    pub tasks: TasksConfig,
    pub docs: DocsConfig,
    pub oidc: Option<OidcConfig>,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Serve another address than loopback without TLS.
    pub insecure: bool,
    /// The address that people reach the server by, where it is another one.
    pub public_url: Option<String>,
    /// Seconds that answers being written have when the server is told to end.
    pub shutdown_grace_seconds: u64,
    /// Further names that the server goes by. A request for any other name is refused, addresses in figures and
    /// `localhost` excepted.
    pub hosts: Vec<String>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<IpNet>,
    /// Speak TLS.
    pub tls: Option<TlsConfig>,
}

/// The files of TLS, in PEM. They are read again within seconds of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate, followed by those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8482),
            insecure: false,
            public_url: None,
            shutdown_grace_seconds: 10,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: None,
        }
    }
}

/// What sessions may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsConfig {
    /// Time limit where none is asked for, in seconds.
    pub default_seconds: u64,
    /// Longest time from Running, in seconds.
    pub max_seconds: u64,
    /// Sessions per user, ended ones included.
    pub quota: u64,
    /// Sessions per user that hold resources at the same time.
    pub active_quota: u64,
    /// Seconds for requests in flight when a session stops.
    pub grace_seconds: u64,
    /// Seconds without any progress, while a request waits, after which a runtime that does not compute has hung.
    pub hang_seconds: u64,
    /// Memory for all sessions together, in bytes; absent: what the machine has.
    pub memory_bytes: Option<u64>,
    /// Processor threads of one session's engine; absent: the machine's, shared among the live sessions.
    pub threads: Option<u32>,
    /// Most bytes of a runtime's log.
    pub log_bytes: u64,
    /// `best_effort`: confine runtimes as far as the kernel can; `required`: refuse to run without.
    pub sandbox: SandboxMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    BestEffort,
    Required,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            default_seconds: 3600,
            max_seconds: 24 * 3600,
            quota: 20,
            active_quota: 2,
            grace_seconds: 10,
            hang_seconds: 30,
            memory_bytes: None,
            threads: None,
            log_bytes: 4 << 20,
            sandbox: SandboxMode::BestEffort,
        }
    }
}

/// How long each phase of a start may last, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StartConfig {
    /// Waiting for a turn, or for memory.
    pub queued_seconds: u64,
    /// Making the session's folder and processes.
    pub preparing_seconds: u64,
    /// Reading the model.
    pub loading_seconds: u64,
    /// The model's first answer.
    pub probing_seconds: u64,
    /// For everything of a session to die after its grace.
    pub release_seconds: u64,
}

impl Default for StartConfig {
    fn default() -> Self {
        Self {
            queued_seconds: 24 * 3600,
            preparing_seconds: 60,
            loading_seconds: 1800,
            probing_seconds: 120,
            release_seconds: 30,
        }
    }
}

/// Bounds of what clients may send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Bytes of a request's body, uploads of models excepted.
    pub body_bytes: usize,
    /// Bytes of an uploaded model.
    pub model_bytes: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { body_bytes: 16 << 20, model_bytes: 1 << 40 }
    }
}

/// What files in persistent storage may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilesConfig {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of a session's files together.
    pub session_bytes: u64,
    /// Bytes of the files of all sessions of a user.
    pub user_bytes: u64,
    /// Files of a session.
    pub session_files: u64,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self { file_bytes: 1 << 30, session_bytes: 4 << 30, user_bytes: 16 << 30, session_files: 10_000 }
    }
}

/// What users may have beside sessions and files, and all users together. An admin can set others at run time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotasConfig {
    /// Tokens of prompts and answers of a user within a day of UTC; absent: no bound.
    pub tokens_per_day: Option<u64>,
    /// Completion requests of a user within a minute, those of tasks left out; absent: no bound.
    pub requests_per_minute: Option<u64>,
    /// Sessions of all users together, ended ones included; absent: no bound.
    pub all_sessions: Option<u64>,
    /// Sessions of all users together that hold resources at the same time; absent: no bound.
    pub all_live: Option<u64>,
    /// Tokens of all users together within a day of UTC; absent: no bound.
    pub all_tokens_per_day: Option<u64>,
}

/// What tasks may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TasksConfig {
    /// Rows of a task's input.
    pub rows: u64,
    /// Endpoints that tasks may name as their judge, beside running sessions: the server sends questions and answers
    /// there. None unless they are listed.
    pub judges: Vec<JudgeConfig>,
}

/// An OpenAI-compatible endpoint that judges answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeConfig {
    /// Its address, up to and with `/v1`.
    pub base_url: String,
    /// Sent as `Authorization: Bearer`; absent: none is.
    #[serde(default)]
    pub api_key: Option<String>,
}

impl Default for TasksConfig {
    fn default() -> Self {
        Self { rows: 100_000, judges: Vec::new() }
    }
}

/// How the documentation answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DocsConfig {
    /// The id or the name of a running session that phrases the answers of the documentation, for callers with a token;
    /// absent: the documentation's own sentences.
    pub answer_with: Option<String>,
}

/// What durations, in seconds, and quotas may be: something, and no more than a year.
const BOUNDS: RangeInclusive<u64> = 1..=31_536_000;

/// The value of a key.
type Value = fn(&Config) -> u64;

/// The keys that are held to the bounds.
const BOUNDED: &[(&str, Value)] = &[
    ("sessions.default_seconds", |config| config.sessions.default_seconds),
    ("sessions.max_seconds", |config| config.sessions.max_seconds),
    ("sessions.quota", |config| config.sessions.quota),
    ("sessions.active_quota", |config| config.sessions.active_quota),
    ("sessions.hang_seconds", |config| config.sessions.hang_seconds),
    ("start.preparing_seconds", |config| config.start.preparing_seconds),
    ("start.loading_seconds", |config| config.start.loading_seconds),
    ("start.probing_seconds", |config| config.start.probing_seconds),
    ("start.release_seconds", |config| config.start.release_seconds),
];

/// The bounds of a key such as `sessions.quota`, where it has any.
pub fn bounds_of(key: &str) -> Option<RangeInclusive<u64>> {
    BOUNDED.iter().any(|(bounded, _)| *bounded == key).then_some(BOUNDS)
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration {path} cannot be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the configuration {path} is wrong: {message}")]
    Wrong { path: PathBuf, message: String },
    #[error(
        "{address} is not a loopback address, and would be served without TLS; give --tls-certificate and --tls-key, or put a TLS proxy before the server and listen on 127.0.0.1, or say --insecure"
    )]
    Insecure { address: SocketAddr },
    #[error("{key} = {value} is out of range: give {bounds}")]
    OutOfRange { key: &'static str, value: u64, bounds: &'static str },
    #[error("{key} = {value:?} {wrong}")]
    Unusable { key: String, value: String, wrong: &'static str },
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or holds a key that is not known or a value of the wrong type.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error| ConfigError::Wrong { path: path.to_owned(), message: error.to_string() })
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// The key that is out of range, or an address that would be served in the clear.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in BOUNDED {
            let value = value(self);
            if !BOUNDS.contains(&value) {
                return Err(ConfigError::OutOfRange { key, value, bounds: "1 to 31536000" });
            }
        }
        let address = self.server.listen;
        if !address.ip().is_loopback() && !self.server.insecure && self.server.tls.is_none() {
            return Err(ConfigError::Insecure { address });
        }
        match &self.oidc {
            Some(oidc) => oidc.check(&self.server),
            None => Ok(()),
        }
    }

    pub const fn file_quotas(&self) -> FileQuotas {
        FileQuotas {
            session_bytes: self.files.session_bytes,
            user_bytes: self.files.user_bytes,
            session_files: self.files.session_files,
        }
    }

    pub const fn bounds(&self) -> Bounds {
        Bounds { default_after_seconds: self.sessions.default_seconds, max_after_seconds: self.sessions.max_seconds }
    }

    pub fn timing(&self) -> Timing {
        let seconds = |seconds: u64| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timing {
            queued: seconds(self.start.queued_seconds),
            preparing: seconds(self.start.preparing_seconds),
            loading: seconds(self.start.loading_seconds),
            probing: seconds(self.start.probing_seconds),
            grace: seconds(self.sessions.grace_seconds),
            release: seconds(self.start.release_seconds),
        }
    }

    /// The grace for requests in flight.
    pub const fn grace(&self) -> Duration {
        Duration::from_secs(self.sessions.grace_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<Config>("[sessions]\nqota = 3\n").unwrap_err().to_string();
        assert!(error.contains("qota") && error.contains("quota"), "{error}");
    }

    #[test]
    fn an_open_address_needs_a_word() {
        let mut config = Config::default();
        assert!(config.check().is_ok());
        config.server.listen = "0.0.0.0:1".parse().unwrap();
        assert!(matches!(config.check(), Err(ConfigError::Insecure { .. })));
        config.server.insecure = true;
        assert!(config.check().is_ok());
        config.server.insecure = false;
        config.server.tls = Some(TlsConfig { certificate: "a.pem".into(), key: "b.pem".into() });
        assert!(config.check().is_ok());
    }
}
