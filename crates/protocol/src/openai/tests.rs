use serde_json::{Value, json};

use super::*;
use RequestErrorCode as Code;

fn chat(body: Value) -> Result<ChatRequest, RequestError> {
    ChatRequest::parse(body.to_string().as_bytes(), Modality::Text)
}

fn with(field: &str, value: Value) -> Result<ChatRequest, RequestError> {
    chat(json!({"messages": [{"role": "user", "content": "hi"}], field: value}))
}

#[test]
fn a_plain_request_has_the_defaults() {
    let request = chat(json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})).unwrap();
    assert_eq!(request.sampling, Sampling::default());
    assert_eq!((request.stream, request.response_format), (StreamMode::Whole, ResponseFormat::Text));
    assert_eq!(request.messages, [Message { role: Role::User, content: "hi".into(), images: vec![] }]);
}

#[test]
fn null_is_absent_and_unknown_fields_are_ignored() {
    for field in [
        "temperature",
        "top_p",
        "seed",
        "stop",
        "max_tokens",
        "n",
        "stream",
        "stream_options",
        "tools",
        "response_format",
        "x",
    ] {
        assert_eq!(with(field, Value::Null).unwrap().sampling, Sampling::default(), "{field}");
    }
    assert!(with("service_tier", json!({"a": [1]})).is_ok());
}

#[test]
fn numbers_are_held_to_their_bounds() {
    let cases = [
        ("temperature", vec![json!(0), json!(2.0)], vec![json!(-0.1), json!(2.1)]),
        ("top_p", vec![json!(0.01), json!(1)], vec![json!(0), json!(1.01)]),
        ("top_k", vec![json!(-1), json!(0), json!(40)], vec![json!(-2)]),
        ("min_p", vec![json!(0), json!(1)], vec![json!(-0.1), json!(1.1)]),
        ("presence_penalty", vec![json!(-2), json!(2)], vec![json!(-2.1), json!(2.1)]),
        ("frequency_penalty", vec![json!(-2), json!(2)], vec![json!(-2.1), json!(2.1)]),
        ("repetition_penalty", vec![json!(0.1), json!(2)], vec![json!(0), json!(2.1)]),
        ("max_tokens", vec![json!(0), json!(8192), json!(3.0)], vec![json!(-1), json!(8193), json!(1e300)]),
        ("max_completion_tokens", vec![json!(0), json!(8192)], vec![json!(-1), json!(8193)]),
        ("n", vec![json!(1), json!(8)], vec![json!(0), json!(9)]),
        ("seed", vec![json!(-5), json!(i64::MAX)], vec![json!(u64::MAX), json!(1e19)]),
    ];
    for (field, good, bad) in cases {
        for value in good {
            assert!(with(field, value.clone()).is_ok(), "{field} {value}");
        }
        for value in bad {
            let error = with(field, value.clone()).unwrap_err();
            assert_eq!(
                (error.code, error.param.as_deref()),
                (Code::ParameterOutOfRange, Some(field)),
                "{field} {value}"
            );
            assert!(error.message.contains(field) && error.message.contains("must be"), "{}", error.message);
        }
        assert_eq!(with(field, json!("x")).unwrap_err().code, Code::InvalidParameter, "{field}");
    }
    assert_eq!(with("n", json!(1.5)).unwrap_err().code, Code::InvalidParameter);
    let error = with("temperature", json!(2.1)).unwrap_err();
    assert_eq!(error.message, "`temperature` is 2.1; it must be from 0 to 2");
}

#[test]
fn messages_are_checked_and_the_fault_is_named() {
    let at = |messages: Value| chat(json!({"messages": messages})).unwrap_err();
    let user = json!({"role": "user", "content": "hi"});
    let error = at(json!([user, user, {"role": "wizard", "content": ""}]));
    assert_eq!((error.code, error.param.as_deref()), (Code::InvalidParameter, Some("messages[2].role")));
    assert!(error.message.contains("wizard") && error.message.contains("`developer`"));
    assert_eq!(at(json!([])).param.as_deref(), Some("messages"));
    assert_eq!(at(json!("x")).param.as_deref(), Some("messages"));
    assert_eq!(at(json!([3])).param.as_deref(), Some("messages[0]"));
    assert_eq!(at(json!([{"role": "user"}])).param.as_deref(), Some("messages[0].content"));
    assert_eq!(at(json!([{"role": "user", "content": 3}])).param.as_deref(), Some("messages[0].content"));
    assert_eq!(at(json!([{"role": "tool", "content": ""}])).code, Code::UnsupportedParameter);
    assert_eq!(at(Value::Array(vec![user; MAX_MESSAGES + 1])).code, Code::ParameterOutOfRange);
}

#[test]
fn parts_are_joined_and_images_need_a_model_that_sees() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let text = json!({"type": "text", "text": "a"});
    let request = chat(json!({"messages": [{"role": "developer", "content": [text, text]}]})).unwrap();
    assert_eq!((request.messages[0].role, request.messages[0].content.as_str()), (Role::System, "a\na"));
    let body = json!({"messages": [{"role": "user", "content": [text, image]}]}).to_string();
    let error = ChatRequest::parse(body.as_bytes(), Modality::Text).unwrap_err();
    assert_eq!((error.code, error.param.as_deref()), (Code::UnsupportedParameter, Some("messages[0].content[1].type")));
    let request = ChatRequest::parse(body.as_bytes(), Modality::TextAndImages).unwrap();
    assert_eq!(request.messages[0].images.len(), 1);
    let remote = body.replace("data:image/png;base64,AA==", "https://example.org/a.png");
    let error = ChatRequest::parse(remote.as_bytes(), Modality::TextAndImages).unwrap_err();
    assert_eq!(error.code, Code::InvalidParameter);
}

