//! Whether many scheduled stops fire on time: running sessions whose runtimes are scripted, taken over by a server,
//! each with a stop time of its own. Lateness is from that time to the runtime being told to end, which is after the
//! stop was decided and is on disk.
//!
//! `stops_bench [--in FOLDER] [--sessions 10000] [--lead 30] [--over 60]`: the first stop is `lead` seconds after the
//! sessions began to be written, the last `over` seconds after the first. Prints one JSON line.

use std::{
    collections::HashMap,
    io::Write,
    time::{Duration, Instant},
};

use domain::{
    Session, State,
    admission::Quotas,
    limits::{self, Bounds},
    session::Stay,
};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use protocol::{
    ModelId, SessionId, UserId,
    model::ModelType,
    session::{EffectiveEngine, SessionModel, SessionStorage, SessionUsage, StopPolicy},
};
use serde_json::json;
use store::{Creation, Settings, Store};
use testkit::scripted::{Script, ScriptedLauncher};

use support::{Failure, Folder, Served, argument, party, quantile};

mod support;

/// The aim: no stop is later than this.
const AIM_MS: f64 = 250.0;
/// How long stragglers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Failure> {
    let count = argument("--sessions", 10_000u32)?;
    let (lead, over) = (argument("--lead", 30.0f64)?, argument("--over", 60.0f64)?);
    let folder = Folder::new()?;
    let load = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let first = Timestamp::now() + SignedDuration::from_secs_f64(lead);
    let due = |number: u32| first + SignedDuration::from_secs_f64(over * f64::from(number) / f64::from(count));
    let times: HashMap<SessionId, Timestamp> = (0..count).map(|number| (SessionId::generate(), due(number))).collect();
    load.block_on(write(&folder, &times))?;
    let written = Timestamp::now();
    let launcher = ScriptedLauncher::new(&Script::default(), party("runtimes")?);
    for id in times.keys() {
        launcher.adopt(*id, 1, Duration::from_secs(24 * 3600));
    }
    let server = Served::start(folder.path.clone(), launcher.clone())?;
    if Timestamp::now() >= first {
        return Err(format!("the set-up took longer than {lead} s; give a longer --lead").into());
    }
    let until = Instant::now() + Duration::try_from(due(count).duration_since(Timestamp::now()))? + PATIENCE;
    while launcher.stopped().len() < times.len() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
    }
    let stopped = launcher.stopped();
    let mut late: Vec<f64> = stopped
        .iter()
        .filter_map(|stop| Some(stop.at.duration_since(*times.get(&stop.session)?).as_secs_f64() * 1e3))
        .collect();
    let report = json!({
        "sessions": count,
        "over_seconds": over,
        "adopted": server.adopted,
        "written_before_first_stop_s": first.duration_since(written).as_secs_f64(),
        "start_ms": server.start.as_secs_f64() * 1e3,
        "stopped": late.len(),
        "early": late.iter().filter(|late| **late < 0.0).count(),
        "later_than_aim": late.iter().filter(|late| **late > AIM_MS).count(),
        "p50_ms": quantile(&mut late, 0.5),
        "p99_ms": quantile(&mut late, 0.99),
        "max_ms": quantile(&mut late, 1.0),
    });
    server.end()?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// Writes the sessions as an earlier server would have left them: Running.
async fn write(folder: &Folder, times: &HashMap<SessionId, Timestamp>) -> Result<(), Failure> {
    let store = Store::open(&folder.path, &Settings::default()).await?;
    let now = Timestamp::now();
    let owner = store.ensure_owner(now).await?.id;
    let model = ModelId::generate();
    let mut writes = stream::iter(times.iter().enumerate())
        .map(|(number, (id, at))| {
            let quotas = Quotas { sessions: u64::MAX, active: u64::MAX, ..Quotas::default() };
            let session = running(*id, owner, model, &format!("bench-{number}"), now, *at);
            store.create_session(Creation { session, actor: owner.to_string(), quotas, idempotency: None })
        })
        .buffer_unordered(256);
    while let Some(written) = writes.next().await {
        written?;
    }
    drop(writes);
    store.close().await?;
    Ok(())
}

fn running(id: SessionId, owner: UserId, model: ModelId, name: &str, now: Timestamp, at: Timestamp) -> Session {
    let stop = StopPolicy { at: Some(at), ..StopPolicy::default() };
    Session {
        id,
        owner,
        name: name.to_owned(),
        description: None,
        model: SessionModel { id: model, name: "scripted".to_owned(), version: "1".to_owned(), kind: ModelType::Llm },
        engine: EffectiveEngine { context_length: 256, parallel: 1 },
        stop,
        limits: limits::in_force(&stop, &StopPolicy::default(), &Bounds::default()),
        memory_needed: 1 << 20,
        state: State::Running(Stay { since: now, deadline: at }),
        generation: 1,
        revision: 0,
        change: 0,
        usage: SessionUsage::default(),
        last_active_at: Some(now),
        storage: SessionStorage::default(),
        created_at: now,
        deleting_at: None,
    }
}
