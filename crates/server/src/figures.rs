//! The server's metrics: installed once per process, each described where it is named.

use std::sync::OnceLock;

use metrics::{describe_counter, describe_gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Requests answered, by class of status.
pub(crate) const HTTP_REQUESTS: &str = "viva_http_requests_total";
/// Transitions of sessions, by the phase that they led to.
pub(crate) const TRANSITIONS: &str = "viva_session_transitions_total";
/// Sessions that are Running or draining.
pub(crate) const LIVE_SESSIONS: &str = "viva_live_sessions";
/// Completion requests in flight.
pub(crate) const IN_FLIGHT: &str = "viva_requests_in_flight";
/// Memory that the machine has available, in bytes.
pub(crate) const MEMORY_AVAILABLE: &str = "viva_machine_memory_available_bytes";

/// The process's recorder.
pub(crate) fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Another recorder may be installed by a program that embeds the server; then its figures go there.
        let _ = metrics::set_global_recorder(recorder);
        describe_counter!(HTTP_REQUESTS, "Requests answered, by class of status.");
        describe_counter!(TRANSITIONS, "Transitions of sessions, by the phase that they led to.");
        describe_gauge!(LIVE_SESSIONS, "Sessions that are Running or draining.");
        describe_gauge!(IN_FLIGHT, "Completion requests in flight.");
        describe_gauge!(MEMORY_AVAILABLE, "Memory that the machine has available, in bytes.");
        handle
    });
    handle.clone()
}
