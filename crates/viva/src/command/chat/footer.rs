//! The figures under an answer.

use jiff::Timestamp;
use protocol::{
    completion::{Completion, FinishReason},
    session::{LimitKind, LimitValue, Session},
};

use crate::{
    command::figures::{count, milliseconds},
    moment::{humane, seconds_until},
};

/// Remaining seconds, and remaining parts of a limit, that count as near.
const NEAR_SECONDS: u64 = 600;
const NEAR_PART: u64 = 5;

/// Tokens, speed, time to the first token, context used; how it ended, where that is not by itself; and what is left
/// of limits that are near.
pub(super) fn line(completion: &Completion, session: &Session, now: Timestamp) -> String {
    let (usage, timing) = (completion.usage, completion.timing);
    let used = usage.prompt_tokens + usage.completion_tokens;
    let mut parts = vec![format!("{} tokens", usage.completion_tokens)];
    parts.extend(timing.tokens_per_second.map(|speed| format!("{speed:.1} tokens/s")));
    parts.extend(timing.first_token_ms.map(|ms| format!("first after {}", milliseconds(ms))));
    parts.push(format!("context {used} of {}", session.engine.context_length));
    parts.extend(match completion.finish_reason {
        Some(FinishReason::Length) => Some("cut at its length".to_owned()),
        Some(FinishReason::Cancelled) => Some("stopped".to_owned()),
        Some(FinishReason::SessionStopped) => Some("cut: the session stopped".to_owned()),
        Some(FinishReason::Stop | FinishReason::Error) | None => None,
    });
    parts.extend(stops(session, now).filter(|_| is_near(session, now)));
    parts.extend(near_limits(session));
    parts.join(" · ")
}

/// When the session stops, where that is known.
pub(super) fn stops(session: &Session, now: Timestamp) -> Option<String> {
    session.stops_at.map(|at| format!("the session stops in {}", humane(seconds_until(at, now))))
}

fn is_near(session: &Session, now: Timestamp) -> bool {
    session.stops_at.is_some_and(|at| seconds_until(at, now) <= NEAR_SECONDS)
}

/// The counted limits of which at most a fifth is left.
fn near_limits(session: &Session) -> Vec<String> {
    let near = session.limits.iter().filter_map(|limit| {
        let LimitValue::Count(most) = limit.value else { return None };
        let (used, word) = match limit.kind {
            LimitKind::MaxInteractions => (session.usage.interactions, "interactions"),
            LimitKind::MaxTokens => (session.usage.tokens(), "tokens"),
            LimitKind::AfterSeconds | LimitKind::At | LimitKind::IdleSeconds => return None,
        };
        let left = most.saturating_sub(used);
        (left <= most / NEAR_PART).then(|| format!("{} of {} {word} left", count(left), count(most)))
    });
    near.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{chat::conversation::tests::completion, session::sample};

    #[test]
    fn limits_are_told_when_they_are_near() {
        let (completion, mut session) = (completion("x"), sample::sessions().remove(0));
        assert_eq!(
            line(&completion, &session, sample::now()),
            "20 tokens · 378.2 tokens/s · first after 42 ms · context 120 of 2048"
        );
        session.stops_at = Some("2030-01-01T12:04:00Z".parse().unwrap());
        session
            .limits
            .push(serde_json::from_str(r#"{"kind": "max_interactions", "value": 13, "source": "session"}"#).unwrap());
        let text = line(&completion, &session, sample::now());
        assert!(text.ends_with("the session stops in 4m · 1 of 13 interactions left"), "{text}");
    }
}
