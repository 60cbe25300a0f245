//! A model's vocabulary: text to tokens and back.

#![allow(unsafe_code)]

use std::{ffi::c_char, sync::Arc};

use llama_cpp_sys_2 as sys;

use super::model::Model;

/// A token id of the model's vocabulary.
pub(crate) type Token = sys::llama_token;

/// Whether control tokens are recognised in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    /// `<|im_end|>` and the like become their token.
    Recognised,
    /// They are text as any other.
    Plain,
}

/// A vocabulary, kept alive with its model. Immutable, and usable from any thread.
#[derive(Clone)]
pub(crate) struct Vocab {
    model: Arc<Model>,
}

impl Vocab {
    pub(super) fn new(model: Arc<Model>) -> Self {
        Self { model }
    }

    fn raw(&self) -> *const sys::llama_vocab {
        // SAFETY: the model is alive as long as `self`; its vocabulary belongs to it.
        unsafe { sys::llama_model_get_vocab(self.model.raw()) }
    }

    /// Number of tokens; ids run from 0.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: a live vocabulary.
        unsafe { sys::llama_vocab_n_tokens(self.raw()) }.max(0) as usize
    }

    /// Whether the token ends a generation.
    pub(crate) fn is_end(&self, token: Token) -> bool {
        // SAFETY: a live vocabulary; ids out of range are answered false there.
        self.contains(token) && unsafe { sys::llama_vocab_is_eog(self.raw(), token) }
    }

    /// The texts of control tokens: what a template writes and a user must not be able to.
    pub(crate) fn control_texts(&self) -> Vec<String> {
        let control = sys::LLAMA_TOKEN_ATTR_CONTROL | sys::LLAMA_TOKEN_ATTR_UNKNOWN;
        // SAFETY: a live vocabulary, ids in range.
        let is_control = |token: &Token| unsafe { sys::llama_vocab_get_attr(self.raw(), *token) } & control != 0;
        let texts = (0..self.len() as Token).filter(is_control).map(|token| self.text(token));
        texts.filter(|text| text.chars().nth(1).is_some()).collect()
    }

    fn contains(&self, token: Token) -> bool {
        usize::try_from(token).is_ok_and(|token| token < self.len())
    }

    pub(crate) fn bos(&self) -> Option<Token> {
        // SAFETY: a live vocabulary.
        Some(unsafe { sys::llama_vocab_bos(self.raw()) }).filter(|token| self.contains(*token))
    }

    pub(crate) fn eos(&self) -> Option<Token> {
        // SAFETY: a live vocabulary.
        Some(unsafe { sys::llama_vocab_eos(self.raw()) }).filter(|token| self.contains(*token))
    }

    pub(crate) fn eot(&self) -> Option<Token> {
        // SAFETY: a live vocabulary.
        Some(unsafe { sys::llama_vocab_eot(self.raw()) }).filter(|token| self.contains(*token))
    }

    /// Whether prompts of this model begin with [`Vocab::bos`].
    pub(crate) fn adds_bos(&self) -> bool {
        // SAFETY: a live vocabulary.
        unsafe { sys::llama_vocab_get_add_bos(self.raw()) }
    }

    /// The tokens of a text, without beginning or end tokens. Takes texts of up to 2 GiB.
    pub(crate) fn tokenize(&self, text: &str, special: Special) -> Vec<Token> {
        let Ok(length) = i32::try_from(text.len()) else { return Vec::new() };
        let mut tokens: Vec<Token> = vec![0; text.len() + 8];
        let parse = special == Special::Recognised;
        for _ in 0..2 {
            let room = i32::try_from(tokens.len()).unwrap_or(i32::MAX);
            // SAFETY: the text and the buffer are valid for the lengths passed.
            let count = unsafe {
                sys::llama_tokenize(
                    self.raw(),
                    text.as_ptr().cast::<c_char>(),
                    length,
                    tokens.as_mut_ptr(),
                    room,
                    false,
                    parse,
                )
            };
            if let Ok(count) = usize::try_from(count) {
                tokens.truncate(count);
                return tokens;
            }
            tokens.resize(count.unsigned_abs() as usize, 0);
        }
        Vec::new()
    }

    /// Appends the bytes of a token. Control tokens have none unless `special` is recognised.
    pub(crate) fn append_piece(&self, token: Token, special: Special, bytes: &mut Vec<u8>) {
        if !self.contains(token) {
            return;
        }
        let start = bytes.len();
        let mut room = 64;
        for _ in 0..2 {
            bytes.resize(start + room, 0);
            // SAFETY: the buffer behind `start` is valid for `room` bytes, and the token is in range.
            let count = unsafe {
                sys::llama_token_to_piece(
                    self.raw(),
                    token,
                    bytes[start..].as_mut_ptr().cast::<c_char>(),
                    room as i32,
                    0,
                    special == Special::Recognised,
                )
            };
            if let Ok(count) = usize::try_from(count) {
                bytes.truncate(start + count);
                return;
            }
            room = count.unsigned_abs() as usize;
        }
        bytes.truncate(start);
    }

    /// The text of a token as templates write it (`<s>`, `<|im_end|>`).
    pub(crate) fn text(&self, token: Token) -> String {
        let mut bytes = Vec::new();
        self.append_piece(token, Special::Recognised, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
