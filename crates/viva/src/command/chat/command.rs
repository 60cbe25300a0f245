//! The commands of a conversation: lines that begin with a slash.

use crate::failure::Failure;

pub(super) const HELP: &str = "\
/system TEXT      set the system message; without TEXT: none
/set NAME VALUE   set a parameter; without a value: its default; /set alone shows all
/retry            ask the last message again
/raw [TEXT]       show the prompt as the model's template renders it
/history          show the conversation
/save FILE        write the conversation, as Markdown (.md) or JSON lines (.jsonl)
/new              begin a new conversation
/exit             leave; the session goes on
A line that ends with \\ goes on in the next one. Ctrl-C stops an answer, Ctrl-D leaves.";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    /// `None` takes the system message away.
    System(Option<String>),
    ShowSettings,
    /// An empty value is the default.
    Set(String, String),
    Retry,
    Save(String),
    Raw(Option<String>),
    History,
    New,
    Exit,
}

/// The command of a line; `None` for a message. `//` begins a message with a slash.
///
/// # Errors
/// There is no such command, or it lacks its argument.
pub(super) fn parse(line: &str) -> anyhow::Result<Option<Command>> {
    let Some(rest) = line.trim_start().strip_prefix('/') else { return Ok(None) };
    if rest.starts_with('/') {
        return Ok(None);
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let argument = argument.trim();
    let given = || (!argument.is_empty()).then(|| argument.to_owned());
    Ok(Some(match name {
        "help" | "?" => Command::Help,
        "system" => Command::System(given()),
        "set" => match argument.split_once(char::is_whitespace) {
            Some((name, value)) => Command::Set(name.to_owned(), value.trim().to_owned()),
            None if argument.is_empty() => Command::ShowSettings,
            None => Command::Set(argument.to_owned(), String::new()),
        },
        "retry" => Command::Retry,
        "save" => Command::Save(given().ok_or_else(|| Failure::new("no file is named").hint("/save talk.md"))?),
        "raw" => Command::Raw(given()),
        "history" => Command::History,
        "new" => Command::New,
        "exit" | "quit" | "bye" => Command::Exit,
        other => {
            let hint = "/help tells the commands; a message that begins with a slash is written with two";
            return Err(Failure::new(format!("there is no command `/{other}`")).hint(hint).into());
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_a_slash_are_commands() {
        let parsed = |line: &str| parse(line).unwrap();
        assert_eq!(parsed("hello /exit"), None);
        assert_eq!(parsed("//etc/hosts?"), None);
        assert_eq!(parsed("/system  Be brief. "), Some(Command::System(Some("Be brief.".into()))));
        assert_eq!(parsed("/system"), Some(Command::System(None)));
        assert_eq!(parsed("/set"), Some(Command::ShowSettings));
        assert_eq!(parsed("/set temperature 0.3"), Some(Command::Set("temperature".into(), "0.3".into())));
        assert_eq!(parsed("/set seed"), Some(Command::Set("seed".into(), String::new())));
        assert_eq!(parsed(" /exit"), Some(Command::Exit));
        assert_eq!(parsed("/raw hi there"), Some(Command::Raw(Some("hi there".into()))));
        assert!(parse("/save").is_err());
        assert!(parse("/sing").unwrap_err().to_string().contains("`/sing`"));
    }
}
