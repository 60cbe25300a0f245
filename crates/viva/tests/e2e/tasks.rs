//! Tasks: sets of prompts run over a session, scored, cut, resumed, gone on with after a crash.

use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

/// Sums of two digits as CSV, with what is expected.
fn sums(rows: usize) -> String {
    let mut csv = "question,answer\n".to_owned();
    for row in 0..rows {
        let (a, b) = (row % 40 + 10, row * 7 % 40 + 10);
        csv.push_str(&format!("What is {a} + {b}?,{}\n", a + b));
    }
    csv
}

async fn create(viva: &Viva, session: &str, body: Value) -> String {
    let task = viva.post(&format!("/api/v1/sessions/{session}/tasks"), body).await.expect(201);
    task["id"].as_str().unwrap().to_owned()
}

/// A task that is over, and summed up: one that was cut is told before that, one that is done is not.
async fn wait_over(viva: &Viva, task: &str) -> Value {
    let over = |task: &Value| {
        let is_summed = task["scoring"] == json!([]) || task["scores"] != json!([]);
        assert!(is_summed || task["status"] != "done", "{task:#}");
        is_summed && ["done", "cut", "failed"].contains(&task["status"].as_str().unwrap_or_default())
    };
    viva.wait(&format!("/api/v1/tasks/{task}"), over).await
}

/// Every row of a task, page by page.
async fn rows(viva: &Viva, task: &str, query: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = viva.get(&format!("/api/v1/tasks/{task}/rows?limit=50{query}{cursor}")).await.expect(200);
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn a_task_runs_every_row_and_scores_it() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let scoring = json!([{"reference": "answer", "metric": {"kind": "numeric"}},
        {"name": "says it", "reference": "answer", "metric": {"kind": "contains"}}]);
    let task =
        create(&viva, &id, json!({"name": "sums", "input": {"text": sums(60), "format": "csv"}, "scoring": scoring}))
            .await;
    let done = wait_over(&viva, &task).await;
    assert_eq!((&done["status"], &done["name"]), (&json!("done"), &json!("sums")));
    assert_eq!(done["input"]["columns"], json!(["question", "answer"]));
    let progress = &done["progress"];
    assert_eq!((&progress["rows"], &progress["done"], &progress["left"]), (&json!(60), &json!(60), &json!(0)));
    let scores = done["scores"].as_array().unwrap();
    assert_eq!(scores.iter().map(|score| &score["name"]).collect::<Vec<_>>(), ["numeric", "says it"]);
    let numeric = &scores[0];
    assert!(numeric["score"].as_f64().unwrap() > 0.9, "{numeric:#}");
    assert!(numeric["interval"]["low"].as_f64().unwrap() <= numeric["score"].as_f64().unwrap());
    assert_eq!(numeric["scored"], 60);

    let all = rows(&viva, &task, "").await;
    assert_eq!(all.iter().map(|row| row["number"].as_u64().unwrap()).collect::<Vec<_>>(), (0..60).collect::<Vec<_>>());
    assert_eq!((&all[0]["line"], &all[0]["input"]["question"]), (&json!(2), &json!("What is 10 + 10?")));
    assert!(all[0]["response"].as_str().unwrap().contains("20"), "{:#}", all[0]);
    assert_eq!(
        all[0]["scores"]["numeric"],
        json!({"status": "scored", "value": 1.0, "detail": all[0]["scores"]["numeric"]["detail"]})
    );
    // Each is a completion of the session, and an interaction.
    let completion =
        viva.get(&format!("/api/v1/completions/{}", all[0]["completion_id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&completion["origin"], &completion["session_id"]), (&json!("task"), &json!(id)));
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 60);
    assert_eq!(session["usage"]["completion_tokens"], done["usage"]["completion_tokens"]);
    assert_eq!(rows(&viva, &task, "&q=What%20is%2011%20").await.len(), 1 + 60 / 40);

    let receipt = viva.delete(&format!("/api/v1/tasks/{task}?confirm=delete")).await.expect(200);
    assert_eq!(receipt, json!({"rows": 60, "completions": 60}));
    assert_eq!(viva.get(&format!("/api/v1/tasks/{task}")).await.status, 404);
    let history = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
    assert_eq!(history["items"], json!([]));
}

#[tokio::test]
async fn a_bad_row_is_named_by_its_line_and_stops_no_other() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"engine": {"context_length": 256}})).await;
    let long = "word ".repeat(400);
    let text = format!(
        "{{\"prompt\": \"2 + 2\"}}\nno json\n{{\"other\": 1}}\n{{\"prompt\": \"{long}\"}}\n{{\"prompt\": \"3 + 3\"}}\n"
    );
    let task = create(&viva, &id, json!({"input": {"text": text, "format": "jsonl"}})).await;
    let done = wait_over(&viva, &task).await;
    assert_eq!(done["status"], "done");
    let count = |field: &str| done["progress"][field].as_u64().unwrap();
    assert_eq!((count("done"), count("failed"), count("invalid"), count("left")), (2, 1, 2, 0));
    let states: Vec<_> = rows(&viva, &task, "").await;
    let shown: Vec<(u64, &str, &str)> = states
        .iter()
        .map(|row| {
            (
                row["line"].as_u64().unwrap(),
                row["state"].as_str().unwrap(),
                row["error"]["code"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (1, "done", "-"),
            (2, "invalid", "invalid_row"),
            (3, "invalid", "invalid_row"),
            (4, "failed", "context_length_exceeded"),
            (5, "done", "-")
        ]
    );
    assert!(states[1]["error"]["message"].as_str().unwrap().starts_with("line 2: "), "{:#}", states[1]);
    assert_eq!(rows(&viva, &task, "&state=invalid").await.len(), 2);
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 2, "what the runtime refused is none");
}

