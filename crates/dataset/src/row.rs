//! A row: columns to fill a prompt from, or a whole request.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// One row of a task's input.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of the file, or row of the sheet, that it starts in, from 1.
    pub line: u64,
    /// The name that a batch line brings; no two rows of a file have the same.
    pub custom_id: Option<String>,
    pub content: Content,
}

/// What a row holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Columns(Columns),
    /// A batch line's request, with its body as written.
    Request {
        endpoint: Endpoint,
        body: Map<String, Value>,
    },
}

/// The call that a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Chat,
    Text,
}

impl Endpoint {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chat, Self::Text];

    /// The path below the server's address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Text => "/v1/completions",
        }
    }

    /// The call of a path.
    pub fn find(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }
}

/// Values by column, in the order of the file. A cell of CSV is a string; one of a sheet is a string, a number or a
/// boolean; an empty cell is the empty string in both.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Columns(Map<String, Value>);

impl Columns {
    /// The column's value; null where a JSON row says so.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>> FromIterator<(N, Value)> for Columns {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(columns: I) -> Self {
        Self(columns.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl From<Columns> for Map<String, Value> {
    fn from(columns: Columns) -> Self {
        columns.0
    }
}

impl<'de> Deserialize<'de> for Columns {
    /// Refuses a name that comes twice: which of the two values is meant cannot be told.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Columns;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Columns, A::Error> {
                let mut columns = Map::new();
                while let Some(name) = access.next_key::<String>()? {
                    if columns.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{} comes twice", crate::phrase::quoted(&name))));
                    }
                    columns.insert(name, access.next_value()?);
                }
                Ok(Columns(columns))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
