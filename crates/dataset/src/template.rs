//! A prompt with places for a row's values.
//!
//! `{{name}}` stands for the value of the column `name`; spaces beside the name are passed over. `\{{` is a literal
//! `{{`, and `\\{{name}}` a backslash before a value; elsewhere a backslash is itself. Values are put in as they are and
//! never looked at for places of their own.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    phrase::{list, quoted, size},
    row::Columns,
};

/// Most bytes of a rendered prompt.
pub const MAX_RENDERED: usize = 4 << 20;

/// Most bytes of a name that another is likened to.
const LIKENED: usize = 64;

/// A template that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place { name: String, position: Position },
}

/// Where something is in a template, both from 1; a column is a Unicode scalar value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Where what follows `text` is, when `text` is here.
    fn behind(self, text: &str) -> Self {
        match text.rsplit_once('\n') {
            Some((before, last)) => {
                Self { line: self.line + before.matches('\n').count() + 1, column: last.chars().count() + 1 }
            }
            None => Self { column: self.column + text.chars().count(), ..self },
        }
    }
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("`{{{{` in line {}, column {} is never closed: close it with `}}}}`, or write `\\{{{{` for a literal", .0.line, .0.column)]
    Unclosed(Position),
    #[error("`{{{{}}}}` in line {}, column {} names no column", .0.line, .0.column)]
    Unnamed(Position),
    #[error("the name {} in line {}, column {} holds a brace or a line break: close the place with `}}}}`, or write `\\{{{{` for a literal", quoted(.name), .position.line, .position.column)]
    Name { name: String, position: Position },
}

/// A place for a column that the file does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} in line {}, column {} of the template is no column{}: the columns are {}", quoted(.name), .position.line, .position.column, advice(.near.as_deref()), list(.columns))]
pub struct UnknownColumn {
    pub name: String,
    pub position: Position,
    /// The column that it is likely meant for.
    pub near: Option<String>,
    pub columns: Vec<String>,
}

fn advice(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean {}?)", quoted(near))).unwrap_or_default()
}

/// Why a row does not fill a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the column {} is missing, and the template needs it", quoted(.0))]
    Missing(String),
    #[error("the column {} is null, and the template needs it", quoted(.0))]
    Null(String),
    #[error("the prompt is larger than {}", size(MAX_RENDERED as u64))]
    TooLarge,
}

impl Template {
    /// Reads a template. A text without places is one.
    ///
    /// # Errors
    /// The first place that is none, with its position.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        let mut at = Position { line: 1, column: 1 };
        while let Some(open) = rest.find("{{") {
            let before = &rest[..open];
            let position = at.behind(before);
            let unescaped = before.strip_suffix('\\');
            if let Some(before) = unescaped.filter(|before| !before.ends_with('\\')) {
                literal.push_str(before);
                literal.push_str("{{");
                at = position.behind("{{");
                rest = &rest[open + 2..];
                continue;
            }
            literal.push_str(unescaped.unwrap_or(before));
            let inside = &rest[open + 2..];
            let close = inside.find("}}").ok_or(ParseError::Unclosed(position))?;
            let name = inside[..close].trim();
            if name.is_empty() {
                return Err(ParseError::Unnamed(position));
            }
            if name.contains(['{', '}', '\n', '\r']) {
                return Err(ParseError::Name { name: name.to_owned(), position });
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Place { name: name.to_owned(), position });
            at = position.behind(&rest[open..open + close + 4]);
            rest = &inside[close + 2..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// The columns that it has places for, each once, in the order of their first place.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.places().map(|(name, _)| name).filter(|name| seen.insert(*name)).collect()
    }

    fn places(&self) -> impl Iterator<Item = (&str, Position)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place { name, position } => Some((name.as_str(), *position)),
            Part::Literal(_) => None,
        })
    }

    /// Holds the places against the columns that there are.
    ///
    /// # Errors
    /// The first place whose column is not among them.
    pub fn check(&self, columns: &[String]) -> Result<(), UnknownColumn> {
        let known: std::collections::HashSet<&str> = columns.iter().map(String::as_str).collect();
        match self.places().find(|(name, _)| !known.contains(name)) {
            None => Ok(()),
            Some((name, position)) => {
                let near = near(name, columns).cloned();
                Err(UnknownColumn { name: name.to_owned(), position, near, columns: columns.to_vec() })
            }
        }
    }

    /// The prompt of a row: strings as they are, all else as compact JSON.
    ///
    /// # Errors
    /// The first place whose column is missing or null; more than [`MAX_RENDERED`] bytes.
    pub fn render(&self, columns: &Columns) -> Result<String, RenderError> {
        let mut prompt = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => push(&mut prompt, text)?,
                Part::Place { name, .. } => match columns.get(name) {
                    None => return Err(RenderError::Missing(name.clone())),
                    Some(Value::Null) => return Err(RenderError::Null(name.clone())),
                    Some(Value::String(text)) => push(&mut prompt, text)?,
                    Some(other) => {
                        // A value is no larger than its row, so it is bounded before it is added.
                        let mut text = String::new();
                        write!(text, "{other}").map_err(|_| RenderError::TooLarge)?;
                        push(&mut prompt, &text)?;
                    }
                },
            }
        }
        Ok(prompt)
    }
}

fn push(prompt: &mut String, text: &str) -> Result<(), RenderError> {
    if prompt.len() + text.len() > MAX_RENDERED {
        return Err(RenderError::TooLarge);
    }
    prompt.push_str(text);
    Ok(())
}

/// The column that a name is likely meant for: the same but for case, or the one with the fewest slips, at most one in
/// three characters.
fn near<'a>(name: &str, columns: &'a [String]) -> Option<&'a String> {
    if name.len() > LIKENED {
        return None;
    }
    let folded = name.to_lowercase();
    let most = (folded.chars().count() / 3).clamp(1, 3);
    let distances = columns.iter().filter(|column| column.len() <= LIKENED).map(|column| {
        let distance = strsim::osa_distance(&folded, &column.to_lowercase());
        (distance, column)
    });
    distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, column)| column)
}
