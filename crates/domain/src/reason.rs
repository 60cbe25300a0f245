//! The reasons that Viva itself gives, as data with a sentence.

use jiff::SignedDuration;
use protocol::session::{Limit, LimitSource, LimitValue, Phase, Reason, ReasonCode, ReasonDetails};

/// A reason with a sentence and no figures.
pub fn plain(code: ReasonCode, message: impl Into<String>) -> Reason {
    Reason { code, message: message.into(), details: ReasonDetails::default() }
}

/// Stopped by a person.
pub fn user() -> Reason {
    plain(ReasonCode::User, "Stopped by hand.")
}

/// Stopped because the server was told to stop its sessions.
pub fn shutdown() -> Reason {
    plain(ReasonCode::Shutdown, "Stopped with the server.")
}

/// The code of a limit: its own, or `model_limit` where the model brought it.
fn limit_code(own: ReasonCode, limit: Option<Limit>) -> ReasonCode {
    match limit {
        Some(Limit { source: LimitSource::Model, .. }) => ReasonCode::ModelLimit,
        Some(_) | None => own,
    }
}

fn limited(own: ReasonCode, limit: Option<Limit>, sentence: String) -> Reason {
    let code = limit_code(own, limit);
    let message = match code {
        ReasonCode::ModelLimit => format!("{sentence} (a limit of the model)."),
        _ => format!("{sentence}."),
    };
    Reason { code, message, details: ReasonDetails { limit, ..ReasonDetails::default() } }
}

fn count(limit: Limit) -> u64 {
    match limit.value {
        LimitValue::Count(count) => count,
        LimitValue::At(_) => 0,
    }
}

/// The time is up.
pub fn time_limit(limit: Option<Limit>) -> Reason {
    let sentence = match limit.map(|limit| limit.value) {
        Some(LimitValue::Count(seconds)) => {
            format!("The time limit of {} was reached", duration(seconds))
        }
        Some(LimitValue::At(at)) => format!("The stop time {at:.0} was reached"),
        None => "The time limit was reached".to_owned(),
    };
    limited(ReasonCode::TimeLimit, limit, sentence)
}

/// Nobody used it for too long.
pub fn idle_limit(limit: Limit) -> Reason {
    let sentence = format!("No request came for {}", duration(count(limit)));
    limited(ReasonCode::IdleLimit, Some(limit), sentence)
}

/// The last allowed interaction is done.
pub fn interaction_limit(limit: Limit) -> Reason {
    let sentence = format!("The limit of {} interactions was reached", count(limit));
    limited(ReasonCode::InteractionLimit, Some(limit), sentence)
}

/// The token budget is spent.
pub fn token_limit(limit: Limit) -> Reason {
    let sentence = format!("The budget of {} tokens was spent", count(limit));
    limited(ReasonCode::TokenLimit, Some(limit), sentence)
}

/// A phase of the start took too long.
pub fn start_timeout(phase: Phase, allowed: SignedDuration) -> Reason {
    let seconds = u64::try_from(allowed.as_secs()).unwrap_or(0);
    let (what, hint) = match phase {
        Phase::Queued => {
            ("The session waited", "Stop another session, or open it again when the machine has memory free.")
        }
        Phase::Preparing => ("Preparing the session took", "Look at the server's log, then open a new session."),
        Phase::Loading => (
            "Loading the model took",
            "Open a smaller or more quantized model, or raise the operator's `start.loading_seconds`.",
        ),
        Phase::Probing | Phase::Running | Phase::Draining | Phase::Ended => {
            ("The model's first answer took", "Open a smaller model, or raise the operator's `start.probing_seconds`.")
        }
    };
    Reason {
        code: ReasonCode::StartTimeout,
        message: format!("{what} longer than the {} allowed.", duration(seconds)),
        details: ReasonDetails {
            deadline_seconds: Some(seconds),
            hints: vec![hint.to_owned()],
            ..ReasonDetails::default()
        },
    }
}

/// Something would not die after the session was told to stop.
pub fn release_unconfirmed(original: &Reason, allowed: SignedDuration) -> Reason {
    let seconds = u64::try_from(allowed.as_secs()).unwrap_or(0);
    Reason {
        code: ReasonCode::ReleaseUnconfirmed,
        message: format!(
            "The session was to end ({}), but a process of it was still alive {} after; its memory stays reserved until it is gone.",
            original.code.as_str(),
            duration(seconds)
        ),
        details: ReasonDetails {
            deadline_seconds: Some(seconds),
            hints: vec!["Viva goes on trying; `viva doctor` names what is left.".to_owned()],
            ..original.details.clone()
        },
    }
}

/// Seconds as people say them: `45 s`, `10 min`, `1 h 30 min`.
pub fn duration(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, 0) => format!("{h} h"),
        (h, m, 0) => format!("{h} h {m} min"),
        (h, m, s) => format!("{h} h {m} min {s} s"),
    }
}
