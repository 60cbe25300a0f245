//! Reading one field of a JSON object: absent, right, or refused with its name, value and bounds.

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::{Map, Value};

use super::error::{RequestError, RequestErrorCode as Code};

/// Deepest nesting of a request. serde_json itself recurses, so the bound is checked on the bytes.
const MAX_DEPTH: usize = 64;

/// An object of the request, with the path that leads to it.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: &'a str,
}

/// The body as a JSON object, its depth bounded.
///
/// # Errors
/// `malformed_request` where it is none.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, RequestError> {
    let malformed = |message: String| RequestError::whole(Code::MalformedRequest, message);
    check_depth(body)?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(malformed(format!("the body must be a JSON object, it is {}", type_name(&other)))),
        Err(error) => Err(malformed(format!("the body is not valid JSON: {error}"))),
    }
}

fn check_depth(body: &[u8]) -> Result<(), RequestError> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in body {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let message = format!("the body is nested deeper than {MAX_DEPTH} levels");
                    return Err(RequestError::whole(Code::MalformedRequest, message));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, prefix: &'a str) -> Self {
        Self { object, prefix }
    }

    /// The path of a field, for messages.
    pub(super) fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.into() } else { format!("{}.{name}", self.prefix) }
    }

    /// The field, unless absent or null.
    pub(super) fn find(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn wrong_type(&self, name: &str, wanted: &str, value: &Value) -> RequestError {
        let path = self.path(name);
        let message = format!("`{path}` must be {wanted}, it is {}", type_name(value));
        RequestError::at(Code::InvalidParameter, path, message)
    }

    pub(super) fn missing(&self, name: &str, wanted: &str) -> RequestError {
        let path = self.path(name);
        let message = format!("`{path}` is required: {wanted}");
        RequestError::at(Code::InvalidParameter, path, message)
    }

    pub(super) fn find_str(&self, name: &str) -> Result<Option<&'a str>, RequestError> {
        self.find(name).map(|value| value.as_str().ok_or_else(|| self.wrong_type(name, "a string", value))).transpose()
    }

    pub(super) fn find_bool(&self, name: &str) -> Result<Option<bool>, RequestError> {
        self.find(name)
            .map(|value| value.as_bool().ok_or_else(|| self.wrong_type(name, "true or false", value)))
            .transpose()
    }

    /// A number within `bounds`, ends included.
    pub(super) fn find_number(&self, name: &str, bounds: RangeInclusive<f64>) -> Result<Option<f64>, RequestError> {
        let Some(value) = self.find(name) else { return Ok(None) };
        let number = value.as_f64().ok_or_else(|| self.wrong_type(name, "a number", value))?;
        if bounds.contains(&number) {
            Ok(Some(number))
        } else {
            Err(self.out_of_range(name, value, &format!("from {} to {}", bounds.start(), bounds.end())))
        }
    }

    /// A number above 0 and up to `maximum`.
    pub(super) fn find_positive(&self, name: &str, maximum: f64) -> Result<Option<f64>, RequestError> {
        let Some(value) = self.find(name) else { return Ok(None) };
        let number = value.as_f64().ok_or_else(|| self.wrong_type(name, "a number", value))?;
        if number > 0.0 && number <= maximum {
            Ok(Some(number))
        } else {
            Err(self.out_of_range(name, value, &format!("above 0 and up to {maximum}")))
        }
    }

    /// An integer within `bounds`; `3.0` counts as 3.
    pub(super) fn find_integer(&self, name: &str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, RequestError> {
        let Some(value) = self.find(name) else { return Ok(None) };
        if !value.is_number() {
            return Err(self.wrong_type(name, "an integer", value));
        }
        let whole = value.as_f64().filter(|number| number.fract() == 0.0);
        match value.as_i64().or_else(|| whole.filter(|number| number.abs() < 9e15).map(|number| number as i64)) {
            Some(integer) if bounds.contains(&integer) => Ok(Some(integer)),
            Some(_) => Err(self.out_of_range(name, value, &format!("from {} to {}", bounds.start(), bounds.end()))),
            None if whole.is_some() || value.is_u64() => {
                Err(self.out_of_range(name, value, &format!("from {} to {}", bounds.start(), bounds.end())))
            }
            None => Err(self.wrong_type(name, "an integer", value)),
        }
    }

    pub(super) fn out_of_range(&self, name: &str, value: impl Display, bounds: &str) -> RequestError {
        let path = self.path(name);
        let message = format!("`{path}` is {value}; it must be {bounds}");
        RequestError::at(Code::ParameterOutOfRange, path, message)
    }
}

/// The JSON type of a value, with its article.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// At most 40 characters of a text of the request, for messages.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
