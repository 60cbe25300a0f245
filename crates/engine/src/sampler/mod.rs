//! Choosing a token from logits, in Rust rather than by llama.cpp's chain: the best is found without sorting,
//! top-k and top-p sort only what they keep, and everything else is one pass over the vocabulary.
//!
//! Order: penalties, grammar and bans, temperature, min-p, top-k, top-p, draw. Log-probabilities are those of the
//! model itself, before all of it.

mod logprobs;
mod random;

use std::collections::{HashMap, HashSet};

use protocol::openai::Sampling;
use toktrie::SimpleVob;

pub(crate) use logprobs::TokenChances;
use random::Random;

use crate::llama::Token;

/// Candidates further below the best than this (in natural-log units) cannot be drawn: their share of all is
/// below 1e-6 with any vocabulary in use.
const NEGLIGIBLE: f32 = 27.0;

/// The sampler of one choice.
pub(crate) struct Sampler {
    settings: Sampling,
    random: Random,
    /// How often each token was generated.
    counts: HashMap<Token, u32>,
    /// Tokens of the prompt, if the repetition penalty wants them.
    prompt: HashSet<Token>,
    candidates: Vec<Candidate>,
}

#[derive(Clone, Copy)]
struct Candidate {
    /// Logit over temperature, later the weight.
    value: f32,
    token: Token,
}

/// A token chosen.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) token: Token,
    /// If asked for.
    pub(crate) chances: Option<TokenChances>,
}

impl Sampler {
    /// The sampler of choice number `choice`; without a seed, `entropy` takes its place.
    pub(crate) fn new(settings: Sampling, prompt: &[Token], choice: u32, entropy: u64) -> Self {
        let seed = settings.seed.unwrap_or(entropy);
        let prompt = if settings.repetition_penalty == 1.0 { HashSet::new() } else { prompt.iter().copied().collect() };
        let random = Random::new(seed, u64::from(choice));
        Self { settings, random, counts: HashMap::new(), prompt, candidates: Vec::new() }
    }

    /// A token by these logits, among those that `mask` allows and `banned` does not hold. The logits are
    /// changed. `None` if nothing is left.
    pub(crate) fn choose(&mut self, logits: &mut [f32], mask: Option<&SimpleVob>, banned: &[Token]) -> Option<Choice> {
        let before = self.settings.logprobs.map(|top| logprobs::Before::measure(logits, top as usize));
        self.penalize(logits);
        for token in banned {
            if let Some(logit) = usize::try_from(*token).ok().and_then(|token| logits.get_mut(token)) {
                *logit = f32::NEG_INFINITY;
            }
        }
        // Penalties may have changed the chosen logit: its log-probability is taken from the copy.
        let token = if self.settings.temperature <= 0.0 { best(logits, mask)? } else { self.draw(logits, mask)? };
        *self.counts.entry(token).or_default() += 1;
        Some(Choice { token, chances: before.map(|before| before.chances(token)) })
    }

    fn penalize(&self, logits: &mut [f32]) {
        let settings = &self.settings;
        let repetition = settings.repetition_penalty;
        let mut change = |token: Token, count: u32| {
            let Some(logit) = usize::try_from(token).ok().and_then(|token| logits.get_mut(token)) else { return };
            if repetition != 1.0 {
                *logit = if *logit > 0.0 { *logit / repetition } else { *logit * repetition };
            }
            if count > 0 {
                *logit -= settings.presence_penalty + settings.frequency_penalty * count as f32;
            }
        };
        if repetition != 1.0 || settings.presence_penalty != 0.0 || settings.frequency_penalty != 0.0 {
            self.counts.iter().for_each(|(token, count)| change(*token, *count));
            self.prompt.iter().filter(|token| !self.counts.contains_key(token)).for_each(|token| change(*token, 0));
        }
    }

    fn draw(&mut self, logits: &[f32], mask: Option<&SimpleVob>) -> Option<Token> {
        let inverse = 1.0 / self.settings.temperature;
        let top = logits[usize::try_from(best(logits, mask)?).ok()?];
        let depth = if self.settings.min_p > 0.0 { -self.settings.min_p.ln() } else { NEGLIGIBLE };
        let floor = top - depth.min(NEGLIGIBLE) * self.settings.temperature;
        self.collect(logits, mask, floor);
        let top_k = self.settings.top_k as usize;
        if top_k > 0 && top_k < self.candidates.len() {
            self.candidates.select_nth_unstable_by(top_k - 1, descending);
            self.candidates.truncate(top_k);
        }
        for candidate in &mut self.candidates {
            candidate.value = ((candidate.value - top) * inverse).exp();
        }
        let mut total: f64 = self.candidates.iter().map(|candidate| f64::from(candidate.value)).sum();
        if self.settings.top_p < 1.0 {
            total = self.keep_top_p(total);
        }
        let mut rest = self.random.unit() * total;
        let drawn = self.candidates.iter().find(|candidate| {
            rest -= f64::from(candidate.value);
            rest < 0.0
        });
        drawn.or(self.candidates.last()).map(|candidate| candidate.token)
    }

    fn collect(&mut self, logits: &[f32], mask: Option<&SimpleVob>, floor: f32) {
        self.candidates.clear();
        let above = logits.iter().enumerate().filter(|(_, logit)| **logit >= floor);
        let candidates = above.map(|(token, logit)| Candidate { value: *logit, token: token as Token });
        match mask {
            None => self.candidates.extend(candidates),
            Some(mask) => self.candidates.extend(candidates.filter(|candidate| allows(mask, candidate.token))),
        }
    }

    /// Keeps the likeliest candidates that together reach top-p; their total.
    fn keep_top_p(&mut self, total: f64) -> f64 {
        let wanted = total * f64::from(self.settings.top_p);
        let (mut kept, mut sum, mut sorted) = (0, 0.0, 0);
        while kept < self.candidates.len() {
            if kept == sorted {
                // Sorts the next few only: the wanted share is mostly reached within them.
                let next = (self.candidates.len() - sorted).min((sorted * 4).max(64));
                let rest = &mut self.candidates[sorted..];
                if next < rest.len() {
                    rest.select_nth_unstable_by(next - 1, descending);
                }
                rest[..next].sort_unstable_by(descending);
                sorted += next;
            }
            sum += f64::from(self.candidates[kept].value);
            kept += 1;
            if sum >= wanted {
                break;
            }
        }
        self.candidates.truncate(kept);
        sum
    }
}

fn descending(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.value.total_cmp(&a.value).then(a.token.cmp(&b.token))
}

fn allows(mask: &SimpleVob, token: Token) -> bool {
    mask.is_allowed(token.cast_unsigned())
}

/// The token with the largest logit; the first of equals. Numbers that are none lose.
fn best(logits: &[f32], mask: Option<&SimpleVob>) -> Option<Token> {
    let (mut best, mut at) = (f32::NEG_INFINITY, None);
    for (token, &logit) in logits.iter().enumerate() {
        if logit > best && mask.is_none_or(|mask| allows(mask, token as Token)) {
            (best, at) = (logit, Some(token as Token));
        }
    }
    at
}

#[cfg(test)]
mod tests;
