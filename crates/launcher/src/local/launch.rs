//! Starting a shim: the spec on disk, a process that detaches itself, its report.

use std::{process::Stdio, time::Duration};

use protocol::shim::{EXIT_HELD, LaunchSpec, SessionFolder};
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

use super::{LocalLauncherConfig, blocking, observe::observe, process::Process, records};
use crate::{LaunchError, Observation};

const RETRY: Duration = Duration::from_millis(10);

pub(super) async fn launch(config: &LocalLauncherConfig, spec: &LaunchSpec) -> Result<(), LaunchError> {
    if let Some(known) = known(observe(config, spec.session, spec.generation).await?) {
        return known;
    }
    let folder = SessionFolder::new(&config.data, spec.session);
    let to_write = spec.clone();
    blocking(move || prepare(&folder, &to_write)).await?;
    let started = start_shim(config, spec).await?;
    if started.status == Some(0) {
        return Ok(());
    }
    let give_up_at = Instant::now() + config.start_timeout;
    loop {
        let held = started.status == Some(i32::from(EXIT_HELD));
        match observe(config, spec.session, spec.generation).await? {
            // Another start of this generation is under way, or another generation ends.
            Observation::Absent | Observation::Unresponsive { .. } if held => {
                refuse_other_generation(config, spec).await?;
            }
            Observation::Absent => return Err(LaunchError::Shim { message: started.message }),
            seen => return known(seen).unwrap_or(Ok(())),
        }
        if Instant::now() >= give_up_at {
            return Err(LaunchError::Unconfirmed(config.start_timeout));
        }
        sleep(RETRY).await;
    }
}

/// What there is no need, or no way, to start again.
fn known(observation: Observation) -> Option<Result<(), LaunchError>> {
    match observation {
        Observation::Absent => None,
        Observation::Alive(_) => Some(Ok(())),
        Observation::Unresponsive { .. } => Some(Err(LaunchError::Unresponsive)),
        Observation::Exited(record) => Some(Err(LaunchError::Ended(record))),
        Observation::Vanished => Some(Err(LaunchError::Vanished)),
    }
}

fn prepare(folder: &SessionFolder, spec: &LaunchSpec) -> Result<(), LaunchError> {
    records::ensure_folders(folder)?;
    if let Some(latest) = records::find_spec(folder)?.map(|before| before.generation)
        && latest > spec.generation
    {
        return Err(LaunchError::Superseded { latest });
    }
    if let Some(alive) = living_other(folder, spec.generation)? {
        return Err(LaunchError::OtherGeneration { alive });
    }
    records::write_spec(folder, spec)
}

fn living_other(folder: &SessionFolder, generation: u32) -> Result<Option<u32>, LaunchError> {
    let other = records::find_records(folder)?.shim.filter(|shim| shim.generation != generation);
    let Some(other) = other else { return Ok(None) };
    Ok(Process::open(&other.shim)?.map(|_| other.generation))
}

async fn refuse_other_generation(config: &LocalLauncherConfig, spec: &LaunchSpec) -> Result<(), LaunchError> {
    let folder = SessionFolder::new(&config.data, spec.session);
    let generation = spec.generation;
    match blocking(move || living_other(&folder, generation)).await? {
        Some(alive) => Err(LaunchError::OtherGeneration { alive }),
        None => Ok(()),
    }
}

/// How the starting process ended; the shim itself is detached by then.
struct Started {
    status: Option<i32>,
    message: String,
}

async fn start_shim(config: &LocalLauncherConfig, spec: &LaunchSpec) -> Result<Started, LaunchError> {
    let mut command = Command::new(&config.shim_program);
    command
        .args(&config.shim_args)
        .arg("--data")
        .arg(&config.data)
        .args(["--session", &spec.session.to_string(), "--generation", &spec.generation.to_string()])
        // Nothing of ours is the shim's business: not the owner's token, not the terminal, not its Ctrl-C.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    let spawn = |source| LaunchError::Spawn { program: config.shim_program.clone(), source };
    let child = command.spawn().map_err(spawn)?;
    match timeout(config.start_timeout, child.wait_with_output()).await {
        Ok(output) => {
            let output = output.map_err(spawn)?;
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Ok(Started { status: output.status.code(), message })
        }
        Err(_) => Err(LaunchError::Unconfirmed(config.start_timeout)),
    }
}
