//! Lists as OpenAI pages them: `after` an id, at most `limit`.

use serde_json::{Value, json};
use store::Paging;

/// The page that is asked for. `most`: items where none are asked for, and at most. `after`: the letter that the store's
/// cursors of the list begin with, an id, and its prefix.
pub(super) fn paging(limit: Option<u32>, (usual, most): (u32, u32), after: Option<(char, &str, &str)>) -> Paging {
    let cursor = after.map(|(list, id, prefix)| format!("{list}{}", id.trim_start_matches(prefix)));
    Paging { limit: limit.unwrap_or(usual).clamp(1, most), cursor }
}

/// A page; `next` where there are more.
pub(super) fn listed(data: Vec<Value>, next: Option<&String>) -> Value {
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
    json!({
        "object": "list",
        "first_id": id(data.first()),
        "last_id": id(data.last()),
        "has_more": next.is_some(),
        "data": data,
    })
}
