//! `viva task rows`.

use protocol::{
    session::Page,
    task::{RowState, TaskRow},
};
use serde_json::{Value, json};

use super::{find_task, path, view};
use crate::{
    cli::RowsArgs,
    command::{Context, figures::counted, list::List},
    output::Paint,
};

pub(super) async fn run(args: &RowsArgs, context: &Context<'_>) -> anyhow::Result<()> {
    let task = find_task(context, &args.task).await?;
    let output = context.output;
    let mut query = Vec::new();
    query.extend(args.search.clone().map(|text| ("q", text)));
    let rows = format!("{}/rows", path(task.id));
    let most = args.amount.most();
    let json = if args.failed {
        let mut lists = Vec::new();
        for state in [RowState::Failed, RowState::Invalid] {
            let query = [query.as_slice(), &[("state", state.as_str().to_owned())]].concat();
            lists.push(List::read(context, &rows, &query, most).await?.page::<Value>()?);
        }
        serde_json::to_string(&merged(lists, most))?
    } else {
        List::read(context, &rows, &query, most).await?.json()
    };
    if output.is_json() {
        output.json(&json);
        return Ok(());
    }
    let page: Page<TaskRow> = serde_json::from_str(&json)?;
    if page.items.is_empty() {
        output.line(if args.failed { "Every row that was tried has an answer." } else { "No rows." });
        return Ok(());
    }
    output.write(&view::rows_table(&task, &page.items).render(output.style(), output.width()));
    if page.next_cursor.is_some() {
        let foot =
            format!("The first {}; there are more: --all, --limit, --search.", counted(page.items.len() as u64, "row"));
        output.line(&output.style().paint(Paint::Dim, &foot));
    }
    Ok(())
}

/// Two lists of rows as one, in the order of the input; where rows are left out, the cursor is that of the next one.
fn merged(lists: Vec<Page<Value>>, most: usize) -> Value {
    let number = |row: &Value| row["number"].as_u64().unwrap_or(0);
    let mut is_cut = lists.iter().any(|list| list.next_cursor.is_some());
    let mut rows: Vec<Value> = lists.into_iter().flat_map(|list| list.items).collect();
    rows.sort_by_key(number);
    is_cut |= rows.len() > most;
    rows.truncate(most);
    let cursor = rows.last().filter(|_| is_cut).map(|row| format!("r{}", number(row) + 1));
    json!({ "items": rows, "next_cursor": cursor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_two_lists_are_told_in_their_order_and_none_is_left_out_unsaid() {
        let page = |numbers: &[u64], next_cursor: Option<&str>| Page {
            items: numbers.iter().map(|number| json!({ "number": number })).collect(),
            next_cursor: next_cursor.map(str::to_owned),
        };
        let all = merged(vec![page(&[1, 5], None), page(&[3], None)], 10);
        assert_eq!(all, json!({"items": [{"number": 1}, {"number": 3}, {"number": 5}], "next_cursor": null}));
        let some = merged(vec![page(&[1, 5], Some("r9")), page(&[3], None)], 2);
        assert_eq!(some, json!({"items": [{"number": 1}, {"number": 3}], "next_cursor": "r4"}));
    }
}
