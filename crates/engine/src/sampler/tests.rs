use proptest::prelude::*;

use super::*;

fn sampler(change: impl FnOnce(&mut Sampling)) -> Sampler {
    let mut settings = Sampling { seed: Some(7), ..Sampling::default() };
    change(&mut settings);
    Sampler::new(settings, &[], 0, 0)
}

fn draws(sampler: &mut Sampler, logits: &[f32], count: usize) -> Vec<Token> {
    (0..count).map(|_| sampler.choose(&mut logits.to_vec(), None, &[]).unwrap().token).collect()
}

#[test]
fn temperature_zero_takes_the_best_and_the_first_of_equals() {
    let mut greedy = sampler(|s| s.temperature = 0.0);
    assert_eq!(draws(&mut greedy, &[1.0, 3.0, 3.0, f32::NAN], 3), [1, 1, 1]);
    assert!(greedy.choose(&mut [f32::NAN], None, &[]).is_none());
}

#[test]
fn bans_and_masks_are_kept() {
    let mut greedy = sampler(|s| s.temperature = 0.0);
    assert_eq!(greedy.choose(&mut [1.0, 3.0], None, &[1]).unwrap().token, 0);
    let mut mask = SimpleVob::alloc(3);
    mask.allow_token(2);
    assert_eq!(greedy.choose(&mut [1.0, 3.0, 0.0], Some(&mask), &[]).unwrap().token, 2);
    let mut hot = sampler(|s| s.temperature = 2.0);
    assert!((0..50).all(|_| hot.choose(&mut [1.0, 3.0, 0.0], Some(&mask), &[]).unwrap().token == 2));
}

#[test]
fn the_same_seed_gives_the_same_draws_and_choices_differ() {
    let logits: Vec<f32> = (0..50).map(|i| (i % 7) as f32).collect();
    let settings = Sampling { seed: Some(3), ..Sampling::default() };
    let run = |choice| draws(&mut Sampler::new(settings.clone(), &[], choice, 0), &logits, 40);
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
}

#[test]
fn draws_follow_the_distribution() {
    let logits = [0.7f32.ln(), 0.2f32.ln(), 0.1f32.ln()];
    let drawn = draws(&mut sampler(|_| ()), &logits, 20_000);
    let share = |token| drawn.iter().filter(|t| **t == token).count() as f64 / 20_000.0;
    assert!((share(0) - 0.7).abs() < 0.02 && (share(1) - 0.2).abs() < 0.02, "{} {}", share(0), share(1));
}

#[test]
fn filters_keep_what_they_say() {
    let logits: Vec<f32> = [0.5f32, 0.25, 0.125, 0.0625, 0.0625].iter().map(|p| p.ln()).collect();
    let kept = |change: fn(&mut Sampling)| {
        let mut drawn = draws(&mut sampler(change), &logits, 3000);
        drawn.sort_unstable();
        drawn.dedup();
        drawn
    };
    assert_eq!(kept(|s| s.top_k = 2), [0, 1]);
    assert_eq!(kept(|s| s.top_p = 0.7), [0, 1]);
    assert_eq!(kept(|s| s.top_p = 0.2), [0]);
    assert_eq!(kept(|s| s.min_p = 0.2), [0, 1, 2]);
    assert_eq!(kept(|_| ()), [0, 1, 2, 3, 4]);
}

#[test]
fn penalties_push_repeated_tokens_down() {
    let mut greedy = sampler(|s| {
        s.temperature = 0.0;
        s.frequency_penalty = 1.0;
    });
    assert_eq!(draws(&mut greedy, &[2.0, 1.5], 4), [0, 1, 0, 1]);
    let settings = Sampling { temperature: 0.0, repetition_penalty: 2.0, ..Sampling::default() };
    let mut repeated = Sampler::new(settings, &[0], 0, 0);
    assert_eq!(draws(&mut repeated, &[2.0, 1.5], 1), [1]);
}

#[test]
fn log_probabilities_are_the_models_own() {
    let mut greedy = sampler(|s| {
        s.temperature = 0.0;
        s.logprobs = Some(2);
        s.presence_penalty = 2.0;
    });
    let logits = [0.5f32.ln(), 0.3f32.ln(), 0.2f32.ln()];
    let chances = greedy.choose(&mut logits.to_vec(), None, &[]).unwrap().chances.unwrap();
    assert!((chances.logprob - 0.5f64.ln()).abs() < 1e-5);
    assert_eq!(chances.top.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [0, 1]);
}

proptest! {
    #[test]
    fn top_p_keeps_the_smallest_set_that_reaches_it(logits in prop::collection::vec(-8f32..8.0, 1..400), top_p in 0.01f32..0.99) {
        let mut sampler = sampler(|s| s.top_p = top_p);
        let token = sampler.choose(&mut logits.clone(), None, &[]).unwrap().token;
        let mut sorted = logits.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = sorted.iter().map(|l| f64::from(*l).exp()).sum();
        let above: f64 = logits.iter().filter(|l| **l > logits[token as usize]).map(|l| f64::from(*l).exp()).sum();
        prop_assert!(above / total < f64::from(top_p) + 1e-4);
    }
}
