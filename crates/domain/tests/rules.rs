//! Limits, admission, memory, names, eligibility: the rules of the product, each as it is promised.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::HashMap;

use domain::{
    admission::{Held, Hold, Quotas, Waiting, Whose, admit, may_create},
    eligibility::{Candidate, failures},
    limits::{self, Bounds},
    memory::{self, Shape},
    naming, reason,
};
use jiff::Timestamp;
use proptest::prelude::*;
use protocol::{
    SessionId, UserId,
    model::{Criterion, LearningStage, ModelType},
    session::{
        EngineSettings, LimitKind, LimitSource, LimitValue, ReasonCode, SessionUsage, StopPolicy, StopPolicyChange,
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn faults(policy: StopPolicy) -> Vec<(String, String)> {
    let errors = limits::check(&policy, &Bounds::default(), at(0), None).err().unwrap_or_default();
    errors.into_iter().map(|error| (error.field, error.code)).collect()
}

#[test]
fn limits_out_of_their_bounds_are_named() {
    let year = 365 * 24 * 3600;
    let policy = StopPolicy { after_seconds: Some(0), max_tokens: Some(0), ..StopPolicy::default() };
    assert_eq!(
        faults(policy),
        [
            ("stop.after_seconds".to_owned(), "out_of_range".to_owned()),
            ("stop.max_tokens".to_owned(), "out_of_range".to_owned())
        ]
    );
    assert_eq!(faults(StopPolicy { after_seconds: Some(year), ..StopPolicy::default() }).len(), 1);
    assert_eq!(faults(StopPolicy { at: Some(at(-1)), ..StopPolicy::default() })[0].1, "in_the_past");
    assert_eq!(
        faults(StopPolicy { at: Some(at(i64::try_from(year).unwrap())), ..StopPolicy::default() })[0].1,
        "out_of_range"
    );
    let smallest = StopPolicy {
        after_seconds: Some(1),
        at: Some(at(1)),
        max_interactions: Some(1),
        idle_seconds: Some(1),
        max_tokens: Some(1),
    };
    assert_eq!(faults(smallest), []);
}

#[test]
fn there_is_always_a_time_limit_and_each_tells_its_source() {
    let limits = limits::in_force(&StopPolicy::default(), &StopPolicy::default(), &Bounds::default());
    let seen: Vec<_> = limits.iter().map(|limit| (limit.kind, limit.value, limit.source)).collect();
    assert_eq!(
        seen,
        [
            (LimitKind::AfterSeconds, LimitValue::Count(3600), LimitSource::Default),
            (LimitKind::AfterSeconds, LimitValue::Count(86_400), LimitSource::Operator)
        ]
    );
    assert_eq!(limits::time_deadline(&limits, at(0)).map(|(end, _)| end), Some(at(3600)));
}

#[test]
fn a_limit_of_the_model_stops_as_model_limit() {
    let model = StopPolicy { max_interactions: Some(2), ..StopPolicy::default() };
    let asked = StopPolicy { max_interactions: Some(5), ..StopPolicy::default() };
    let limits = limits::in_force(&asked, &model, &Bounds::default());
    let usage = SessionUsage { interactions: 2, ..SessionUsage::default() };
    assert_eq!(limits::spent(&limits, &usage).map(|reason| reason.code), Some(ReasonCode::ModelLimit));
    let usage = SessionUsage { interactions: 1, ..SessionUsage::default() };
    assert_eq!(limits::spent(&limits, &usage), None);
}

#[test]
fn an_absent_field_stays_and_null_removes() {
    let before = StopPolicy { after_seconds: Some(60), max_tokens: Some(5), ..StopPolicy::default() };
    let change = StopPolicyChange { max_tokens: Some(None), idle_seconds: Some(Some(9)), ..Default::default() };
    let after = limits::changed(&before, &change);
    assert_eq!(after, StopPolicy { after_seconds: Some(60), idle_seconds: Some(9), ..StopPolicy::default() });
    let usage = SessionUsage { interactions: 3, ..SessionUsage::default() };
    let change = StopPolicyChange { max_interactions: Some(Some(3)), ..Default::default() };
    assert_eq!(limits::check_change(&change, &usage).unwrap_err()[0].code, "already_used");
}

#[test]
fn quotas_tell_their_figures() {
    let quotas = Quotas { sessions: 2, active: 1, all_sessions: Some(3), ..Quotas::default() };
    assert!(may_create(1, 2, &quotas).is_ok());
    let refused = may_create(2, 2, &quotas).unwrap_err();
    assert_eq!((refused.have, refused.allowed, refused.whose), (2, 2, Whose::User));
    let refused = may_create(1, 3, &quotas).unwrap_err();
    assert_eq!((refused.have, refused.allowed, refused.whose), (3, 3, Whose::AllUsers));
    assert!(refused.to_string().starts_with("all users together have 3 sessions of 3"));
}

#[test]
fn all_users_together_hold_no_more_than_they_may() {
    let (ada, bob) = (UserId::generate(), UserId::generate());
    let queue = [waiting(ada, 1), waiting(bob, 1), waiting(bob, 1)];
    let held = Held { active: HashMap::from([(ada, 1)]), memory_free: 10 };
    let of = |user| Quotas { active: if user == ada { 1 } else { 5 }, all_active: Some(2), ..Quotas::default() };
    let verdicts: Vec<_> = admit(&queue, &held, of).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(
        verdicts,
        [Err(Hold::Quota { active: 1, allowed: 1 }), Ok(()), Err(Hold::Quota { active: 2, allowed: 2 })]
    );
}

fn waiting(owner: UserId, memory_needed: u64) -> Waiting {
    Waiting { id: SessionId::generate(), owner, memory_needed }
}

#[test]
fn a_large_session_is_not_starved_by_small_ones_and_quota_lets_others_pass() {
    let (ada, bob) = (UserId::generate(), UserId::generate());
    let queue = [waiting(ada, 1), waiting(ada, 1), waiting(bob, 50), waiting(bob, 1)];
    let held = Held { active: HashMap::from([(ada, 1)]), memory_free: 10 };
    let verdicts: Vec<_> =
        admit(&queue, &held, |_| Quotas::default()).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(
        verdicts,
        [
            Ok(()),
            Err(Hold::Quota { active: 2, allowed: 2 }),
            Err(Hold::Memory { needed: 50, free: 9 }),
            Err(Hold::Behind)
        ]
    );
}

proptest! {
    #[test]
    fn admission_never_gives_more_than_there_is(
        sizes in prop::collection::vec((0u8..3, 1u64..50), 0..20), free in 0u64..200, allowed in 1u64..4,
    ) {
        let owners: Vec<UserId> = (0..3).map(|_| UserId::generate()).collect();
        let queue: Vec<Waiting> = sizes.iter().map(|(owner, size)| waiting(owners[usize::from(*owner)], *size)).collect();
        let held = Held { active: HashMap::new(), memory_free: free };
        let quotas = Quotas { sessions: 20, active: allowed, ..Quotas::default() };
        let admitted: Vec<Waiting> = admit(&queue, &held, |_| quotas).into_iter().zip(&queue)
            .filter(|((_, verdict), _)| verdict.is_ok()).map(|(_, waiting)| *waiting).collect();
        prop_assert!(admitted.iter().map(|waiting| waiting.memory_needed).sum::<u64>() <= free);
        for owner in owners {
            prop_assert!(admitted.iter().filter(|waiting| waiting.owner == owner).count() as u64 <= allowed);
        }
        // If anything fits, the first of the queue that could start does.
        if let Some(first) = queue.first() {
            prop_assert_eq!(first.memory_needed <= free, admitted.first().is_some_and(|one| one.id == first.id));
        }
    }

    #[test]
    fn an_offered_name_is_kept_as_it_is(text in "\\PC{0,80}|usr_.{0,80}") {
        let names: Vec<String> = naming::offered_user_names(&text).take(12).collect();
        for name in &names {
            prop_assert_eq!(naming::user_name(name).ok(), Some(name.clone()));
        }
    }

    #[test]
    fn names_are_trimmed_and_bounded(name in "\\PC{0,120}") {
        match naming::name(&name) {
            Ok(kept) => {
                prop_assert_eq!(kept.as_str(), name.trim());
                prop_assert!((1..=100).contains(&kept.chars().count()));
            }
            Err(error) => {
                prop_assert_eq!(error.field, "name");
                prop_assert!(name.trim().is_empty() || name.trim().chars().count() > 100 || name.chars().any(char::is_control));
            }
        }
    }
}

#[test]
fn a_user_is_offered_a_name_that_the_rules_allow() {
    let offered = |text: &str| naming::offered_user_names(text).take(2).collect::<Vec<_>>();
    assert_eq!(offered(" Ada "), ["Ada", "Ada-2"]);
    assert_eq!(offered("usr_ usr_a\u{0}b"), ["ab", "ab-2"]);
    assert_eq!(offered(" \t\n"), ["user", "user-2"]);
    assert_eq!(offered(&"é".repeat(65)), ["é".repeat(64), format!("{}-2", "é".repeat(62))]);
}

#[test]
fn names_of_every_language_are_fine_and_control_characters_are_not() {
    assert_eq!(naming::name("  🦀 тест 测试 ").unwrap(), "🦀 тест 测试");
    assert_eq!(naming::name(&"é".repeat(100)).unwrap().chars().count(), 100);
    assert_eq!(naming::name(&"é".repeat(101)).unwrap_err().code, "too_long");
    assert_eq!(naming::name("a\u{7}b").unwrap_err().code, "control_character");
    assert_eq!(naming::name(" \t ").unwrap_err().code, "empty");
    assert_eq!(naming::description("").unwrap(), None);
    assert_eq!(naming::description(&"x".repeat(201)).unwrap_err().code, "too_long");
}

#[test]
fn the_offered_name_carries_the_time_and_then_a_number() {
    let now: Timestamp = "2026-11-22T08:05:09Z".parse().unwrap();
    let offers: Vec<String> = naming::offered(now).take(3).collect();
    assert_eq!(offers, ["int.session_20261122080509", "int.session_20261122080509-2", "int.session_20261122080509-3"]);
}

#[test]
fn every_failed_criterion_is_listed() {
    let candidate = Candidate {
        kind: ModelType::Other,
        size_bytes: 0,
        learning_stage: LearningStage::Pretrained,
        missing_files: vec!["model.gguf".to_owned()],
    };
    let failed: Vec<Criterion> = failures(&candidate).into_iter().map(|failure| failure.criterion).collect();
    assert_eq!(failed, [Criterion::Type, Criterion::Size, Criterion::LearningStage, Criterion::Files]);
    let eligible = Candidate {
        kind: ModelType::Vlm,
        size_bytes: 1,
        learning_stage: LearningStage::InstructionTuned,
        missing_files: vec![],
    };
    assert_eq!(failures(&eligible), []);
}

#[test]
fn memory_is_reckoned_from_the_shape() {
    // The shape of a 135M model: 30 layers, 3 KV heads of 64.
    let shape = Shape {
        weight_bytes: 144 << 20,
        layers: 30,
        key_width: 192,
        value_width: 192,
        embedding_width: 576,
        vocabulary: 49_152,
        context_length: 2048,
    };
    let engine = memory::effective(&EngineSettings { context_length: None, parallel: Some(8) }, 2048).unwrap();
    assert_eq!((engine.context_length, engine.parallel), (2048, 8));
    let kv = 2048 * 8 * 30 * 384 * 2;
    let needed = memory::needed(&shape, &engine);
    assert!(needed > shape.weight_bytes + kv && needed < shape.weight_bytes + kv + (128 << 20), "{needed}");
    let wrong = memory::effective(&EngineSettings { context_length: Some(4096), parallel: Some(0) }, 2048).unwrap_err();
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].message.contains("2048"));
}

#[test]
fn durations_read_as_people_say_them() {
    let said: Vec<String> = [1, 60, 90, 3600, 5400, 86_399].map(reason::duration).into();
    assert_eq!(said, ["1 s", "1 min", "1 min 30 s", "1 h", "1 h 30 min", "23 h 59 min 59 s"]);
}
