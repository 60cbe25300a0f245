//! Lists, read page by page.

use protocol::session::Page;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Context;

/// Most items of a page.
const PAGE: usize = 200;

/// The first items of a list, as the API gives it: its pages in one, with the cursor after the last of them.
pub(super) struct List(Map<String, Value>);

impl List {
    /// Reads up to `most` items.
    ///
    /// # Errors
    /// The server refuses, is not reached, or answers something else than a page.
    pub(super) async fn read(
        context: &Context<'_>,
        path: &str,
        query: &[(&str, String)],
        most: usize,
    ) -> anyhow::Result<Self> {
        let mut list = Self(Map::new());
        loop {
            let room = most.saturating_sub(list.items().len()).min(PAGE);
            let mut query = query.to_vec();
            query.push(("limit", room.to_string()));
            query.extend(list.cursor().map(|cursor| ("cursor", cursor.to_owned())));
            list.append(context.client.get(path, &query).await?.read()?);
            if list.cursor().is_none() || list.items().len() >= most {
                return Ok(list);
            }
        }
    }

    fn items(&self) -> &[Value] {
        self.0.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn cursor(&self) -> Option<&str> {
        self.0.get("next_cursor").and_then(Value::as_str)
    }

    fn append(&mut self, mut page: Map<String, Value>) {
        let more = page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        let mut items = self.0.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        items.extend(more);
        page.insert("items".to_owned(), items.into());
        self.0 = page;
    }

    /// The list as the API would have given it in one page.
    pub(super) fn json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// # Errors
    /// Its items are of another shape.
    pub(super) fn page<T: DeserializeOwned>(self) -> anyhow::Result<Page<T>> {
        Ok(serde_json::from_value(Value::Object(self.0))?)
    }
}

/// Everything of a list, newest first.
pub(super) async fn list_all<T: DeserializeOwned>(context: &Context<'_>, path: &str) -> anyhow::Result<Vec<T>> {
    Ok(List::read(context, path, &[], usize::MAX).await?.page()?.items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_become_one_list_with_the_last_ones_cursor() {
        let mut list = List(Map::new());
        for page in [
            json!({"items": [1, 2], "next_cursor": "b", "counts": {"running": 2}}),
            json!({"items": [3], "next_cursor": null, "counts": {"running": 3}}),
        ] {
            list.append(serde_json::from_value(page).unwrap());
        }
        assert_eq!(list.cursor(), None);
        let json: Value = serde_json::from_str(&list.json()).unwrap();
        assert_eq!(json, json!({"items": [1, 2, 3], "next_cursor": null, "counts": {"running": 3}}));
        assert_eq!(list.page::<u32>().unwrap().items, [1, 2, 3]);
    }
}