#[test]
fn tools_are_refused_unless_none() {
    assert_eq!(with("tools", json!([{}])).unwrap_err().code, Code::UnsupportedParameter);
    assert_eq!(with("functions", json!([{}])).unwrap_err().code, Code::UnsupportedParameter);
    assert_eq!(with("tool_choice", json!("auto")).unwrap_err().code, Code::UnsupportedParameter);
    assert!(with("tool_choice", json!("none")).is_ok() && with("tools", json!([])).is_ok());
}

#[test]
fn stops_are_one_to_sixteen_non_empty_strings() {
    assert_eq!(with("stop", json!("x")).unwrap().sampling.stop, ["x"]);
    assert_eq!(with("stop", json!(["x", "y"])).unwrap().sampling.stop, ["x", "y"]);
    assert_eq!(with("stop", json!("")).unwrap_err().code, Code::InvalidParameter);
    assert_eq!(with("stop", json!([1])).unwrap_err().code, Code::InvalidParameter);
    assert_eq!(with("stop", json!(vec!["x"; MAX_STOPS + 1])).unwrap_err().code, Code::ParameterOutOfRange);
    assert_eq!(with("stop", json!("x".repeat(MAX_STOP_BYTES + 1))).unwrap_err().code, Code::ParameterOutOfRange);
}

#[test]
fn logprobs_and_stream_options_need_their_switch() {
    assert_eq!(with("top_logprobs", json!(3)).unwrap_err().param.as_deref(), Some("top_logprobs"));
    assert_eq!(with("stream_options", json!({"include_usage": true})).unwrap_err().code, Code::InvalidParameter);
    let body = json!({"messages": [{"role": "user", "content": ""}], "logprobs": true, "top_logprobs": 20,
        "stream": true, "stream_options": {"include_usage": true}});
    let request = chat(body).unwrap();
    assert_eq!((request.sampling.logprobs, request.stream), (Some(20), StreamMode::StreamWithUsage));
}

#[test]
fn a_body_that_is_no_json_object_is_malformed() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [&[u8]; 8] = [
        b"",
        b"[]",
        b"{",
        b"nul",
        b"\xff\xfe",
        br#"{"messages":[{"role":"user","content":"\ud800"}]}"#,
        deep.as_bytes(),
        b"{\"temperature\":1e999}",
    ];
    for body in bodies {
        assert_eq!(ChatRequest::parse(body, Modality::Text).unwrap_err().code, Code::MalformedRequest);
        assert_eq!(CompletionRequest::parse(body).unwrap_err().code, Code::MalformedRequest);
    }
}

#[test]
fn schemas_are_bounded() {
    let schema = |schema: Value| {
        with("response_format", json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}))
    };
    let nested = |depth: usize| (0..depth).fold(json!({"type": "string"}), |inner, _| json!({"items": inner}));
    assert!(schema(nested(20)).is_ok());
    assert_eq!(schema(nested(40)).unwrap_err().code, Code::ParameterOutOfRange);
    assert_eq!(schema(json!({"maxItems": 5000})).unwrap_err().code, Code::ParameterOutOfRange);
    assert_eq!(
        schema(json!({"maxItems": 100, "items": {"maxLength": 100}})).unwrap_err().code,
        Code::ParameterOutOfRange
    );
    assert!(schema(json!({"properties": {"maxItems": {"type": "integer"}}})).is_ok());
    assert_eq!(schema(json!({"enum": vec![1; MAX_SCHEMA_NODES]})).unwrap_err().code, Code::ParameterOutOfRange);
    assert_eq!(schema(json!({"enum": ["x".repeat(MAX_SCHEMA_BYTES)]})).unwrap_err().code, Code::ParameterOutOfRange);
    assert_eq!(
        with("response_format", json!({"type": "xml"})).unwrap_err().param.as_deref(),
        Some("response_format.type")
    );
    assert_eq!(
        with("response_format", json!({"type": "json_schema"})).unwrap_err().param.as_deref(),
        Some("response_format.json_schema")
    );
    assert_eq!(
        with("response_format", json!({"type": "json_object"})).unwrap().response_format,
        ResponseFormat::JsonObject
    );
}

#[test]
fn a_completion_takes_one_string() {
    let parse = |body: Value| CompletionRequest::parse(body.to_string().as_bytes());
    assert_eq!(parse(json!({"prompt": "a", "logprobs": 3})).unwrap().sampling.logprobs, Some(3));
    assert_eq!(parse(json!({"prompt": ["a"]})).unwrap().prompt, "a");
    assert_eq!(parse(json!({"prompt": ["a", "b"]})).unwrap_err().code, Code::UnsupportedParameter);
    assert_eq!(parse(json!({"prompt": [1, 2]})).unwrap_err().code, Code::UnsupportedParameter);
    assert_eq!(parse(json!({})).unwrap_err().param.as_deref(), Some("prompt"));
    assert_eq!(parse(json!({"prompt": "a", "echo": true})).unwrap_err().code, Code::UnsupportedParameter);
}

#[test]
fn answers_of_foreign_runtimes_are_read() {
    let chunk: ChatCompletionChunk =
        serde_json::from_value(json!({"choices": [{"delta": {"content": "x"}, "finish_reason": "tool_calls"}]}))
            .unwrap();
    assert_eq!(chunk.choices[0].finish_reason, Some(FinishReason::Other));
    let error: ErrorBody = serde_json::from_value(json!({"error": {"message": "m", "code": 400}})).unwrap();
    assert_eq!(error.error.code.as_deref(), Some("400"));
}
