//! Why a runtime ended: from what its shim recorded to a reason that a person understands.

use domain::{Session, limits, reason};
use launcher::{LaunchError, Observation};
use protocol::{
    engine::{EXIT_LINE_KEY, EngineExitCode},
    session::{LimitKind, Reason, ReasonCode, ReasonDetails},
    shim::{ExitCause, ExitRecord},
};

use super::{machine, start::FOLDER_BYTES};

/// The reason of a runtime that ended without having been asked to.
pub(crate) fn reason_of(session: &Session, record: &ExitRecord) -> Reason {
    match record.cause {
        ExitCause::Deadline => {
            let limit = session.state.running_at().and_then(|at| limits::time_deadline(&session.limits, at));
            reason::time_limit(limit.map(|(_, limit)| limit))
        }
        ExitCause::Idle => match limits::smallest(&session.limits, LimitKind::IdleSeconds) {
            Some((_, limit)) => reason::idle_limit(limit),
            None => reason::plain(ReasonCode::IdleLimit, "No request came for too long."),
        },
        ExitCause::StopRequested => told(
            record,
            ReasonCode::RuntimeLost,
            "The session's processes were told to stop from outside Viva.".to_owned(),
            &["Look at who ends processes on this machine.", "Open a new session like this one."],
        ),
        ExitCause::Memory => told(
            record,
            ReasonCode::OutOfMemory,
            format!(
                "The model used more memory than the session is allowed ({} of {}).",
                bytes(record.peak_memory_bytes),
                bytes(record.memory_bound_bytes.unwrap_or(0))
            ),
            &["Open it with a smaller context or less parallel.", "Open a smaller or more quantized model."],
        ),
        ExitCause::Disk => told(
            record,
            ReasonCode::StorageFull,
            format!("The model's runtime wrote more than {} into the session's folder.", bytes(FOLDER_BYTES)),
            &["Viva's own engine writes nothing there: be wary of this model's file."],
        ),
        ExitCause::MachineMemory => told(
            record,
            ReasonCode::OutOfMemory,
            format!("The machine ran out of memory; the model held {}.", bytes(record.peak_memory_bytes)),
            &["Stop another session first.", "Open a smaller or more quantized model."],
        ),
        ExitCause::LaunchFailed => told(
            record,
            ReasonCode::LaunchFailed,
            format!("The runtime could not be started: {}.", record.detail.as_deref().unwrap_or("no cause is known")),
            &["Run `viva doctor`."],
        ),
        ExitCause::Exited => exited(session, record),
    }
}

fn exited(session: &Session, record: &ExitRecord) -> Reason {
    let told_code = record.engine_exit.as_ref().and_then(|exit| serde_json::from_value(exit.code.clone().into()).ok());
    let code = told_code.or_else(|| record.exit_code.and_then(EngineExitCode::find_by_process_code));
    let said = record.engine_exit.as_ref().map(|exit| exit.message.trim_end_matches('.').to_owned());
    let said = |otherwise: &str| format!("{}.", capitalised(said.as_deref().unwrap_or(otherwise)));
    match code {
        Some(EngineExitCode::ModelMissing) => told(
            record,
            ReasonCode::ModelMissing,
            said("The model's file is missing"),
            &["Add the model again: `viva model add FILE`."],
        ),
        Some(EngineExitCode::ModelInvalid) => told(
            record,
            ReasonCode::ModelInvalid,
            said("The model's file is damaged"),
            &["Export or download the model again, then `viva model add FILE`."],
        ),
        Some(EngineExitCode::ModelUnsupported) => told(
            record,
            ReasonCode::ModelUnsupported,
            said("The engine does not know this kind of model"),
            &["Use a model of an architecture that llama.cpp knows."],
        ),
        Some(EngineExitCode::OutOfMemory) => {
            let free = machine::memory().ok().map(|memory| memory.available);
            let mut reason = told(
                record,
                ReasonCode::OutOfMemory,
                said("The model does not fit into memory"),
                &["Open it with a smaller context.", "Stop another session first."],
            );
            reason.details.memory_needed_bytes = Some(session.memory_needed);
            reason.details.memory_free_bytes = free;
            reason
        }
        Some(EngineExitCode::LaunchFailed) => {
            told(record, ReasonCode::LaunchFailed, said("The runtime could not start"), &["Run `viva doctor`."])
        }
        Some(EngineExitCode::EngineFailed) | None => crashed(record),
    }
}

/// The engine words its reasons to follow a colon; here they are sentences.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn crashed(record: &ExitRecord) -> Reason {
    let how = match (record.signal, record.exit_code) {
        (Some(signal), _) => format!("was ended by signal {signal}{}", signal_name(signal)),
        (None, Some(code)) => format!("ended by itself with exit code {code}"),
        (None, None) => "ended by itself".to_owned(),
    };
    told(
        record,
        ReasonCode::RuntimeCrashed,
        format!("The model's runtime {how}."),
        &["Read the last lines of its log.", "Open a new session like this one."],
    )
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 => " (bus error)",
        8 => " (arithmetic error)",
        9 => " (kill)",
        11 => " (segmentation fault)",
        15 => " (terminate)",
        _ => "",
    }
}

/// A reason with what the record holds.
fn told(record: &ExitRecord, code: ReasonCode, message: String, hints: &[&str]) -> Reason {
    Reason {
        code,
        message,
        details: ReasonDetails {
            exit_code: record.exit_code,
            signal: record.signal,
            memory_peak_bytes: Some(record.peak_memory_bytes),
            memory_bound_bytes: record.memory_bound_bytes,
            log_tail: record.log_tail.iter().filter(|line| !line.contains(EXIT_LINE_KEY)).cloned().collect(),
            hints: hints.iter().map(|hint| (*hint).to_owned()).collect(),
            ..ReasonDetails::default()
        },
    }
}

/// The reason of a shim that is gone without a record.
pub(crate) fn vanished() -> Reason {
    Reason {
        details: ReasonDetails {
            hints: vec!["Open a new session like this one; the results so far are kept.".to_owned()],
            ..ReasonDetails::default()
        },
        ..reason::plain(
            ReasonCode::RuntimeLost,
            "The session's processes are gone without a word: they were killed, or the machine was restarted.",
        )
    }
}

/// The reason in what was seen of a runtime that should be alive; `None` while it is.
pub(crate) fn reason_seen(session: &Session, observation: &Observation) -> Option<Reason> {
    match observation {
        Observation::Alive(_) | Observation::Unresponsive { .. } => None,
        Observation::Exited(record) => Some(reason_of(session, record)),
        Observation::Absent | Observation::Vanished => Some(vanished()),
    }
}

/// The reason of a launch that failed.
pub(crate) fn launch_reason(session: &Session, error: &LaunchError) -> Reason {
    match error {
        LaunchError::Ended(record) => reason_of(session, record),
        LaunchError::Vanished => vanished(),
        LaunchError::Write { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => reason::plain(
            ReasonCode::StorageFull,
            "The disk is full: the session's folder could not be written. Free some space and open it again.",
        ),
        error => {
            let mut message = format!("The session's processes could not be started: {error}");
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                message.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            let mut reason = reason::plain(ReasonCode::LaunchFailed, format!("{message}."));
            reason.details.hints = vec!["Run `viva doctor`.".to_owned()];
            reason
        }
    }
}

/// Bytes as people read them: `5.2 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
