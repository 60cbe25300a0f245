//! Sample code for a session's endpoint: each runs as pasted.

use protocol::session::{Endpoint, EndpointSamples};

use crate::gateway::request::Kind;

/// The endpoint with its samples, which ask what the model can answer.
pub(crate) fn endpoint(base_url: String, token: String, model: String, kind: Kind) -> Endpoint {
    let question = Question::of(kind);
    let samples = EndpointSamples {
        curl: curl(&base_url, &token, &model, &question),
        python: python(&base_url, &token, &model, &question),
        requests: requests(&base_url, &token, &model, &question),
        javascript: javascript(&base_url, &token, &model, &question),
    };
    Endpoint { base_url, token, model, samples }
}

/// What the samples ask, in each language, and where the answer stands.
struct Question {
    path: &'static str,
    /// The call of the SDKs.
    method: &'static str,
    json: &'static str,
    python: &'static str,
    javascript: &'static str,
    /// Of a choice of a chunk.
    python_piece: &'static str,
    javascript_piece: &'static str,
    /// Of a choice of a whole answer.
    text: &'static str,
}

impl Question {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Chat => Self {
                path: "/chat/completions",
                method: "chat.completions",
                json: r#""messages": [{"role": "user", "content": "Hello!"}]"#,
                python: r#"messages=[{"role": "user", "content": "Hello!"}]"#,
                javascript: r#"messages: [{ role: "user", content: "Hello!" }]"#,
                python_piece: ".delta.content",
                javascript_piece: "?.delta?.content",
                text: r#"["message"]["content"]"#,
            },
            Kind::Text => Self {
                path: "/completions",
                method: "completions",
                json: r#""prompt": "Once upon a time", "max_tokens": 100"#,
                python: "prompt=\"Once upon a time\",\n    max_tokens=100",
                javascript: "prompt: \"Once upon a time\",\n  max_tokens: 100",
                python_piece: ".text",
                javascript_piece: "?.text",
                text: r#"["text"]"#,
            },
        }
    }
}

/// A string literal of JSON, which Python and JavaScript read alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A single-quoted word of a POSIX shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn curl(base_url: &str, token: &str, model: &str, question: &Question) -> String {
    let body = format!(r#"{{"model": {}, {}}}"#, quoted(model), question.json);
    format!(
        "curl {} \\\n  -H {} \\\n  -H 'Content-Type: application/json' \\\n  -d {}\n",
        shell(&format!("{base_url}{}", question.path)),
        shell(&format!("Authorization: Bearer {token}")),
        shell(&body)
    )
}

fn python(base_url: &str, token: &str, model: &str, question: &Question) -> String {
    format!(
        r#"from openai import OpenAI

client = OpenAI(base_url={}, api_key={})

stream = client.{}.create(
    model={},
    {},
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0]{} or "", end="", flush=True)
print()
"#,
        quoted(base_url),
        quoted(token),
        question.method,
        quoted(model),
        question.python,
        question.python_piece,
    )
}

fn requests(base_url: &str, token: &str, model: &str, question: &Question) -> String {
    format!(
        r#"import requests

response = requests.post(
    {},
    headers={{"Authorization": {}}},
    json={{"model": {}, {}}},
    timeout=600,
)
response.raise_for_status()
print(response.json()["choices"][0]{})
"#,
        quoted(&format!("{base_url}{}", question.path)),
        quoted(&format!("Bearer {token}")),
        quoted(model),
        question.json,
        question.text,
    )
}

fn javascript(base_url: &str, token: &str, model: &str, question: &Question) -> String {
    format!(
        r#"import OpenAI from "openai";

const client = new OpenAI({{ baseURL: {}, apiKey: {} }});

const stream = await client.{}.create({{
  model: {},
  {},
  stream: true,
}});
for await (const chunk of stream) {{
  process.stdout.write(chunk.choices[0]{} ?? "");
}}
console.log();
"#,
        quoted(base_url),
        quoted(token),
        question.method,
        quoted(model),
        question.javascript,
        question.javascript_piece,
    )
}
