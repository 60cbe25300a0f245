//! The key-value part of the header: what is needed of it is kept, the rest is walked over.

use std::{
    collections::HashMap,
    io::{Read, Seek},
};

use super::{InspectError, cursor::Cursor};

/// Longest key, in bytes.
const MAX_KEY: u64 = 65_535;
/// Longest string that is kept, in bytes: a chat template has a few thousand.
const MAX_TEXT: u64 = 1 << 20;
/// Longest string that is walked over, in bytes.
const MAX_SKIPPED: u64 = 1 << 30;
/// Most elements of an array: the largest vocabularies have some 300,000, their merges twice that.
const MAX_ARRAY: u64 = 1 << 24;
/// Longest array of numbers or strings whose elements are kept.
const MAX_KEPT_ARRAY: u64 = 1024;
/// Most bytes of text kept of one header.
const MAX_KEPT_BYTES: u64 = 16 << 20;

/// A value, as far as it is kept.
#[derive(Debug, PartialEq)]
enum Value {
    /// An unsigned integer, or a signed one that is not negative; a truth value is 0 or 1.
    Number(u64),
    Text(String),
    Numbers(Vec<u64>),
    Texts(Vec<String>),
    /// An array of which only the length was kept.
    Length(u64),
    /// A negative integer or a float.
    Other,
}

/// What a file says of itself, by key.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    values: HashMap<String, Value>,
}

impl Metadata {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key)? {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Numbers(_) | Value::Texts(_) | Value::Length(_) | Value::Other => None,
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Value::Number(number) => Some(*number),
            Value::Text(_) | Value::Numbers(_) | Value::Texts(_) | Value::Length(_) | Value::Other => None,
        }
    }

    /// The elements of an array of integers that is short enough to be kept.
    pub(crate) fn numbers(&self, key: &str) -> Option<&[u64]> {
        match self.values.get(key)? {
            Value::Numbers(numbers) => Some(numbers),
            Value::Number(_) | Value::Text(_) | Value::Texts(_) | Value::Length(_) | Value::Other => None,
        }
    }

    /// The elements of an array of strings that is short enough to be kept; none where there is no such array.
    pub(crate) fn texts(&self, key: &str) -> &[String] {
        match self.values.get(key) {
            Some(Value::Texts(texts)) => texts,
            Some(Value::Number(_) | Value::Text(_) | Value::Numbers(_) | Value::Length(_) | Value::Other) | None => &[],
        }
    }

    /// The number of elements of an array.
    pub(crate) fn length(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Value::Numbers(numbers) => Some(numbers.len() as u64),
            Value::Texts(texts) => Some(texts.len() as u64),
            Value::Length(length) => Some(*length),
            Value::Number(_) | Value::Text(_) | Value::Other => None,
        }
    }
}

/// The types of values, by their numbers in the file.
#[derive(Clone, Copy)]
enum Type {
    Unsigned(u8),
    Signed(u8),
    Float(u8),
    Bool,
    Text,
    Array,
}

impl Type {
    fn from_number(number: u32, key: &str) -> Result<Self, InspectError> {
        Ok(match number {
            0 => Self::Unsigned(1),
            1 => Self::Signed(1),
            2 => Self::Unsigned(2),
            3 => Self::Signed(2),
            4 => Self::Unsigned(4),
            5 => Self::Signed(4),
            6 => Self::Float(4),
            7 => Self::Bool,
            8 => Self::Text,
            9 => Self::Array,
            10 => Self::Unsigned(8),
            11 => Self::Signed(8),
            12 => Self::Float(8),
            _ => return Err(InspectError::corrupt(format!("`{key}` has the unknown value type {number}"))),
        })
    }

    /// Bytes of one value; `None` where they vary.
    const fn width(self) -> Option<u8> {
        match self {
            Self::Unsigned(width) | Self::Signed(width) | Self::Float(width) => Some(width),
            Self::Bool => Some(1),
            Self::Text | Self::Array => None,
        }
    }
}

