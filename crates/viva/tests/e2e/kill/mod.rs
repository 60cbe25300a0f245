//! Kill anywhere: the server dies at every effect of every flow in turn, as by `kill -9`, before the effect and after
//! it; it is started again, the flow is gone on with, and nothing may be lost, doubled, stuck or left behind.
//!
//! Each flow is run once with its passings of failpoints recorded, then once for each of them. What dies after an effect
//! and before anything has noted it does the effect a second time: so each is run twice, too.

mod check;
mod flows;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::Value;
use testkit::{Answer, PATIENCE, Viva};

use crate::VIVA;
pub(crate) use check::{check, check_database, list};

/// The how-manieth passing of a failpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    name: String,
    number: u64,
}

/// Effects that time brings and not the flow: their number is another each time.
const BY_TIME: [&str; 4] = ["Reading", "heartbeat", "has_beaten", "checkpoint"];

/// A server that can be told where to die.
struct Bench {
    viva: Viva,
    points: PathBuf,
    label: u32,
}

impl Bench {
    async fn new(config: &str) -> Self {
        let viva = Viva::start_with(VIVA, config).await;
        let points = viva.data.path().with_extension("points");
        fs::create_dir(&points).unwrap();
        Self { viva, points, label: 0 }
    }

    /// Counts passings from now on; at this one the server dies.
    fn arm(&mut self, death: Option<&Point>) {
        self.label += 1;
        let mut plan = format!("{}\n", self.label);
        if let Some(point) = death {
            plan.push_str(&format!("{}\n{}\n", point.name, point.number));
        }
        fs::write(self.points.join("plan.new"), plan).unwrap();
        fs::rename(self.points.join("plan.new"), self.points.join("plan")).unwrap();
    }

    fn disarm(&self) {
        fs::remove_file(self.points.join("plan")).unwrap();
    }

    /// What was passed since the last arming.
    fn passed(&self) -> Vec<Point> {
        let label = self.label.to_string();
        let text = fs::read_to_string(self.points.join("passed")).unwrap_or_default();
        let mut points = Vec::new();
        for line in text.lines() {
            let mut parts = line.splitn(3, '\t');
            let (Some(of), Some(number), Some(name)) = (parts.next(), parts.next(), parts.next()) else { continue };
            if of == label && !BY_TIME.iter().any(|by_time| name.contains(by_time)) {
                points.push(Point { name: name.to_owned(), number: number.parse().unwrap() });
            }
        }
        points
    }

    /// Whether the server ends within this time.
    async fn dies_within(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            if self.viva.has_ended() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.points);
    }
}

/// Something that users do, in steps that any of them may repeat.
trait Flow {
    /// Makes what the flow takes for granted.
    async fn prepare(&mut self, viva: &Viva);
    /// Does it, until the server is gone.
    async fn act(&mut self, viva: &Viva) -> Option<()>;
    /// Goes on with it to the same end, checks that, and clears up.
    async fn finish(&mut self, viva: &Viva);
}

/// How long after a flow's last answer the server may still do something of it.
const AFTERWARDS: Duration = Duration::from_millis(150);

#[expect(clippy::print_stdout, reason = "a test tells how far it came")]
async fn kill_at_every_effect(name: &str, bench: &mut Bench, flow: &mut impl Flow) {
    let since = Instant::now();
    flow.prepare(&bench.viva).await;
    // What the server and the session still do of their own start is not the flow's.
    tokio::time::sleep(Duration::from_millis(500)).await;
    bench.arm(None);
    flow.act(&bench.viva).await.expect("nobody kills it");
    tokio::time::sleep(AFTERWARDS).await;
    bench.disarm();
    let points = bench.passed();
    flow.finish(&bench.viva).await;
    check(&bench.viva).await;
    assert!(!points.is_empty(), "{name} has no effects");
    let mut missed = Vec::new();
    for point in &points {
        flow.prepare(&bench.viva).await;
        bench.arm(Some(point));
        let acted = flow.act(&bench.viva).await;
        let died = bench.dies_within(if acted.is_none() { PATIENCE } else { AFTERWARDS }).await;
        bench.disarm();
        if died {
            bench.viva.restart();
        } else {
            missed.push(point.clone());
        }
        flow.finish(&bench.viva).await;
        check(&bench.viva).await;
    }
    // Two writes that came together once may come one after the other, and the other way round.
    assert!(missed.len() * 10 <= points.len(), "{name}: not met again: {missed:?}");
    println!(
        "kill anywhere: {name}: {} effects, died at {}, {:.1} s",
        points.len(),
        points.len() - missed.len(),
        since.elapsed().as_secs_f64()
    );
}

/// Ends the server and looks at what it leaves.
async fn close(mut bench: Bench) {
    assert_eq!(bench.viva.terminate(), Some(0));
    check_database(bench.viva.data.path());
}

/// What `path` answers once it is as wanted; none where the server is gone.
async fn until(viva: &Viva, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = viva.attempt(Method::GET, path, None, None).await?.json();
        if is_wanted(&answer) {
            return Some(answer);
        }
        assert!(Instant::now() < deadline, "waited in vain, last seen: {answer:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}
