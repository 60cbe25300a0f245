//! What names and descriptions may be, and the name that is offered.

use jiff::{Timestamp, tz::TimeZone};
use protocol::FieldError;

/// Longest name, in Unicode scalar values.
pub const MAX_NAME: usize = 100;
/// Longest description, in Unicode scalar values.
pub const MAX_DESCRIPTION: usize = 200;

/// The name as it is kept: trimmed, 1 to 100 characters, none of them a control character.
///
/// # Errors
/// The rule that it breaks, for the field `name`.
pub fn name(text: &str) -> Result<String, FieldError> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 {
        return Err(FieldError::new("name", "empty", "the name is empty; give 1 to 100 characters, or leave it out"));
    }
    if length > MAX_NAME {
        return Err(FieldError::new(
            "name",
            "too_long",
            format!("the name has {length} characters; at most {MAX_NAME} are allowed"),
        ));
    }
    if let Some(control) = name.chars().find(|c| c.is_control()) {
        return Err(FieldError::new(
            "name",
            "control_character",
            format!("the name holds the control character U+{:04X}; take it out", u32::from(control)),
        ));
    }
    Ok(name.to_owned())
}

/// Longest name of a user, in Unicode scalar values.
pub const MAX_USER_NAME: usize = 64;
/// Lengths of a password, in Unicode scalar values. NIST SP 800-63B asks for no rules of composition, and for a length
/// that guesses do not reach.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// The name of a user as it is kept: as other names, shorter, and none that could be taken for an id.
///
/// # Errors
/// The rule that it breaks, for the field `name`.
pub fn user_name(text: &str) -> Result<String, FieldError> {
    let name = name(text)?;
    let length = name.chars().count();
    if length > MAX_USER_NAME {
        let message = format!("the name has {length} characters; at most {MAX_USER_NAME} are allowed");
        return Err(FieldError::new("name", "too_long", message));
    }
    if name.starts_with(protocol::UserId::PREFIX) {
        let message = format!("the name begins as an id does, with `{}`; choose another one", protocol::UserId::PREFIX);
        return Err(FieldError::new("name", "reserved", message));
    }
    Ok(name)
}

/// What a user is called of whose name nothing can be kept.
const NAMELESS: &str = "user";

/// The names to offer to a user whom somebody else calls `text`, best first: that, then with `-2`, `-3` … What the rules
/// refuse is taken out of it.
pub fn offered_user_names(text: &str) -> impl Iterator<Item = String> {
    let kept: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut kept = kept.trim();
    while let Some(rest) = kept.strip_prefix(protocol::UserId::PREFIX) {
        kept = rest.trim_start();
    }
    let base = if kept.is_empty() { NAMELESS.to_owned() } else { kept.to_owned() };
    let with = move |ending: &str| {
        let room = MAX_USER_NAME - ending.chars().count();
        let begin: String = base.chars().take(room).collect();
        format!("{}{ending}", begin.trim_end())
    };
    let first = with("");
    std::iter::once(first).chain((2u32..).map(move |number| with(&format!("-{number}"))))
}

/// Refuses a password that is too short or too long.
///
/// # Errors
/// The rule that it breaks, for the field `password`.
pub fn check_password(text: &str) -> Result<(), FieldError> {
    let length = text.chars().count();
    if PASSWORD_LENGTH.contains(&length) {
        return Ok(());
    }
    let (least, most) = (PASSWORD_LENGTH.start(), PASSWORD_LENGTH.end());
    let code = if length < *least { "too_short" } else { "too_long" };
    Err(FieldError::new("password", code, format!("the password has {length} characters; give {least} to {most}")))
}

/// The description as it is kept: trimmed, at most 200 characters; an empty one is none. Line breaks are allowed.
///
/// # Errors
/// The rule that it breaks, for the field `description`.
pub fn description(text: &str) -> Result<Option<String>, FieldError> {
    let text = text.trim();
    let length = text.chars().count();
    if length > MAX_DESCRIPTION {
        return Err(FieldError::new(
            "description",
            "too_long",
            format!("the description has {length} characters; at most {MAX_DESCRIPTION} are allowed"),
        ));
    }
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(FieldError::new(
            "description",
            "control_character",
            format!("the description holds the control character U+{:04X}; take it out", u32::from(control)),
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Longest path of a file, in bytes.
pub const MAX_PATH: usize = 1024;
/// Longest part of a path, in bytes: what file systems take as a name.
pub const MAX_PATH_PART: usize = 255;

/// Checks the path of a session's file: names parted by `/`, none of them empty, `.` or `..`, no backslash and no
/// control character, so that whoever downloads it can use it as it is.
///
/// # Errors
/// The rule that it breaks, for the field `path`.
pub fn file_path(path: &str) -> Result<(), FieldError> {
    let wrong = |code: &str, message: String| Err(FieldError::new("path", code, message));
    if path.is_empty() {
        return wrong("empty", "the path is empty; give a name such as `cases.jsonl`".to_owned());
    }
    if path.len() > MAX_PATH {
        return wrong("too_long", format!("the path has {} bytes; at most {MAX_PATH} are allowed", path.len()));
    }
    if let Some(c) = path.chars().find(|c| c.is_control() || *c == '\\') {
        return wrong("character", format!("the path holds the character U+{:04X}; take it out", u32::from(c)));
    }
    for part in path.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            let message = format!("the path has `{part}` for a name; give names parted by single slashes");
            return wrong("name", message);
        }
        if part.len() > MAX_PATH_PART {
            let message = format!("a name in the path has {} bytes; at most {MAX_PATH_PART} are allowed", part.len());
            return wrong("too_long", message);
        }
    }
    Ok(())
}

/// The names to offer at `now`, best first: `int.session_YYYYMMDDhhmmss` (UTC), then with `-2`, `-3` …
pub fn offered(now: Timestamp) -> impl Iterator<Item = String> {
    let base = now.to_zoned(TimeZone::UTC).strftime("int.session_%Y%m%d%H%M%S").to_string();
    std::iter::once(base.clone()).chain((2u32..).map(move |n| format!("{base}-{n}")))
}
