//! `response_format`, and the bounds of a JSON schema.

use serde_json::Value;

use super::{
    error::{RequestError, RequestErrorCode as Code},
    field::{Fields, excerpt, type_name},
};

/// Deepest nesting of a schema.
pub const MAX_SCHEMA_DEPTH: usize = 32;
/// Most values (objects, arrays, scalars) in a schema.
pub const MAX_SCHEMA_NODES: usize = 4096;
/// Most bytes of a schema, written without spaces.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;
/// Largest repetition count (`maxItems`, `minLength` and the like), alone and multiplied along a path.
pub const MAX_SCHEMA_REPETITION: u64 = 4096;

const REPETITIONS: [&str; 6] = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

/// The form that the answer must have.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ResponseFormat {
    #[default]
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that satisfies a schema.
    JsonSchema(JsonSchema),
}

/// A schema within the bounds of this module.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    pub name: String,
    pub schema: Value,
}

pub(super) fn parse_format(fields: &Fields<'_>) -> Result<ResponseFormat, RequestError> {
    let Some(value) = fields.find("response_format") else { return Ok(ResponseFormat::Text) };
    let Value::Object(object) = value else { return Err(fields.wrong_type("response_format", "an object", value)) };
    let path = fields.path("response_format");
    let format = Fields::new(object, &path);
    let wanted = "one of `text`, `json_object`, `json_schema`";
    match format.find_str("type")? {
        Some("text") => Ok(ResponseFormat::Text),
        Some("json_object") => match format.find("schema") {
            None => Ok(ResponseFormat::JsonObject),
            Some(schema) => json_schema("", schema, &format.path("schema")),
        },
        Some("json_schema") => {
            let Some(inner) = format.find("json_schema") else {
                return Err(format.missing("json_schema", "an object"));
            };
            let Value::Object(object) = inner else { return Err(format.wrong_type("json_schema", "an object", inner)) };
            let path = format.path("json_schema");
            let inner = Fields::new(object, &path);
            let name = inner.find_str("name")?.unwrap_or_default();
            let Some(schema) = inner.find("schema") else { return Err(inner.missing("schema", "a JSON schema")) };
            json_schema(name, schema, &inner.path("schema"))
        }
        Some(other) => {
            let path = format.path("type");
            let message = format!("`{path}` is `{}`; it must be {wanted}", excerpt(other));
            Err(RequestError::at(Code::InvalidParameter, path, message))
        }
        None => Err(format.missing("type", wanted)),
    }
}

fn json_schema(name: &str, schema: &Value, path: &str) -> Result<ResponseFormat, RequestError> {
    if !schema.is_object() && !schema.is_boolean() {
        let message = format!("`{path}` must be a JSON schema (an object), it is {}", type_name(schema));
        return Err(RequestError::at(Code::InvalidParameter, path, message));
    }
    let refuse = |message: String| Err(RequestError::at(Code::ParameterOutOfRange, path, message));
    let mut nodes = 0;
    if let Err(fault) = check_schema(schema, 1, 1, &mut nodes) {
        return refuse(format!("`{path}` {fault}"));
    }
    let bytes = schema.to_string().len();
    if bytes > MAX_SCHEMA_BYTES {
        return refuse(format!("`{path}` has {bytes} bytes; at most {MAX_SCHEMA_BYTES} are accepted"));
    }
    Ok(ResponseFormat::JsonSchema(JsonSchema { name: name.to_owned(), schema: schema.clone() }))
}

/// Walks a schema with its depth, the product of the repetitions above it, and the values counted so far.
fn check_schema(value: &Value, depth: usize, product: u64, nodes: &mut usize) -> Result<(), String> {
    *nodes += 1;
    if *nodes > MAX_SCHEMA_NODES {
        return Err(format!("has more than {MAX_SCHEMA_NODES} values"));
    }
    if depth > MAX_SCHEMA_DEPTH {
        return Err(format!("is nested deeper than {MAX_SCHEMA_DEPTH} levels"));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_schema(item, depth + 1, product, nodes)),
        Value::Object(object) => {
            let mut here = product;
            for name in REPETITIONS {
                // A property may bear the name of a keyword: only a number is a count.
                let Some(count) = object.get(name).filter(|count| count.is_number()) else { continue };
                let count = count.as_f64().unwrap_or(f64::INFINITY);
                if count > MAX_SCHEMA_REPETITION as f64 {
                    return Err(format!("has `{name}` {count}; at most {MAX_SCHEMA_REPETITION} is accepted"));
                }
                here = here.max(product.saturating_mul(count.max(1.0) as u64));
            }
            if here > MAX_SCHEMA_REPETITION {
                return Err(format!("nests repetitions of {here} in all; at most {MAX_SCHEMA_REPETITION} is accepted"));
            }
            object.values().try_for_each(|inner| check_schema(inner, depth + 1, here, nodes))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}
