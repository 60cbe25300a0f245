//! Templates, and the requests that rows become.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use dataset::{Columns, Content, Endpoint, Format, ParseError, Plan, RenderError, Row, Settings, Template, plan};
use serde_json::{Map, Value, json};

fn columns(value: Value) -> Columns {
    serde_json::from_value(value).unwrap()
}

fn row(value: Value) -> Row {
    Row { line: 7, custom_id: None, content: Content::Columns(columns(value)) }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn places_are_filled_with_values_as_they_are() {
    let values = json!({"q": "What?", "n": 2.5, "whole": 3, "yes": true, "list": [1, {"z": "é", "a": null}],
                        "nested": "{{q}}", "two words": "2w"});
    for (text, wanted) in [
        ("plain", "plain"),
        ("", ""),
        ("{{q}}", "What?"),
        ("a {{ q }} b{{n}}", "a What? b2.5"),
        ("{{whole}} {{yes}} {{list}}", r#"3 true [1,{"z":"é","a":null}]"#),
        ("{{nested}}", "{{q}}"),
        ("{{two words}}", "2w"),
        (r"\{{q}} {{q}}", "{{q}} What?"),
        (r"\\{{q}}", r"\What?"),
        (r"C:\dir }} { } {q}", r"C:\dir }} { } {q}"),
        ("{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}"),
    ] {
        assert_eq!(Template::parse(text).unwrap().render(&columns(values.clone())).unwrap(), wanted, "{text}");
    }
}

#[test]
fn what_is_no_template_is_told_by_position() {
    for (text, message) in [
        ("é {{q", "`{{` in line 1, column 3 is never closed: close it with `}}`, or write `\\{{` for a literal"),
        ("a\n{{ }}", "`{{}}` in line 2, column 1 names no column"),
        (
            "{{a{b}}",
            "the name `a{b` in line 1, column 1 holds a brace or a line break: close the place with `}}`, or write `\\{{` for a literal",
        ),
        (
            "{{{a}}}",
            "the name `{a` in line 1, column 1 holds a brace or a line break: close the place with `}}`, or write `\\{{` for a literal",
        ),
    ] {
        assert_eq!(Template::parse(text).unwrap_err().to_string(), message);
    }
    assert!(matches!(Template::parse("{{a\nb}}"), Err(ParseError::Name { .. })));
}

#[test]
fn an_unknown_name_is_told_with_the_columns_there_are() {
    let there = names(&["id", "question", "Context"]);
    for (text, message) in [
        (
            "{{id}}\n {{quesion}}",
            "`quesion` in line 2, column 2 of the template is no column (did you mean `question`?): the columns are `id`, `question`, `Context`",
        ),
        (
            "{{context}}",
            "`context` in line 1, column 1 of the template is no column (did you mean `Context`?): the columns are `id`, `question`, `Context`",
        ),
        (
            "{{reference}}",
            "`reference` in line 1, column 1 of the template is no column: the columns are `id`, `question`, `Context`",
        ),
    ] {
        assert_eq!(Template::parse(text).unwrap().check(&there).unwrap_err().to_string(), message);
    }
    let template = Template::parse("{{question}} {{id}} {{ question }}").unwrap();
    assert_eq!(template.names(), ["question", "id"]);
    assert_eq!(template.check(&there), Ok(()));
}

#[test]
fn a_row_that_does_not_fill_a_template_is_told() {
    let template = Template::parse("{{a}}{{b}}").unwrap();
    let error = |value| template.render(&columns(value)).unwrap_err();
    assert_eq!(error(json!({"a": "x"})).to_string(), "the column `b` is missing, and the template needs it");
    assert_eq!(error(json!({"a": null})).to_string(), "the column `a` is null, and the template needs it");
    let half = "x".repeat(3 << 20);
    assert_eq!(error(json!({"a": half, "b": half})), RenderError::TooLarge);
}

#[test]
fn without_a_template_a_column_is_the_prompt() {
    let parameters = object(json!({"temperature": 0, "max_tokens": 5}));
    let plan_of = |there: &[&str], system: Option<&str>| {
        let settings = Settings { template: None, system: system.map(str::to_owned), parameters: parameters.clone() };
        Plan::new(Format::Jsonl, &names(there), settings).unwrap()
    };
    let body = |row: &Row, plan: &Plan| {
        let (endpoint, body) = plan::request(row, plan).unwrap();
        assert_eq!(endpoint, Endpoint::Chat);
        Value::from(body)
    };
    let all = row(json!({"instruction": "e", "text": "d", "input": "c", "question": 2, "prompt": "a", "messages": []}));
    for (there, prompt) in [
        (&["messages", "instruction", "text", "input", "question", "prompt"][..], "a"),
        (&["instruction", "text", "input", "question"], "2"),
        (&["instruction", "text", "input"], "c"),
        (&["instruction", "text"], "d"),
        (&["instruction"], "e"),
    ] {
        let wanted = json!({"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 5});
        assert_eq!(body(&all, &plan_of(there, None)), wanted);
    }
    let messages = body(&all, &plan_of(&["prompt"], Some("Be brief.")))["messages"].clone();
    assert_eq!(messages, json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}]));
}

#[test]
fn a_conversation_is_sent_without_the_answer_that_it_ends_with() {
    let settings = Settings { system: Some("task's".into()), ..Settings::default() };
    let plan = Plan::new(Format::Jsonl, &names(&["messages"]), settings).unwrap();
    let asked = json!({"role": "user", "content": "q"});
    let answer = json!({"role": "assistant", "content": "a"});
    let own = json!({"role": "system", "content": "own"});
    let tasks = json!({"role": "system", "content": "task's"});
    for (messages, wanted, expected) in [
        (json!([asked]), json!([tasks, asked]), None),
        (json!([asked, answer]), json!([tasks, asked]), Some("a")),
        (json!([own, asked, answer, asked]), json!([own, asked, answer, asked]), None),
    ] {
        let row = row(json!({ "messages": messages }));
        assert_eq!(plan::request(&row, &plan).unwrap().1["messages"], wanted);
        assert_eq!(plan::expected(&row), expected);
    }
}

#[test]
fn rows_that_lack_their_prompt_are_named() {
    let of = |there: &[&str]| Plan::new(Format::Jsonl, &names(there), Settings::default()).unwrap();
    for (there, value, message) in [
        (&["prompt"][..], json!({}), "line 7: the column `prompt`, which is the prompt, is missing"),
        (&["prompt"], json!({"prompt": " \n"}), "line 7: the prompt is empty"),
        (
            &["prompt"],
            json!({"prompt": null}),
            "line 7: the column `prompt`, which is the prompt, must be text, it is null",
        ),
        (
            &["input"],
            json!({"input": {}}),
            "line 7: the column `input`, which is the prompt, must be text, it is an object",
        ),
        (&["messages"], json!({}), "line 7: the column `messages` is missing"),
        (
            &["messages"],
            json!({"messages": "hi"}),
            "line 7: the column `messages` must be an array of {role, content}, it is a string",
        ),
        (&["messages"], json!({"messages": ["hi"]}), "line 7: `messages[0]` must be {role, content}, it is a string"),
        (&["messages"], json!({"messages": [{"role": "user"}]}), "line 7: `messages[0].content` is missing"),
        (
            &["messages"],
            json!({"messages": [{"role": 1, "content": ""}]}),
            "line 7: `messages[0].role` must be a string, it is a number",
        ),
        (&["messages"], json!({"messages": []}), "line 7: `messages` holds nothing to answer"),
    ] {
        assert_eq!(plan::request(&row(value), &of(there)).unwrap_err().to_string(), message);
    }
    let settings = Settings { template: Some(Template::parse("{{a}}").unwrap()), ..Settings::default() };
    let plan = Plan::new(Format::Csv, &names(&["a"]), settings).unwrap();
    let message = "line 7: the column `a` is null, and the template needs it";
    assert_eq!(plan::request(&row(json!({"a": null})), &plan).unwrap_err().to_string(), message);
}

#[test]
fn settings_that_do_not_fit_the_file_are_refused() {
    let template = || Some(Template::parse("{{a}}").unwrap());
    let reserved = object(json!({"stream": true}));
    for (format, there, settings, message) in [
        (
            Format::Csv,
            &["id", "q"][..],
            Settings::default(),
            "no column is the prompt: give a template, or name one of `prompt`, `question`, `input`, `text`, `instruction`, `messages` (the columns are `id`, `q`)",
        ),
        (
            Format::Csv,
            &["b"],
            Settings { template: template(), ..Settings::default() },
            "`a` in line 1, column 1 of the template is no column (did you mean `b`?): the columns are `b`",
        ),
        (
            Format::Batch,
            &[],
            Settings { template: template(), ..Settings::default() },
            "`prompt` does not go with batch lines, which bring their own requests: leave it out",
        ),
        (
            Format::Batch,
            &[],
            Settings { system: Some("s".into()), ..Settings::default() },
            "`system` does not go with batch lines, which bring their own requests: leave it out",
        ),
        (
            Format::Text,
            &["prompt"],
            Settings { parameters: reserved, ..Settings::default() },
            "`parameters.stream` is not set for a task: the row or the session says it",
        ),
    ] {
        assert_eq!(Plan::new(format, &names(there), settings).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_batch_line_keeps_its_body_and_takes_what_it_lacks() {
    let parameters = object(json!({"temperature": 0.5, "max_tokens": 9, "seed": 1}));
    let plan = Plan::new(Format::Batch, &[], Settings { parameters, ..Settings::default() }).unwrap();
    let request = |body: Value| {
        let content = Content::Request { endpoint: Endpoint::Text, body: object(body) };
        let row = Row { line: 1, custom_id: Some("a".into()), content };
        plan::request(&row, &plan).unwrap()
    };
    let (endpoint, body) = request(json!({"model": "m", "prompt": "p", "temperature": 0, "seed": null}));
    assert_eq!(endpoint, Endpoint::Text);
    let wanted = json!({"model": "m", "prompt": "p", "temperature": 0, "seed": 1, "max_tokens": 9});
    assert_eq!(Value::from(body), wanted);
    let (_, body) = request(json!({"max_completion_tokens": 3}));
    assert_eq!(Value::from(body), json!({"max_completion_tokens": 3, "temperature": 0.5, "seed": 1}));
}
