//! The judge's part of scoring: another running session, or an endpoint that the operator has listed, is asked for a
//! verdict. Asked of a session, question and verdict are a completion of that session.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::Session;
use protocol::{
    FieldError, SessionId, UserId,
    scoring::{Judge, JudgeEndpoint, JudgeModel, Metric, RowScore, Scoring, Unscored},
};
use scoring::judge;
use serde_json::{Value, json};
use store::StorageError;

use super::{attempt::ask, work::Work};
use crate::{
    api::problem::ApiError,
    app::App,
    config::JudgeConfig,
    gateway::start::{Source, find_open},
};

/// How long an endpoint may take for a verdict.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sees to it that the judges of a task can be asked now.
///
/// # Errors
/// The scoring whose judge is not running, not the owner's, or not listed.
pub(super) async fn check(app: &App, owner: UserId, scoring: &[Scoring]) -> Result<(), ApiError> {
    for (place, scoring) in scoring.iter().enumerate() {
        let Metric::Judge(judge) = &scoring.metric else { continue };
        let refused = |message: String| {
            ApiError::field(FieldError::new(format!("scoring[{place}].metric.model"), "judge", message))
        };
        match &judge.model {
            JudgeModel::Session(id) => {
                let found = app.store.find_session_of(owner, *id).await?;
                let session =
                    found.ok_or_else(|| refused(format!("none of your sessions is {id}; name a running one")))?;
                require_running(&session).map_err(refused)?;
            }
            JudgeModel::Endpoint(endpoint) => {
                listed(app, endpoint).ok_or_else(|| {
                    let listed: Vec<&str> =
                        app.config.tasks.judges.iter().map(|judge| judge.base_url.as_str()).collect();
                    let listed = if listed.is_empty() { "none is".to_owned() } else { listed.join(", ") };
                    let url = &endpoint.base_url;
                    refused(format!(
                        "{url} is not among the judges that this server may ask (`tasks.judges`: {listed})"
                    ))
                })?;
            }
        }
    }
    Ok(())
}

fn require_running(session: &Session) -> Result<(), String> {
    match session.state.status() {
        protocol::session::Status::Running => Ok(()),
        other => Err(format!("the judge {} is {}; name a running session", session.id, other.as_str())),
    }
}

fn listed<'a>(app: &'a App, endpoint: &JudgeEndpoint) -> Option<&'a JudgeConfig> {
    let same = |url: &str| url.trim_end_matches('/') == endpoint.base_url.trim_end_matches('/');
    app.config.tasks.judges.iter().find(|judge| same(&judge.base_url))
}

/// The scores with the judges' verdicts in place.
///
/// # Errors
/// [`StorageError`]; a judge that does not answer is a row without that score.
pub(super) async fn judged(
    app: &Arc<App>,
    work: &Work,
    row: &dataset::Row,
    answer: &str,
    mut scores: BTreeMap<String, RowScore>,
) -> Result<BTreeMap<String, RowScore>, StorageError> {
    for scorer in &work.scorers {
        let Some(judge) = scorer.judge() else { continue };
        let (question, reference) = work.asked(scorer, row);
        let shown = scoring::Row { answer, reference: reference.as_deref(), question: question.as_deref() };
        let body = json!({
            "messages": judge::messages(judge, &shown),
            "response_format": judge::response_format(judge),
            "temperature": 0,
            "max_tokens": judge::VERDICT_TOKENS,
        });
        let verdict = match &judge.model {
            JudgeModel::Session(id) => ask_session(app, *id, body).await,
            JudgeModel::Endpoint(endpoint) => ask_endpoint(app, endpoint, body).await,
        };
        scores.insert(scorer.name().to_owned(), read(judge, verdict));
    }
    Ok(scores)
}

fn read(judge: &Judge, verdict: Result<String, String>) -> RowScore {
    match verdict {
        Ok(text) => judge::verdict(judge, &text),
        Err(why) => {
            RowScore::Unscored { reason: Unscored::JudgeUnavailable, detail: Some(why.chars().take(200).collect()) }
        }
    }
}

async fn ask_session(app: &Arc<App>, id: SessionId, body: Value) -> Result<String, String> {
    let live = find_open(app, id).await.map_err(|error| error.message)?;
    let ended = ask(app, &live, dataset::Endpoint::Chat, body, Source::judge()).await.map_err(|error| error.message)?;
    match &ended.record.error {
        Some(error) => Err(error.message.clone()),
        None => Ok(ended.record.choices.first().map(|choice| choice.text.clone()).unwrap_or_default()),
    }
}

async fn ask_endpoint(app: &App, endpoint: &JudgeEndpoint, mut body: Value) -> Result<String, String> {
    let listed = listed(app, endpoint).ok_or("the judge is not listed in `tasks.judges` any more")?;
    body["model"] = Value::from(endpoint.model.clone());
    // A second call finds it installed, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
    let url = format!("{}/chat/completions", endpoint.base_url.trim_end_matches('/'));
    let mut request = client.post(url).json(&body);
    if let Some(key) = &listed.api_key {
        request = request.bearer_auth(key);
    }
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("the judge answered with status {status}"));
    }
    let answer: Value = response.json().await.map_err(|error| error.without_url().to_string())?;
    let text = answer["choices"][0]["message"]["content"].as_str();
    text.map(str::to_owned).ok_or_else(|| "the judge's answer has no text".to_owned())
}
