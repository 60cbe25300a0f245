//! A data folder, a launcher on it, and the scripted runtimes.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use launcher::{Launcher, LocalLauncher, LocalLauncherConfig, Observation};
use libtest_mimic::Trial;
use protocol::{
    SessionId,
    shim::{ExitRecord, LaunchSpec, Sandbox, SessionFolder, ShimStatus},
};

/// No condition takes this long on a machine that works, however busy.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Fixture {
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) data: PathBuf,
    pub(crate) session: SessionId,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new(below: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().canonicalize().expect("a folder").join(below);
        fs::create_dir_all(&data).expect("a data folder");
        let launcher = local(&data);
        Self { launcher: Arc::new(launcher), data, session: SessionId::generate(), _folder: folder }
    }

    pub(crate) fn folder(&self) -> SessionFolder {
        SessionFolder::new(&self.data, self.session)
    }

    /// A runtime that is a shell script; `$0` is this program, `$@` the session's names.
    pub(crate) fn script(&self, script: &str) -> LaunchSpec {
        let this = std::env::current_exe().expect("this program");
        let data = self.data.to_str().expect("a text").to_owned();
        let args = ["-c", script, this.to_str().expect("a text"), "--data", &data, "--session"];
        let mut args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        args.push(self.session.to_string());
        LaunchSpec {
            session: self.session,
            generation: 1,
            program: "/bin/sh".into(),
            args,
            environment: BTreeMap::new(),
            log_bound_bytes: 64 * 1024,
            memory_bound_bytes: None,
            hard_stop_ms: 600_000,
            stop_grace_ms: 10_000,
            folder_bound_bytes: None,
            sandbox: Sandbox::Open,
        }
    }

    /// Sleeps until told to end.
    pub(crate) fn sleeper(&self) -> LaunchSpec {
        self.script("exec sleep 1000")
    }

    /// Echoes on its socket.
    pub(crate) fn server(&self) -> LaunchSpec {
        self.script(r#"exec "$0" runtime serve "$@" <&3"#)
    }

    /// Ignores SIGTERM, and so does a grandchild in a session of its own, which hides all names.
    pub(crate) fn stubborn(&self) -> LaunchSpec {
        self.script(
            "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > grandchild.new; mv grandchild.new grandchild; \
             while :; do sleep 1000; done' & while :; do sleep 1000; done",
        )
    }

    pub(crate) async fn launch(&self, spec: &LaunchSpec) -> ShimStatus {
        self.launcher.launch(spec).await.expect("a start");
        self.alive(spec.generation).await
    }

    pub(crate) async fn alive(&self, generation: u32) -> ShimStatus {
        match self.launcher.observe(self.session, generation).await.expect("an observation") {
            Observation::Alive(status) => *status,
            other => panic!("expected it alive, saw {other:?}"),
        }
    }

    /// Waits for the end and for the release, and gives the record.
    pub(crate) async fn exit(&self, generation: u32) -> ExitRecord {
        let ended = tokio::time::timeout(PATIENCE, self.launcher.wait_exit(self.session, generation));
        ended.await.expect("an end in time").expect("a process to watch");
        let record = match self.launcher.observe(self.session, generation).await.expect("an observation") {
            Observation::Exited(record) => *record,
            other => panic!("expected a record, saw {other:?}"),
        };
        let released = self.launcher.released(self.session).await.expect("a look");
        assert!(released.is_complete(), "left: {released:?}");
        record
    }

    /// What a runtime wrote into its working folder, once it has.
    pub(crate) async fn written(&self, name: &str) -> String {
        let path = self.folder().tmp().join(name);
        until("the runtime wrote its file", async || fs::read_to_string(&path).ok()).await
    }
}

pub(crate) fn local(data: &Path) -> LocalLauncher {
    let program = std::env::current_exe().expect("this program");
    LocalLauncher::new(LocalLauncherConfig::new(data.to_owned(), program)).expect("a data folder")
}

/// Waits for a condition, which gives what was waited for.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up_at = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < give_up_at, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process of this pid runs; a zombie does not.
pub(crate) fn runs(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status"))
        .is_ok_and(|status| !status.contains("State:\tZ") && !status.contains("State:\tX"))
}

/// A test in a data folder of its own; whatever it leaves running is ended.
pub(crate) fn trial<F>(name: &'static str, case: F) -> Trial
where
    F: AsyncFnOnce(&Fixture) + Send + 'static,
{
    trial_below(name, "data", case)
}

/// The same, in a data folder of this name.
pub(crate) fn trial_below<F>(name: &'static str, below: &'static str, case: F) -> Trial
where
    F: AsyncFnOnce(&Fixture) + Send + 'static,
{
    Trial::test(name, move || {
        let fixture = Fixture::new(below);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(case(&fixture))));
        runtime.block_on(async {
            for found in fixture.launcher.sweep().await.expect("a sweep") {
                fixture.launcher.kill(found.session).await.expect("an end by force");
            }
        });
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
        Ok(())
    })
}
