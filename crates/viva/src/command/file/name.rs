//! Names of files in a session: checked, and written into an address.

use crate::{client::ApiError, failure::Failure};

/// The name as a part of an address. Checked first: `..` in an address would name something else than a file.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn encoded(name: &str) -> anyhow::Result<String> {
    domain::naming::file_path(name).map_err(|error| Failure::usage(format!("`{name}`: {}", error.message)))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    Ok(name
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect())
}

/// The last of its names: what it is called outside.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The error, or that there is no such file.
pub(super) fn or_unknown(error: anyhow::Error, name: &str) -> anyhow::Error {
    match error.downcast_ref::<ApiError>() {
        Some(api) if api.is_not_found() => Failure::new(format!("the session has no file `{name}`"))
            .hint("see them: `viva file list`; name another session: `--session`")
            .into(),
        Some(_) | None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_so_that_they_stay_below_the_files() {
        assert_eq!(encoded("a b/ü?#%.csv").unwrap(), "a%20b/%C3%BC%3F%23%25.csv");
        for wrong in ["", "..", "a/../../x", "a//b", "/a", "a/", "./a", "a\\b", "a\nb"] {
            assert!(encoded(wrong).is_err(), "{wrong}");
        }
        assert_eq!(last("a/b/c.csv"), "c.csv");
    }
}
