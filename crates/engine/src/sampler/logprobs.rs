//! Log-probabilities by the model's own distribution.

use std::cmp::Reverse;

use crate::llama::Token;

/// The chosen token's log-probability, and the likeliest tokens with theirs, likeliest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenChances {
    pub(crate) logprob: f64,
    pub(crate) top: Vec<(Token, f64)>,
}

/// Log-probabilities of a whole vocabulary, taken before anything changes the logits.
pub(super) struct Before {
    logits: Vec<f32>,
    /// Logarithm of the sum of exponentials.
    norm: f64,
    top: Vec<(Token, f64)>,
}

impl Before {
    pub(super) fn measure(logits: &[f32], top: usize) -> Self {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from((logit - max).exp())).sum();
        let norm = f64::from(max) + sum.ln();
        let mut order: Vec<(Reverse<Ordered>, Token)> = Vec::with_capacity(top + 1);
        for (token, logit) in logits.iter().enumerate() {
            let entry = (Reverse(Ordered(*logit)), token as Token);
            if order.len() < top || order.last().is_some_and(|last| entry < *last) {
                let at = order.partition_point(|held| *held < entry);
                order.insert(at, entry);
                order.truncate(top);
            }
        }
        let top = order.into_iter().map(|(logit, token)| (token, f64::from(logit.0.0) - norm)).collect();
        Self { logits: logits.to_vec(), norm, top }
    }

    pub(super) fn chances(self, token: Token) -> TokenChances {
        let logit = usize::try_from(token).ok().and_then(|token| self.logits.get(token)).copied();
        let logprob = f64::from(logit.unwrap_or(f32::NEG_INFINITY)) - self.norm;
        // JSON has no infinity.
        TokenChances { logprob: logprob.max(-9999.0), top: self.top }
    }
}

#[derive(Clone, Copy)]
struct Ordered(f32);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
