//! The messages of a chat.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    error::{RequestError, RequestErrorCode as Code},
    field::{Fields, excerpt, type_name},
};

/// Who speaks. `developer` on the wire is `System`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// What a model takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modality {
    /// Text; an image is refused as `unsupported_parameter`.
    Text,
    /// Text and images, the images as data URLs.
    TextAndImages,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    /// The text; several text parts are joined by a newline.
    pub content: String,
    /// Data URLs of images, in order. Empty for [`Modality::Text`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

pub(super) fn parse_message(value: &Value, path: &str, modality: Modality) -> Result<Message, RequestError> {
    let Value::Object(object) = value else {
        let message = format!("`{path}` must be an object, it is {}", type_name(value));
        return Err(RequestError::at(Code::InvalidParameter, path, message));
    };
    let fields = Fields::new(object, path);
    let role = parse_role(&fields)?;
    for name in ["tool_calls", "function_call"] {
        if fields.find(name).is_some_and(|value| value.as_array().is_none_or(|calls| !calls.is_empty())) {
            return Err(RequestError::unsupported(fields.path(name), "tools and functions are not supported"));
        }
    }
    let mut message = Message { role, content: String::new(), images: Vec::new() };
    match fields.find("content") {
        Some(Value::String(text)) => message.content.clone_from(text),
        Some(Value::Array(parts)) => parse_parts(parts, &fields.path("content"), modality, &mut message)?,
        Some(other) => return Err(fields.wrong_type("content", "a string or an array of parts", other)),
        None if role == Role::Assistant => {}
        None => return Err(fields.missing("content", "a string or an array of parts")),
    }
    Ok(message)
}

fn parse_role(fields: &Fields<'_>) -> Result<Role, RequestError> {
    let wanted = "one of `system`, `developer`, `user`, `assistant`";
    match fields.find_str("role")? {
        Some("system" | "developer") => Ok(Role::System),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool" | "function") => {
            Err(RequestError::unsupported(fields.path("role"), "tools and functions are not supported"))
        }
        Some(other) => {
            let path = fields.path("role");
            let message = format!("`{path}` is `{}`; it must be {wanted}", excerpt(other));
            Err(RequestError::at(Code::InvalidParameter, path, message))
        }
        None => Err(fields.missing("role", wanted)),
    }
}

fn parse_parts(parts: &[Value], path: &str, modality: Modality, message: &mut Message) -> Result<(), RequestError> {
    let mut texts = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let part_path = format!("{path}[{index}]");
        let Value::Object(object) = part else {
            let text = format!("`{part_path}` must be an object, it is {}", type_name(part));
            return Err(RequestError::at(Code::InvalidParameter, part_path, text));
        };
        let fields = Fields::new(object, &part_path);
        match fields.find_str("type")? {
            Some("text") => match fields.find_str("text")? {
                Some(text) => texts.push(text.to_owned()),
                None => return Err(fields.missing("text", "the text of the part")),
            },
            Some("image_url") => message.images.push(parse_image(&fields, modality)?),
            Some(other @ ("input_audio" | "file" | "refusal" | "video_url" | "image")) => {
                let text = format!("a content part of type `{other}` is not supported");
                return Err(RequestError::unsupported(fields.path("type"), text));
            }
            Some(other) => {
                let path = fields.path("type");
                let text = format!("`{path}` is `{}`; it must be `text` or `image_url`", excerpt(other));
                return Err(RequestError::at(Code::InvalidParameter, path, text));
            }
            None => return Err(fields.missing("type", "`text` or `image_url`")),
        }
    }
    message.content = texts.join("\n");
    Ok(())
}

fn parse_image(fields: &Fields<'_>, modality: Modality) -> Result<String, RequestError> {
    if modality == Modality::Text {
        return Err(RequestError::unsupported(
            fields.path("type"),
            "this model takes text only: images are not supported",
        ));
    }
    let url = fields.find("image_url").and_then(|image| image.as_str().or_else(|| image.get("url")?.as_str()));
    let Some(url) = url else { return Err(fields.missing("image_url", "an object with a `url`")) };
    if !url.starts_with("data:image/") {
        let path = fields.path("image_url.url");
        let message = format!("`{path}` must be a data URL (`data:image/...`): no address is fetched");
        return Err(RequestError::at(Code::InvalidParameter, path, message));
    }
    Ok(url.to_owned())
}
