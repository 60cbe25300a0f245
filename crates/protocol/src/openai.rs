//! OpenAI's shapes.
