//! How a row stands in the store: JSON of its columns, or of its call and body.

use dataset::{Columns, Content, Endpoint, Row};
use serde_json::{Map, Value, json};
use store::PendingRow;

/// The row's content as it is stored.
pub(super) fn stored(content: &Content) -> String {
    match content {
        Content::Columns(columns) => json!({"columns": columns}),
        Content::Request { endpoint, body } => json!({"endpoint": endpoint.path(), "body": body}),
    }
    .to_string()
}

/// The row of what is stored; none where this version cannot read it.
pub(super) fn read(row: &PendingRow) -> Option<Row> {
    let mut content: Map<String, Value> = serde_json::from_str(&row.content).ok()?;
    let content = match content.remove("columns") {
        Some(columns) => Content::Columns(serde_json::from_value::<Columns>(columns).ok()?),
        None => Content::Request {
            endpoint: Endpoint::find(content.get("endpoint")?.as_str()?)?,
            body: content.remove("body").and_then(|body| serde_json::from_value(body).ok())?,
        },
    };
    Some(Row { line: row.line, custom_id: row.custom_id.clone(), content })
}

/// What a column holds, as text: what a score is compared with.
pub(super) fn text(columns: &Columns, name: &str) -> Option<String> {
    match columns.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_being_stored_with_its_columns_in_order() {
        let columns: Columns = [("z", json!("a \"b\"")), ("a", json!(1.5)), ("m", json!(null))].into_iter().collect();
        let body = json!({"messages": []}).as_object().cloned().unwrap();
        for content in [Content::Columns(columns), Content::Request { endpoint: Endpoint::Text, body }] {
            let row = PendingRow { number: 0, line: 3, custom_id: Some("x".to_owned()), content: stored(&content) };
            assert_eq!(read(&row), Some(Row { line: 3, custom_id: Some("x".to_owned()), content }));
        }
    }
}