pub(super) fn read<R: Read + Seek>(cursor: &mut Cursor<R>, count: u64) -> Result<Metadata, InspectError> {
    let mut metadata = Metadata::default();
    let mut kept: u64 = 0;
    for index in 0..count {
        let before = cursor.at();
        let key = cursor.string("a metadata key", MAX_KEY)?;
        if key.is_empty() {
            return Err(InspectError::corrupt(format!("metadata key {index} is empty")));
        }
        let shown = shortened(&key);
        let number = cursor.u32()?;
        let value = read_value(cursor, Type::from_number(number, &shown)?, &shown)?;
        kept += match &value {
            Value::Text(_) | Value::Texts(_) => cursor.at() - before,
            Value::Numbers(numbers) => (key.len() + 8 * numbers.len()) as u64,
            Value::Number(_) | Value::Length(_) | Value::Other => key.len() as u64,
        };
        if kept > MAX_KEPT_BYTES {
            let what = "bytes of text in the metadata".into();
            return Err(InspectError::TooLarge { what, value: kept, limit: MAX_KEPT_BYTES });
        }
        if metadata.values.insert(key, value).is_some() {
            return Err(InspectError::corrupt(format!("the metadata key `{shown}` stands twice")));
        }
    }
    Ok(metadata)
}

fn read_value<R: Read + Seek>(cursor: &mut Cursor<R>, kind: Type, key: &str) -> Result<Value, InspectError> {
    match kind {
        Type::Text => cursor.string(&format!("`{key}`"), MAX_TEXT).map(Value::Text),
        Type::Array => read_array(cursor, key),
        Type::Unsigned(_) | Type::Signed(_) | Type::Float(_) | Type::Bool => read_scalar(cursor, kind),
    }
}

/// A number; a float or a negative integer is [`Value::Other`].
fn read_scalar<R: Read + Seek>(cursor: &mut Cursor<R>, kind: Type) -> Result<Value, InspectError> {
    let width = usize::from(kind.width().unwrap_or(0));
    let mut bytes = [0; 8];
    cursor.fill(&mut bytes[..width])?;
    let negative = width > 0 && bytes[width - 1] & 0x80 != 0;
    Ok(match kind {
        Type::Float(_) => Value::Other,
        Type::Signed(_) if negative => Value::Other,
        Type::Unsigned(_) | Type::Signed(_) | Type::Bool | Type::Text | Type::Array => {
            Value::Number(u64::from_le_bytes(bytes))
        }
    })
}

fn read_array<R: Read + Seek>(cursor: &mut Cursor<R>, key: &str) -> Result<Value, InspectError> {
    let number = cursor.u32()?;
    let kind = Type::from_number(number, key)?;
    let length = cursor.u64()?;
    if length > MAX_ARRAY {
        return Err(InspectError::TooLarge { what: format!("elements of `{key}`"), value: length, limit: MAX_ARRAY });
    }
    match (kind, kind.width()) {
        (Type::Array, _) => Err(InspectError::corrupt(format!("`{key}` is an array of arrays"))),
        (_, Some(width)) => {
            cursor.require(length * u64::from(width))?;
            if matches!(kind, Type::Float(_)) || length > MAX_KEPT_ARRAY {
                cursor.skip(length * u64::from(width))?;
                return Ok(Value::Length(length));
            }
            read_numbers(cursor, kind, length)
        }
        (_, None) => read_texts(cursor, key, length),
    }
}

fn read_numbers<R: Read + Seek>(cursor: &mut Cursor<R>, kind: Type, length: u64) -> Result<Value, InspectError> {
    let mut numbers = Vec::new();
    for _ in 0..length {
        // A negative count is none.
        numbers.push(match read_scalar(cursor, kind)? {
            Value::Number(number) => number,
            Value::Text(_) | Value::Numbers(_) | Value::Texts(_) | Value::Length(_) | Value::Other => 0,
        });
    }
    Ok(Value::Numbers(numbers))
}

fn read_texts<R: Read + Seek>(cursor: &mut Cursor<R>, key: &str, length: u64) -> Result<Value, InspectError> {
    cursor.require(length * 8)?;
    let what = format!("an element of `{key}`");
    if length > MAX_KEPT_ARRAY || key.starts_with("tokenizer.") {
        for _ in 0..length {
            cursor.skip_string(&what, MAX_SKIPPED)?;
        }
        return Ok(Value::Length(length));
    }
    let mut texts = Vec::new();
    let mut bytes: u64 = 0;
    for _ in 0..length {
        let text = cursor.string(&what, MAX_TEXT)?;
        bytes += text.len() as u64;
        if bytes > MAX_TEXT {
            return Err(InspectError::TooLarge { what: format!("bytes for `{key}`"), value: bytes, limit: MAX_TEXT });
        }
        texts.push(text);
    }
    Ok(Value::Texts(texts))
}

/// A key as it is shown: a hostile one can be long or hold control characters.
fn shortened(key: &str) -> String {
    key.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
