//! `viva doctor`: what this machine has for Viva, and what is weaker for lack of it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::figures::bytes;
use crate::{
    cli::{DoctorArgs, Shared},
    client::{Client, locate},
    failure::Failure,
    output::{Output, Paint},
};

/// Free bytes below which the disk or the memory is worth a warning.
const LITTLE_BYTES: u64 = 1 << 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    /// Works, with less than it could have.
    Weaker,
    /// Does not work.
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    message: String,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self { check, verdict, message: message.into() }
    }
}

pub(super) async fn run(args: &DoctorArgs, shared: &Shared, output: &Output) -> anyhow::Result<()> {
    let data = shared.data_folder()?;
    let version = Finding::new("version", Verdict::Good, concat!("viva ", env!("CARGO_PKG_VERSION")));
    let mut findings = vec![version, data_folder(&data), disk(&data), memory()];
    findings.extend(sandbox());
    findings.push(server(args, shared).await);
    if output.is_json() {
        output.json(&serde_json::to_string(&findings)?);
    } else {
        findings.iter().for_each(|finding| tell(output, finding));
    }
    match findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count() {
        0 => Ok(()),
        1 => Err(Failure::new("1 check failed").into()),
        failed => Err(Failure::new(format!("{failed} checks failed")).into()),
    }
}

fn tell(output: &Output, finding: &Finding) {
    let (sign, paint) = match finding.verdict {
        Verdict::Good => ("✓", Paint::Green),
        Verdict::Weaker => ("!", Paint::Yellow),
        Verdict::Bad => ("✗", Paint::Red),
    };
    output.line(&format!("{} {:<12} {}", output.style().paint(paint, sign), finding.check, finding.message));
}

fn data_folder(data: &Path) -> Finding {
    let shown = data.display();
    let (verdict, message) = match fs::metadata(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (Verdict::Good, format!("{shown} will be made by `viva serve`"))
        }
        Err(error) => (Verdict::Bad, format!("{shown} cannot be read: {error}")),
        Ok(folder) if !folder.is_dir() => (Verdict::Bad, format!("{shown} is no folder")),
        Ok(folder) if folder.permissions().mode() & 0o077 != 0 => {
            (Verdict::Weaker, format!("others on this machine can look into {shown}; close it: `chmod 700 {shown}`"))
        }
        Ok(_) if rustix::fs::access(data, rustix::fs::Access::WRITE_OK).is_err() => {
            (Verdict::Bad, format!("{shown} cannot be written"))
        }
        Ok(_) => (Verdict::Good, shown.to_string()),
    };
    Finding::new("data folder", verdict, message)
}

fn disk(data: &Path) -> Finding {
    let existing: Option<PathBuf> = data.ancestors().find(|path| path.exists()).map(Path::to_owned);
    let free = existing.and_then(|path| rustix::fs::statvfs(&path).ok()).map(|disk| disk.f_bavail * disk.f_frsize);
    match free {
        Some(free) if free < LITTLE_BYTES => {
            Finding::new("disk", Verdict::Weaker, format!("{} are free: little for models and results", bytes(free)))
        }
        Some(free) => Finding::new("disk", Verdict::Good, format!("{} are free", bytes(free))),
        None => Finding::new("disk", Verdict::Weaker, "the free space cannot be told"),
    }
}

fn memory() -> Finding {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<u64>().ok());
    match (kib("MemAvailable:"), kib("MemTotal:")) {
        (Some(free), Some(total)) => {
            let total = limit.map_or(total << 10, |limit| limit.min(total << 10));
            let free = (free << 10).min(total);
            let verdict = if free < LITTLE_BYTES { Verdict::Weaker } else { Verdict::Good };
            Finding::new("memory", verdict, format!("{} of {} are free", bytes(free), bytes(total)))
        }
        _ => Finding::new("memory", Verdict::Weaker, "the free memory cannot be told: /proc is not there"),
    }
}

/// What engines are held by.
fn sandbox() -> [Finding; 3] {
    let available = shim::available_confinement();
    let mut shortcomings = shim::shortcomings();
    let mut finding = |part: &'static str, whole: String| match shortcomings
        .iter()
        .position(|found| found.part == part)
        .map(|place| shortcomings.swap_remove(place))
    {
        Some(found) => Finding::new(part, Verdict::Weaker, found.message),
        None => Finding::new(part, Verdict::Good, whole),
    };
    [
        finding("landlock", format!("ABI {}", available.landlock_abi.unwrap_or(0))),
        finding("seccomp", "filters are available".to_owned()),
        Finding::new("cgroup", Verdict::Good, cgroup(available.cgroup)),
    ]
}

fn cgroup(is_delegated: bool) -> &'static str {
    if is_delegated {
        "delegated: the kernel bounds the memory and the threads of each engine"
    } else {
        "not delegated here: the shims bound the memory of engines; the kernel does for a server in Viva's service unit"
    }
}

/// Whether a server answers; if none does, whether one could listen.
async fn server(args: &DoctorArgs, shared: &Shared) -> Finding {
    let located = locate(shared);
    if let Ok(location) = &located {
        let url = location.url.clone();
        let client = match Client::new(location.clone()) {
            Ok(client) => client,
            Err(error) => return Finding::new("server", Verdict::Bad, crate::failure::sentence(&error)),
        };
        match client.get("/api/v1/sessions", &[("limit", "1".into())]).await {
            Ok(_) => return Finding::new("server", Verdict::Good, format!("answers at {url}")),
            Err(error) if is_refusal(&error) => {
                let why = crate::failure::sentence(&error);
                return Finding::new("server", Verdict::Bad, format!("{url} answers, and refuses: {why}"));
            }
            Err(_) => {}
        }
    }
    match TcpListener::bind(args.listen) {
        Ok(_) => Finding::new("server", Verdict::Good, format!("none is running; {} is free", args.listen)),
        Err(error) => Finding::new(
            "server",
            Verdict::Bad,
            format!("none of this data folder is running, and {} cannot be listened on: {error}", args.listen),
        ),
    }
}

fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<crate::client::ApiError>().is_some_and(|error| !error.is_unreachable())
}
