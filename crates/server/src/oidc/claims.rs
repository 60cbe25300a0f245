//! What a provider says of somebody.

use serde_json::{Map, Value};

/// The claims of a verified token, and of the provider's answer about the person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims(Value);

impl Claims {
    pub(super) const fn new(claims: Value) -> Self {
        Self(claims)
    }

    /// A claim by its name or, as groups often lie within others, by its path with dots.
    fn find(&self, name: &str) -> Option<&Value> {
        let by_path = || name.split('.').try_fold(&self.0, |value, part| value.get(part));
        self.0.get(name).or_else(by_path).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A claim that is a text with something in it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// What an address has before its `@`.
    pub(super) fn before_at(&self, name: &str) -> Option<&str> {
        self.text(name)?.split('@').next().filter(|text| !text.is_empty())
    }

    /// A claim that is a list of texts, or one text.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        match self.find(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// What the provider calls them, as it is: not even a space of it is another person's.
    pub(super) fn subject(&self) -> Option<&str> {
        self.0.get("sub")?.as_str().filter(|subject| !subject.is_empty())
    }

    /// Adds what is not there yet.
    pub(super) fn complete(&mut self, more: Map<String, Value>) {
        if let Value::Object(claims) = &mut self.0 {
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_found_by_name_and_by_path() {
        let mut claims = Claims::new(json!({
            "sub": " 1", "https://example.com/groups": ["a", 1, "b"], "realm": {"roles": "c"}, "email": "@x", "none": null
        }));
        assert_eq!(claims.subject(), Some(" 1"));
        assert_eq!(claims.list("https://example.com/groups"), ["a", "b"]);
        assert_eq!(claims.list("realm.roles"), ["c"]);
        assert_eq!((claims.before_at("email"), claims.text("realm"), claims.has("none")), (None, None, false));
        let Value::Object(more) = json!({"sub": "2", "name": "Ada"}) else { unreachable!() };
        claims.complete(more);
        assert_eq!((claims.subject(), claims.text("name")), (Some(" 1"), Some("Ada")));
    }
}
