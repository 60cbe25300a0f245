//! Sample code for a session's endpoint: each runs as pasted.

use protocol::session::{Endpoint, EndpointSamples};

/// The endpoint with its samples.
pub(crate) fn endpoint(base_url: String, token: String, model: String) -> Endpoint {
    let samples = EndpointSamples {
        curl: curl(&base_url, &token, &model),
        python: python(&base_url, &token, &model),
        requests: requests(&base_url, &token, &model),
        javascript: javascript(&base_url, &token, &model),
    };
    Endpoint { base_url, token, model, samples }
}

/// A string literal of JSON, which Python and JavaScript read alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A single-quoted word of a POSIX shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn curl(base_url: &str, token: &str, model: &str) -> String {
    let body = format!(r#"{{"model": {}, "messages": [{{"role": "user", "content": "Hello!"}}]}}"#, quoted(model));
    format!(
        "curl {} \\\n  -H {} \\\n  -H 'Content-Type: application/json' \\\n  -d {}\n",
        shell(&format!("{base_url}/chat/completions")),
        shell(&format!("Authorization: Bearer {token}")),
        shell(&body)
    )
}

fn python(base_url: &str, token: &str, model: &str) -> String {
    format!(
        r#"from openai import OpenAI

client = OpenAI(base_url={}, api_key={})

stream = client.chat.completions.create(
    model={},
    messages=[{{"role": "user", "content": "Hello!"}}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
"#,
        quoted(base_url),
        quoted(token),
        quoted(model)
    )
}

fn requests(base_url: &str, token: &str, model: &str) -> String {
    format!(
        r#"import requests

response = requests.post(
    {},
    headers={{"Authorization": {}}},
    json={{"model": {}, "messages": [{{"role": "user", "content": "Hello!"}}]}},
    timeout=600,
)
response.raise_for_status()
print(response.json()["choices"][0]["message"]["content"])
"#,
        quoted(&format!("{base_url}/chat/completions")),
        quoted(&format!("Bearer {token}")),
        quoted(model)
    )
}

fn javascript(base_url: &str, token: &str, model: &str) -> String {
    format!(
        r#"import OpenAI from "openai";

const client = new OpenAI({{ baseURL: {}, apiKey: {} }});

const stream = await client.chat.completions.create({{
  model: {},
  messages: [{{ role: "user", content: "Hello!" }}],
  stream: true,
}});
for await (const chunk of stream) {{
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}}
console.log();
"#,
        quoted(base_url),
        quoted(token),
        quoted(model)
    )
}
