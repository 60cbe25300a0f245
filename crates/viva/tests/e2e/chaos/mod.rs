//! Chaos: faults at random under load, and after each of them nothing acknowledged is lost and nothing is left behind.
//!
//! A short run is an ordinary test; `make chaos` runs it for minutes. `CHAOS_SECONDS` or `CHAOS_MINUTES` is how long,
//! `CHAOS_SEED` repeats a run's choices. At the end it reports what was done, and what could not be done here.

mod fault;
mod load;

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use testkit::Viva;

use crate::{
    VIVA,
    kill::{check, check_database},
};
use fault::{Fault, Outcome};
use load::Load;

/// Choices that a seed repeats (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

fn length() -> Duration {
    let minutes = number("CHAOS_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    minutes.or_else(|| number("CHAOS_SECONDS").map(Duration::from_secs)).unwrap_or(Duration::from_secs(20))
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    number("CHAOS_SEED").unwrap_or((now % 1_000_000_007) as u64)
}

/// A small file system that the data folder lies on, so that it can be filled; gone with the value.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=192m", "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test]
async fn faults_at_random_under_load_lose_nothing_and_leave_nothing() {
    let (length, seed) = (length(), seed());
    println!("chaos: CHAOS_SEED={seed}, {} s", length.as_secs());
    let data = tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap();
    let folder = data.path().to_owned();
    let small = Small::mount(&folder);
    let config =
        "[server]\nshutdown_grace_seconds = 2\n[sessions]\nhang_seconds = 2\nactive_quota = 4\ngrace_seconds = 1\n";
    let mut viva = Viva::start_on(VIVA, config, data).await;
    let (mut random, mut load) = (Random(seed), Load::new());
    let faults = Fault::all(small.is_some(), length >= Duration::from_secs(120));
    let mut bag: Vec<Fault> = Vec::new();
    let (mut done, mut rounds) = (BTreeMap::<&str, u32>::new(), 0);
    let until = Instant::now() + length;
    while Instant::now() < until {
        rounds += 1;
        let session = replace_ended(&viva, &mut load).await;
        load.begin(&viva, &session);
        tokio::time::sleep(Duration::from_millis(200 + random.below(600) as u64)).await;
        // Each once, in any order, then again.
        if bag.is_empty() {
            bag.clone_from(&faults);
        }
        let fault = bag.swap_remove(random.below(bag.len()));
        let outcome = fault.strike(&mut viva, &mut random).await;
        println!("chaos: round {rounds}: {}", fault.name());
        if outcome == Outcome::Struck {
            *done.entry(fault.name()).or_default() += 1;
        }
        load.end().await;
        check(&viva).await;
        load.verify(&viva).await;
    }
    assert_eq!(viva.terminate(), Some(0));
    check_database(viva.data.path());
    println!("chaos: report: CHAOS_SEED={seed}, {rounds} rounds in {} s", length.as_secs());
    for (name, times) in &done {
        println!("chaos:   {times:4} {name}");
    }
    println!(
        "chaos:   {:4} clients that vanished; {} answers and {} files acknowledged, 0 lost, 0 doubled",
        load.vanished(),
        load.acknowledged(),
        load.files()
    );
    for (what, why) in fault::not_made(small.is_some()) {
        println!("chaos:   not made here: {what}: {why}");
    }
    assert!(rounds >= 2 && load.acknowledged() > 0);
    drop(viva);
    drop(small);
}

/// A running session; those that a fault has ended are read to the end, and deleted.
async fn replace_ended(viva: &Viva, load: &mut Load) -> String {
    let page = viva.get("/api/v1/sessions?limit=200").await.expect(200);
    let mut running = None;
    for session in page["items"].as_array().cloned().unwrap_or_default() {
        let id = session["id"].as_str().unwrap().to_owned();
        match session["status"].as_str() {
            Some("running") if session["stopping"] == false => running = Some(id),
            Some("stopped" | "failed") => {
                let code = session["reason"]["code"].as_str().unwrap_or_default();
                let known = ["runtime_crashed", "runtime_hung", "runtime_lost", "storage_full", "probe_failed", "user"];
                assert!(known.contains(&code), "a session ended as {code}: {session:#}");
                load.forget(&id);
                viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
            }
            _ => {}
        }
    }
    match running {
        Some(id) => id,
        None => viva.running_session(json!({})).await,
    }
}

/// What an answer says of itself.
fn text_of(answer: &Value) -> Option<(String, String)> {
    let text = answer["choices"][0]["message"]["content"].as_str()?.to_owned();
    Some((answer["id"].as_str()?.to_owned(), text))
}
