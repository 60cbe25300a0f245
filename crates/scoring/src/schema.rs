//! JSON schemas, bounded before they are compiled and before an answer is held against them.
//!
//! A small schema can ask for exponential work: definitions that refer to each other twice, or recursion through two
//! branches. So the work for an answer is counted first, each pair of schema and value once, and refused where it is
//! too much. The validation itself is the crate `jsonschema`'s, with patterns in linear time and nothing fetched.

mod graph;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use self::graph::Graph;

/// Most bytes of a schema, written without white space.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// Most bytes that a compiled pattern of a schema may take.
const MAX_PROGRAM_BYTES: usize = 64 << 10;

/// Most checks of a value against a part of the schema, for one answer.
const MAX_STEPS: u64 = 500_000;

/// Above so many steps an answer that does not fit is not told why: collecting the errors repeats the work.
const MAX_EXPLAINED_STEPS: u64 = 10_000;

/// A schema that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("the schema has {bytes} bytes, at most {MAX_SCHEMA_BYTES} are taken; shorten it")]
    TooLarge { bytes: usize },
    #[error("the schema and its definitions are nested {depth} deep in all, at most {most} are taken; flatten it")]
    TooDeep { depth: usize, most: usize },
    #[error(
        "`{keyword}` refers to `{target}`: a schema may refer to its own parts alone, `#/…`, and to one that exists"
    )]
    Reference { keyword: &'static str, target: String },
    #[error("`{keyword}` is not taken; refer to a part of the schema by `$ref`: `#/…`")]
    Keyword { keyword: &'static str },
    #[error("a part of the schema refers to itself without going into the value; take that reference out")]
    Endless,
    #[error("the schema is not valid: {reason}")]
    Invalid { reason: String },
}

/// How an answer stands to a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    Fits,
    /// With the first thing that does not fit.
    Differs(String),
    TooCostly,
}

/// A schema that is ready.
#[derive(Debug)]
pub(crate) struct Schema {
    graph: Graph,
    validator: Validator,
}

impl Schema {
    pub(crate) fn compile(schema: &Value) -> Result<Self, SchemaError> {
        let bytes = schema.to_string().len();
        if bytes > MAX_SCHEMA_BYTES {
            return Err(SchemaError::TooLarge { bytes });
        }
        let graph = Graph::of(schema)?;
        let patterns = PatternOptions::regex().size_limit(MAX_PROGRAM_BYTES).dfa_size_limit(MAX_PROGRAM_BYTES);
        let validator =
            jsonschema::options().offline().with_pattern_options(patterns).build(schema).map_err(|error| {
                SchemaError::Invalid { reason: crate::text::clip(&error.to_string(), 200).into_owned() }
            })?;
        Ok(Self { graph, validator })
    }

    pub(crate) fn check(&self, value: &Value) -> Fit {
        let Some(steps) = self.graph.steps(value, MAX_STEPS) else { return Fit::TooCostly };
        if self.validator.is_valid(value) {
            return Fit::Fits;
        }
        if steps > MAX_EXPLAINED_STEPS {
            return Fit::Differs("does not fit the schema".to_owned());
        }
        match self.validator.iter_errors(value).next() {
            Some(error) => {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "the whole" } else { &place };
                Fit::Differs(format!("at {}: {error}", crate::text::clip(place, 100)))
            }
            None => Fit::Differs("does not fit the schema".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_held_against_the_schema() {
        let schema = Schema::compile(&json!({"type": "object", "required": ["a"],
            "properties": {"a": {"$ref": "#/$defs/positive"}}, "$defs": {"positive": {"type": "integer", "minimum": 1}}}))
        .unwrap();
        assert_eq!(schema.check(&json!({"a": 2})), Fit::Fits);
        assert_eq!(schema.check(&json!({"a": 0})), Fit::Differs("at /a: 0 is less than the minimum of 1".to_owned()));
        assert!(matches!(schema.check(&json!([])), Fit::Differs(why) if why.starts_with("at the whole: ")));
    }

    #[test]
    fn nothing_outside_the_schema_is_fetched() {
        for (schema, keyword) in [
            (json!({"$ref": "http://127.0.0.1:9/schema.json"}), "$ref"),
            (json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}}), "$ref"),
            (json!({"$ref": "#/$defs/absent"}), "$ref"),
            (json!({"$ref": "#anchor"}), "$ref"),
        ] {
            let error = Schema::compile(&schema).unwrap_err();
            assert!(matches!(error, SchemaError::Reference { keyword: k, .. } if k == keyword), "{error}");
        }
        assert!(matches!(Schema::compile(&json!({"$dynamicRef": "#a"})), Err(SchemaError::Keyword { .. })));
        assert!(matches!(
            Schema::compile(&json!({"properties": {"a": {"$id": "http://127.0.0.1:9/"}}})),
            Err(SchemaError::Keyword { keyword: "$id" })
        ));
        assert!(matches!(
            Schema::compile(&json!({"$schema": "http://127.0.0.1:9/meta"})),
            Err(SchemaError::Invalid { .. })
        ));
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_reason() {
        let error = Schema::compile(&json!({"type": "objekt"})).unwrap_err().to_string();
        assert!(error.contains("objekt"), "{error}");
        assert!(Schema::compile(&json!([])).is_err());
        assert!(Schema::compile(&json!({"pattern": "(a"})).is_err());
        assert!(Schema::compile(&json!({"pattern": r"(?:\p{L}{100}){100}"})).is_err());
        let long = json!({"description": "a".repeat(MAX_SCHEMA_BYTES)});
        assert!(matches!(Schema::compile(&long), Err(SchemaError::TooLarge { .. })));
        assert_eq!(
            Schema::compile(&json!({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}))
                .unwrap_err(),
            SchemaError::Endless
        );
    }