#[tokio::test]
async fn instructions_that_do_not_fit_are_refused_at_their_field() {
    let viva = Viva::start_with(VIVA, "[tasks]\nrows = 100\n").await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}/tasks");
    let csv = json!({"text": sums(3), "format": "csv"});
    for (body, field) in [
        (json!({"input": {}}), "input"),
        (json!({"input": {"file": "absent.csv"}}), "input.file"),
        (json!({"input": {"text": ""}}), "input.text"),
        (json!({"input": {"text": sums(101), "format": "csv"}}), "input.text"),
        (json!({"input": {"rows": [1]}}), "input.rows"),
        (json!({"input": csv, "prompt": "{{quesion}}"}), "prompt"),
        (json!({"input": csv, "prompt": "{{question"}), "prompt"),
        (json!({"input": csv, "parameters": {"temperature": 2.1}}), "parameters.temperature"),
        (json!({"input": csv, "parameters": {"messages": []}}), "parameters.messages"),
        (
            json!({"input": csv, "scoring": [{"reference": "aswer", "metric": {"kind": "exact"}}]}),
            "scoring[0].reference",
        ),
        (json!({"input": csv, "concurrency": 65}), "concurrency"),
        (json!({"input": csv, "name": "\u{7}"}), "name"),
    ] {
        let refused = viva.post(&path, body.clone()).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["field"]),
            (422, &json!(field)),
            "{body} {}",
            refused.text
        );
    }
    let bad_pattern = json!({"input": csv, "scoring": [{"metric": {"kind": "regex", "pattern": "(("}}]});
    let refused = viva.post(&path, bad_pattern).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(viva.get(&path).await.expect(200)["items"], json!([]), "nothing was created");
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let late = viva.post(&path, json!({"input": csv})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "session_ended"));
}

