//! Statements for many rows at a time.

use sqlx::AssertSqlSafe;

/// Rows of one statement: few sizes, so that each stays prepared.
const SIZES: [usize; 3] = [64, 8, 1];

/// Cuts a list into runs of the sizes that stay prepared.
pub(crate) fn runs<T>(mut list: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= list.len())?;
        let (run, rest) = list.split_at(size);
        list = rest;
        Some(run)
    })
}

/// A statement with a tuple of values for each row; of constants only, as it is not checked.
pub(crate) fn repeated(
    head: &'static str,
    values: &'static str,
    count: usize,
    tail: &'static str,
) -> AssertSqlSafe<String> {
    let mut sql = String::with_capacity(head.len() + (values.len() + 1) * count + tail.len());
    sql.push_str(head);
    for index in 0..count {
        if index > 0 {
            sql.push(',');
        }
        sql.push_str(values);
    }
    sql.push_str(tail);
    AssertSqlSafe(sql)
}