    #[test]
    fn a_schema_that_doubles_its_work_is_too_costly() {
        let mut defs = serde_json::Map::new();
        for i in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
            defs.insert(format!("d{i}"), json!({"allOf": [next, next]}));
        }
        defs.insert("d40".to_owned(), json!({"type": "string"}));
        let schema = Schema::compile(&json!({"$ref": "#/$defs/d0", "$defs": defs})).unwrap();
        assert_eq!(schema.check(&json!("a")), Fit::TooCostly);
    }

    #[test]
    fn recursion_through_two_branches_is_bounded_by_the_answer() {
        let branch = json!({"properties": {"a": {"$ref": "#"}}});
        let schema = Schema::compile(&json!({"allOf": [branch, branch]})).unwrap();
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!({"a": value}));
        assert_eq!(schema.check(&nested(5)), Fit::Fits);
        assert_eq!(schema.check(&nested(60)), Fit::TooCostly);
    }

    #[test]
    fn a_long_text_is_not_sought_through_by_patterns() {
        let schema = Schema::compile(&json!({"type": "string", "pattern": "^a+$"})).unwrap();
        assert_eq!(schema.check(&json!("a".repeat(10_000))), Fit::Fits);
        assert_eq!(schema.check(&json!("a".repeat(100_000))), Fit::TooCostly);
        let many: serde_json::Map<String, Value> = (0..1_000).map(|i| (format!("^x{i}"), json!({}))).collect();
        let schema = Schema::compile(&json!({"patternProperties": many})).unwrap();
        assert_eq!(schema.check(&json!({"a": 1})), Fit::Fits);
        assert_eq!(schema.check(&json!({"a".repeat(1_000): 1})), Fit::TooCostly);
    }

    #[test]
    fn a_tree_of_any_size_is_checked() {
        let schema =
            Schema::compile(&json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
            "additionalProperties": false}))
            .unwrap();
        let tree = (0..12).fold(json!({}), |tree, _| json!({"left": tree, "right": tree}));
        assert_eq!(schema.check(&tree), Fit::Fits);
    }

    #[test]
    fn the_deepest_schema_that_is_taken_fits_a_small_stack() {
        let deepest = || {
            let nested = (0..50).fold(json!({"type": "string"}), |inner, _| json!({"properties": {"a": inner}}));
            let mut defs = serde_json::Map::new();
            for i in 0..120 {
                defs.insert(format!("d{i}"), json!({"items": {"$ref": format!("#/$defs/d{}", i + 1)}}));
            }
            defs.insert("d120".to_owned(), nested);
            let schema = json!({"$ref": "#/$defs/d0", "$defs": defs});
            let value = (0..100).fold(json!([]), |value, _| json!([value]));
            Schema::compile(&schema).map(|schema| schema.check(&value))
        };
        let done = std::thread::Builder::new().stack_size(1 << 20).spawn(deepest).unwrap().join().unwrap();
        assert_eq!(done, Ok(Fit::Fits));
    }
}