#[tokio::test]
async fn a_stop_cuts_a_task_and_another_session_goes_on_from_there() {
    let viva = Viva::start(VIVA).await;
    let first = viva.running_session(json!({"stop": {"max_interactions": 25}})).await;
    let scoring = json!([{"reference": "answer", "metric": {"kind": "numeric"}}]);
    let body = json!({"input": {"text": sums(80), "format": "csv"}, "scoring": scoring});
    let task = create(&viva, &first, body).await;
    let cut = wait_over(&viva, &task).await;
    assert_eq!((&cut["status"], &cut["reason"]["code"]), (&json!("cut"), &json!("session_stopped")), "{cut:#}");
    assert_eq!((&cut["progress"]["done"], &cut["progress"]["left"]), (&json!(25), &json!(55)));
    assert_eq!(cut["scores"][0]["rows"], 80);
    assert_eq!(cut["scores"][0]["scored"], 25);
    let stopped = viva.wait_status(&first, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "interaction_limit");

    let second = viva.running_session(json!({})).await;
    let resume = format!("/api/v1/tasks/{task}/resume");
    let resumed = viva.post(&resume, json!({"session": second})).await.expect(201);
    assert_eq!((&resumed["resumed_from"], &resumed["progress"]["done"]), (&json!(task), &json!(25)));
    let done = wait_over(&viva, resumed["id"].as_str().unwrap()).await;
    assert_eq!(
        (&done["status"], &done["progress"]["done"], &done["scores"][0]["scored"]),
        (&json!("done"), &json!(80), &json!(80))
    );
    let all = rows(&viva, resumed["id"].as_str().unwrap(), "").await;
    assert_eq!(all.iter().map(|row| row["number"].as_u64().unwrap()).collect::<Vec<_>>(), (0..80).collect::<Vec<_>>());
    assert!(all.iter().all(|row| row["state"] == "done" && row["response"].is_string()));
    assert_eq!(viva.get(&format!("/api/v1/sessions/{second}")).await.expect(200)["usage"]["interactions"], 55);
    let again = viva.post(&resume, json!({"session": second})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "task_not_cut"));
    assert_eq!(viva.get(&format!("/api/v1/tasks/{task}")).await.expect(200)["resumed_by"], resumed["id"]);
}

#[tokio::test]
async fn a_cancelled_task_keeps_what_is_done_and_lets_the_next_one_run() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let slow = json!({"input": {"text": sums(2000), "format": "csv"}, "parameters": {"max_tokens": 100, "ignore_eos": true},
            "scoring": [{"reference": "answer", "metric": {"kind": "contains"}}]});
    let task = create(&viva, &id, slow).await;
    let next = create(&viva, &id, json!({"input": {"rows": ["2 + 2", "3 + 3"]}})).await;
    viva.wait(&format!("/api/v1/tasks/{task}"), |task| task["progress"]["done"].as_u64() > Some(4)).await;
    let queued = viva.get(&format!("/api/v1/tasks/{next}")).await.expect(200);
    assert_eq!(queued["status"], "queued");
    let running = viva.get(&format!("/api/v1/tasks/{task}")).await.expect(200);
    assert!(running["progress"]["tokens_per_second"].as_f64().unwrap() > 0.0, "{running:#}");
    assert!(running["progress"]["ends_at"].is_string());
    let early = viva.delete(&format!("/api/v1/tasks/{task}?confirm=delete")).await;
    assert_eq!((early.status, early.code().as_str()), (409, "task_running"));
    viva.post(&format!("/api/v1/tasks/{task}/cancel"), json!({})).await.expect(202);
    let cut = wait_over(&viva, &task).await;
    assert_eq!((&cut["status"], &cut["reason"]["code"]), (&json!("cut"), &json!("cancelled")));
    viva.post(&format!("/api/v1/tasks/{task}/cancel"), json!({})).await.expect(200);
    // What came to its end just before it was cut is scored as well.
    let listed = viva.get(&format!("/api/v1/sessions/{id}/tasks")).await.expect(200);
    let cut = listed["items"].as_array().unwrap().iter().find(|one| one["id"] == task).unwrap();
    assert_eq!(cut["scores"][0]["scored"], cut["progress"]["done"], "{cut:#}");
    assert_eq!(wait_over(&viva, &next).await["progress"]["done"], 2);
}

