//! Typed ids: a prefix that names the kind, then 32 hexadecimal digits of a UUID version 7 (RFC 9562),
//! so that ids sort by creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{PartialSchema, ToSchema, openapi};
use uuid::Uuid;

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind} id: expected `{prefix}` and 32 lower-case hexadecimal digits")]
pub struct InvalidId {
    text: String,
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! id {
    ($name:ident, $kind:literal, $prefix:literal) => {
        #[doc = concat!("The id of a ", $kind, ": `", $prefix, "` and 32 lower-case hexadecimal digits.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &str = $prefix;

            /// A new id; ids made later in one process sort after earlier ones.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = || InvalidId { text: text.chars().take(64).collect(), kind: $kind, prefix: $prefix };
                let digits = text.strip_prefix($prefix).ok_or_else(invalid)?;
                let canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !canonical {
                    return Err(invalid());
                }
                Uuid::try_parse(digits).map(Self).map_err(|_| invalid())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> openapi::RefOr<openapi::schema::Schema> {
                openapi::ObjectBuilder::new()
                    .schema_type(openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "[0-9a-f]{32}$")))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

id!(SessionId, "session", "ses_");
id!(CompletionId, "completion", "cmpl_");
id!(ModelId, "model", "mdl_");
id!(UserId, "user", "usr_");
id!(FileId, "file", "file_");
id!(TaskId, "task", "task_");
id!(TestSetId, "test set", "set_");
id!(KeyId, "API key", "key_");
id!(SessionTokenId, "session's token", "tok_");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_and_survive_text() {
        let ids: Vec<SessionId> = (0..100).map(|_| SessionId::generate()).collect();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn only_the_canonical_form_of_the_right_kind_is_an_id() {
        let id = SessionId::generate().to_string();
        assert!(id.parse::<UserId>().is_err());
        assert!(id.to_uppercase().parse::<SessionId>().is_err());
        assert!(id[..id.len() - 1].parse::<SessionId>().is_err());
    }
}
