//! A model without a chat template: it is no conversation partner, but it answers.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

/// Adds the model `plain`, and shows it.
pub(crate) async fn add_plain(viva: &Viva) -> Value {
    let query = "name=plain&filename=plain.gguf&learning_stage=instruction_tuned";
    let upload = viva.client().post(format!("{}/api/v1/models?{query}", viva.url)).bearer_auth(TOKEN);
    let added = upload.body(without_template()).send().await.unwrap();
    assert_eq!(added.status(), 201);
    added.json().await.unwrap()
}

/// The demo model with its template under a key that nobody reads.
fn without_template() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/demo/demo-early.gguf");
    let mut bytes = std::fs::read(path).unwrap();
    let key = b"tokenizer.chat_template";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap();
    bytes[at + key.len() - 1] = b'x';
    bytes
}

#[tokio::test]
async fn a_model_without_a_chat_template_runs_and_continues_text() {
    let viva = Viva::start(VIVA).await;
    let added = add_plain(&viva).await;
    assert_eq!((&added["has_chat_template"], &added["eligible"]), (&json!(false), &json!(true)), "{added}");
    let id = viva.running_session(json!({"model": "plain"})).await;
    let (token, _) = viva.endpoint(&id).await;
    let body = json!({"model": "plain", "prompt": "Hello", "max_tokens": 4, "temperature": 0});
    let answer = viva.ask_with(&token, Method::POST, "/v1/completions", Some(body)).await.expect(200);
    assert_eq!(answer["object"], "text_completion");
    // Messages cannot be rendered: that is said, with what to do, and counts for nothing.
    let body = json!({"model": "plain", "messages": [{"role": "user", "content": "Hello"}]});
    let refused = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "unsupported_parameter"));
    assert!(refused.text.contains("no chat template") && refused.text.contains("/v1/completions"), "{}", refused.text);
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 1);
}