#[tokio::test]
async fn a_task_goes_on_by_itself_after_the_server_was_killed() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let scoring = json!([{"reference": "answer", "metric": {"kind": "numeric"}}]);
    let body =
        json!({"input": {"text": sums(120), "format": "csv"}, "scoring": scoring, "parameters": {"max_tokens": 40}});
    let task = create(&viva, &id, body).await;
    let path = format!("/api/v1/tasks/{task}");
    for round in 1..4u64 {
        viva.wait(&path, |task| task["progress"]["done"].as_u64() >= Some(round * 20)).await;
        viva.kill();
        viva.restart();
    }
    let done = wait_over(&viva, &task).await;
    assert_eq!(
        (&done["status"], &done["progress"]["done"], &done["progress"]["failed"]),
        (&json!("done"), &json!(120), &json!(0))
    );
    assert_eq!(done["scores"][0]["scored"], 120);
    let mut seen: Vec<String> =
        rows(&viva, &task, "").await.iter().map(|row| row["completion_id"].as_str().unwrap().to_owned()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120, "no row twice, none lost");
}

/// A session on a checkpoint of the demo model with a finished task of these rows.
async fn judged(viva: &Viva, model: &str, csv: &str) -> (String, String) {
    let id = viva.running_session(json!({"model": model})).await;
    let scoring = json!([{"reference": "answer", "metric": {"kind": "numeric"}}]);
    let task = create(viva, &id, json!({"input": {"text": csv, "format": "csv"}, "scoring": scoring})).await;
    assert_eq!(wait_over(viva, &task).await["status"], "done");
    (id, task)
}

#[tokio::test]
async fn two_checkpoints_are_compared_row_by_row_and_voted_on() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 3\n").await;
    let csv = sums(40);
    let (first, early) = judged(&viva, "demo:early", &csv).await;
    let (_, last) = judged(&viva, "demo:final", &csv).await;
    let both = format!("{early},{last}");
    let compared = viva.get(&format!("/api/v1/compare?tasks={both}")).await.expect(200);
    let scoring = &compared["scorings"][0];
    let score = |place: usize| scoring["scores"][place]["score"].as_f64().unwrap();
    assert!(score(1) > score(0) + 0.3, "{scoring:#}");
    let pair = &scoring["pairs"][0];
    assert_eq!((&pair["baseline"], &pair["candidate"], &pair["rows"]), (&json!(early), &json!(last), &json!(40)));
    let count = |field: &str| pair[field].as_u64().unwrap();
    assert_eq!(count("wins") + count("losses") + count("ties"), 40);
    assert!(pair["p_value"].as_f64().unwrap() < 0.01 && pair["interval"]["low"].as_f64().unwrap() > 0.0, "{pair:#}");

    let rows = viva.get(&format!("/api/v1/compare/rows?tasks={both}&score=numeric&limit=30")).await.expect(200);
    let items = rows["items"].as_array().unwrap();
    let differences: Vec<f64> = items.iter().map(|row| row["difference"].as_f64().unwrap()).collect();
    assert!(differences.windows(2).all(|pair| pair[0] >= pair[1]) && differences[0] == 1.0, "{differences:?}");
    assert_eq!(items[0]["answers"].as_array().unwrap().len(), 2);
    let rest = format!(
        "/api/v1/compare/rows?tasks={both}&score=numeric&limit=30&cursor={}",
        rows["next_cursor"].as_str().unwrap()
    );
    assert_eq!(viva.get(&rest).await.expect(200)["items"].as_array().unwrap().len(), 10);
    let found = viva.get(&format!("/api/v1/compare/rows?tasks={both}&q=What%20is%2013%20")).await.expect(200);
    assert_eq!(found["items"][0]["number"], 3);

    for path in [format!("compare/rows?tasks={both}&cursor=x"), format!("tasks/{early}/rows?cursor=x")] {
        let refused = viva.get(&format!("/api/v1/{path}")).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "invalid_parameter"), "{path}");
    }
    let vote = |row: u64, choice: Value| json!({"tasks": [early, last], "row": row, "choice": choice});
    viva.post("/api/v1/compare/votes", vote(3, json!(early))).await.expect(200);
    viva.post("/api/v1/compare/votes", vote(4, Value::Null)).await.expect(200);
    let tally = viva.post("/api/v1/compare/votes", vote(3, json!(last))).await.expect(200);
    assert_eq!((&tally["votes"], &tally["ties"]), (&json!([0, 1]), &json!(1)));
    let turned = viva.get(&format!("/api/v1/compare/votes?tasks={last},{early}")).await.expect(200);
    assert_eq!(turned["votes"], json!([1, 0]));

    let (_, other) = judged(&viva, "demo:final", &sums(5)).await;
    for (tasks, code) in
        [(early.clone(), "count"), (format!("{early},{early}"), "doubled"), (format!("{early},{other}"), "other_input")]
    {
        let refused = viva.get(&format!("/api/v1/compare?tasks={tasks}")).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!(code)), "{}", refused.text);
    }
    viva.delete(&format!("/api/v1/sessions/{first}?confirm=delete")).await.expect(200);
    assert_eq!(viva.get(&format!("/api/v1/compare?tasks={both}")).await.status, 404);
}

