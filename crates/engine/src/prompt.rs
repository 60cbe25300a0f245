//! From a request to the tokens of its prompt.

use protocol::openai::Message;

use crate::{
    llama::{Special, Token, Vocab},
    template::{ChatTemplate, RenderRefused, Rendered},
};

/// Longest text given to the tokenizer at once. Some of its regular expressions recurse once per character.
const MAX_PIECE: usize = 64 * 1024;

/// Turns requests into tokens, for one model.
pub(crate) struct Prompter {
    vocab: Vocab,
    template: Option<ChatTemplate>,
}

impl Prompter {
    pub(crate) fn new(vocab: Vocab, template: Option<ChatTemplate>) -> Self {
        Self { vocab, template }
    }

    pub(crate) fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The conversation as the template renders it; `None` if the model has no template.
    pub(crate) fn render(&self, messages: &[Message]) -> Option<Result<Rendered, RenderRefused>> {
        self.template.as_ref().map(|template| template.render(messages))
    }

    /// The tokens of a prompt, begun as the model wants it and never begun twice.
    pub(crate) fn tokenize<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Vec<Token> {
        let mut tokens = Vec::new();
        for piece in parts.into_iter().flat_map(pieces) {
            tokens.extend(self.vocab.tokenize(piece, Special::Recognised));
        }
        if self.vocab.adds_bos()
            && let Some(bos) = self.vocab.bos()
            && tokens.first() != Some(&bos)
        {
            tokens.insert(0, bos);
        }
        tokens
    }
}

/// Cuts a very long text, at a line or a space where there is one.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = if rest.len() <= MAX_PIECE { rest.len() } else { cut(rest) };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn cut(text: &str) -> usize {
    let most = text.floor_char_boundary(MAX_PIECE);
    let window = &text[..most];
    let at = window.rfind('\n').map(|at| at + 1).or_else(|| window.rfind(' '));
    at.filter(|at| *at > MAX_PIECE / 2).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_bounded_and_lose_nothing() {
        for text in [
            "",
            "short",
            &"é".repeat(100_000),
            &"word ".repeat(50_000),
            &format!("{}\n{}", "a".repeat(60_000), "b".repeat(60_000)),
        ] {
            let cut: Vec<&str> = pieces(text).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|piece| piece.len() <= MAX_PIECE));
        }
    }
}