#[tokio::test]
async fn results_are_downloaded_in_four_forms() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let csv = "question,answer\n\"What is 12 + 30?\",42\n\"=What is 10 + 10?\",999\n,1\n";
    let scoring = json!([{"reference": "answer", "metric": {"kind": "numeric"}}]);
    let body = json!({"name": "a <task>", "input": {"text": csv, "format": "csv"}, "scoring": scoring});
    let task = create(&viva, &id, body).await;
    wait_over(&viva, &task).await;
    let export = async |format: &str| viva.get(&format!("/api/v1/tasks/{task}/export?format={format}")).await;
    let lines = export("jsonl").await;
    assert_eq!(lines.headers["content-disposition"], "attachment; filename=\"a__task_.jsonl\"");
    let rows: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row["state"].as_str().unwrap()).collect::<Vec<_>>(), ["done", "done", "invalid"]);
    let table = export("csv").await.text;
    assert!(
        table.starts_with("row,line,custom_id,state,input.question,input.answer,score.numeric,response,"),
        "{table}"
    );
    assert!(table.contains("\"'=What is 10 + 10?\""), "{table}");
    assert_eq!(table.lines().count(), 4);
    let xml = export("junit").await.text;
    assert!(xml.contains("<testsuite name=\"a &lt;task&gt;\" tests=\"3\" failures=\"2\" skipped=\"0\">"), "{xml}");
    assert_eq!(export("xlsx").await.status, 200);
    assert_eq!(export("pdf").await.status, 400);
}

#[tokio::test]
async fn events_tell_how_far_a_task_has_come() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let request = viva.client().get(format!("{}/api/v1/events", viva.url)).bearer_auth(testkit::TOKEN);
    let mut events = request.send().await.unwrap();
    let task = create(&viva, &id, json!({"input": {"rows": ["2 + 2", "3 + 3", {"prompt": "4 + 4"}]}})).await;
    let mut text = String::new();
    while !text.contains("\"status\":\"done\"") {
        let chunk = tokio::time::timeout(testkit::PATIENCE, events.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let told: Vec<&str> = text.split("\n\n").filter(|event| event.contains("event: task")).collect();
    assert!(told.iter().all(|event| event.contains(&task)), "{text}");
    assert!(told.first().unwrap().contains("\"status\":\"queued\"") || told.len() > 1, "{text}");
    assert!(told.last().unwrap().contains("\"done\":3"), "{text}");
}

#[tokio::test]
async fn a_judge_gives_its_verdict_and_one_that_is_not_there_is_told() {
    let viva = Viva::start(VIVA).await;
    let (id, judge) = (viva.running_session(json!({})).await, viva.running_session(json!({})).await);
    let scoring = |model: Value| json!([{"reference": "answer", "metric": {"kind": "judge", "rubric": "Is the sum right?", "model": model}}]);
    let body = |model: Value| json!({"input": {"text": sums(4), "format": "csv"}, "scoring": scoring(model)});
    let task = create(&viva, &id, body(json!({"session": judge}))).await;
    let done = wait_over(&viva, &task).await;
    assert_eq!((&done["status"], &done["progress"]["done"]), (&json!("done"), &json!(4)));
    // The demo model is no judge, but the grammar holds it to a verdict; each is kept in the judge's history.
    let rows = rows(&viva, &task, "").await;
    let told: Vec<&str> = rows.iter().map(|row| row["scores"]["judge"]["status"].as_str().unwrap()).collect();
    assert_eq!(told.len(), 4, "{rows:#?}");
    let asked = viva.get(&format!("/api/v1/sessions/{judge}/completions")).await.expect(200);
    assert_eq!(asked["items"].as_array().unwrap().len(), 4);
    assert!(asked["items"][0]["request"]["messages"][0]["content"].as_str().unwrap().contains("Is the sum right?"));

    viva.post(&format!("/api/v1/sessions/{judge}/stop"), json!({})).await.expect(202);
    viva.wait_status(&judge, "stopped").await;
    let path = format!("/api/v1/sessions/{id}/tasks");
    for model in [json!({"session": judge}), json!({"endpoint": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}})] {
        let refused = viva.post(&path, body(model)).await;
        let field = refused.json()["errors"][0]["field"].clone();
        assert_eq!((refused.status, field), (422, json!("scoring[0].metric.model")), "{}", refused.text);
    }
}

#[tokio::test]
async fn an_endpoint_that_the_operator_has_listed_judges() {
    // Another server's session stands for any OpenAI-compatible endpoint.
    let judge = Viva::start(VIVA).await;
    let judging = judge.running_session(json!({})).await;
    let (token, base_url) = judge.endpoint(&judging).await;
    let config = format!("[[tasks.judges]]\nbase_url = \"{base_url}\"\napi_key = \"{token}\"\n");
    let viva = Viva::start_with(VIVA, &config).await;
    let id = viva.running_session(json!({})).await;
    let model = json!({"endpoint": {"base_url": base_url, "model": "demo"}});
    let scoring = json!([{"metric": {"kind": "judge", "rubric": "Is it polite?", "model": model}}]);
    let task = create(&viva, &id, json!({"input": {"rows": ["Hello", "Bye"]}, "scoring": scoring})).await;
    wait_over(&viva, &task).await;
    let asked = judge.get(&format!("/api/v1/sessions/{judging}/completions")).await.expect(200);
    assert_eq!(asked["items"].as_array().unwrap().len(), 2);
    judge.post(&format!("/api/v1/sessions/{judging}/stop"), json!({})).await.expect(202);
    judge.wait_status(&judging, "stopped").await;
    let task = create(&viva, &id, json!({"input": {"rows": ["Hello"]}, "scoring": scoring})).await;
    wait_over(&viva, &task).await;
    let row = &rows(&viva, &task, "").await[0];
    assert_eq!(row["scores"]["judge"]["reason"], "judge_unavailable", "{row:#}");
}

#[tokio::test]
async fn a_repeated_request_finds_the_task_that_it_made() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let post = async |key: &str, prompt: &str| {
        let request =
            viva.client().post(format!("{}/api/v1/sessions/{id}/tasks", viva.url)).bearer_auth(testkit::TOKEN);
        let body = json!({"input": {"rows": [prompt]}});
        let response = request.header("idempotency-key", key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (first, again, other) = (post("a", "2 + 2").await, post("a", "2 + 2").await, post("a", "3 + 3").await);
    assert_eq!((first.0, again.0, other.0), (201, 201, 409));
    assert_eq!(first.1["id"], again.1["id"]);
    assert_ne!(post("b", "2 + 2").await.1["id"], first.1["id"]);
}
