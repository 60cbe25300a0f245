//! Files of a session: written, read, gone on with, refused, kept after the stop, erased with the session.

use reqwest::{Body, Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Answer, TOKEN, Viva, bytes};

use crate::VIVA;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends bytes to a path, with heads beside.
async fn put(viva: &Viva, path: &str, heads: &[(&str, &str)], contents: impl Into<Body>) -> Answer {
    let mut request = viva.client().put(format!("{}{path}", viva.url)).bearer_auth(TOKEN).body(contents);
    for (name, value) in heads {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

#[tokio::test]
async fn files_are_kept_after_the_stop_and_erased_with_the_session() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let files = format!("/api/v1/sessions/{id}/files");
    let secret = "a-secret-of-the-files ".repeat(5000);
    let made = put(&viva, &format!("{files}/cases/d%C3%A9j%C3%A0%20vu.txt"), &[], secret.clone()).await.expect(201);
    assert_eq!(made["path"], "cases/déjà vu.txt");
    assert_eq!((&made["bytes"], &made["purpose"]), (&json!(secret.len()), &Value::Null));
    assert_eq!(made["sha256"], hex(secret.as_bytes()));
    assert!(made["id"].as_str().unwrap().starts_with("file_"));
    put(&viva, &format!("{files}/empty"), &[], "").await.expect(201);

    let page = viva.get(&files).await.expect(200);
    let paths: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["empty", "cases/déjà vu.txt"]);
    assert_eq!(page["storage"]["session_bytes"], secret.len());
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["storage"]["persistent_bytes"], secret.len());

    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let path = format!("{}{files}/cases/d%C3%A9j%C3%A0%20vu.txt", viva.url);
    let whole = viva.client().get(&path).bearer_auth(TOKEN).send().await.unwrap();
    let tag = whole.headers()[header::ETAG].clone();
    assert_eq!(tag, format!("\"{}\"", hex(secret.as_bytes())));
    assert_eq!(whole.text().await.unwrap(), secret);
    let part = viva.client().get(&path).bearer_auth(TOKEN).header("range", "bytes=2-7").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], format!("bytes 2-7/{}", secret.len()));
    assert_eq!(part.text().await.unwrap(), "secret");
    let known = viva.client().get(&path).bearer_auth(TOKEN).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let late = put(&viva, &format!("{files}/late"), &[], "x").await;
    assert_eq!((late.status, late.code().as_str()), (409, "session_ended"));
    assert_eq!(viva.delete(&format!("{files}/empty")).await.status, 204);
    assert_eq!(viva.delete(&format!("{files}/empty")).await.status, 404);

    let receipt = viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    assert_eq!((&receipt["files"], &receipt["bytes_persistent"]), (&json!(1), &json!(secret.len())));
    assert!(bytes::files_with(viva.data.path(), b"a-secret-of-the-files").is_empty());
    assert!(bytes::files_with(viva.data.path(), "déjà vu".as_bytes()).is_empty());
}

#[tokio::test]
async fn an_upload_in_parts_goes_on_after_the_server_was_killed() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}/files/big.bin");
    let whole: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    let range = |from: usize, to: usize| format!("bytes {from}-{}/{}", to - 1, whole.len());
    let first =
        put(&viva, &path, &[("content-range", &range(0, 150_000))], whole[..150_000].to_vec()).await.expect(202);
    assert_eq!(first, json!({"path": "big.bin", "received": 150_000, "bytes": whole.len()}));
    assert_eq!(viva.get(&path).await.status, 404, "it is not there before it is whole");
    viva.kill();
    viva.restart();
    let asked = format!("bytes */{}", whole.len());
    assert_eq!(put(&viva, &path, &[("content-range", &asked)], "").await.expect(202)["received"], 150_000);
    let gap = put(&viva, &path, &[("content-range", &range(200_000, 300_000))], whole[200_000..300_000].to_vec()).await;
    assert_eq!((gap.status, &gap.json()["figures"]["received"]), (409, &json!(150_000)));
    let rest = range(150_000, whole.len());
    let done = put(&viva, &path, &[("content-range", &rest)], whole[150_000..].to_vec()).await.expect(201);
    assert_eq!(done["sha256"], hex(&whole));
    let read = viva.client().get(format!("{}{path}", viva.url)).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(read.bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn what_breaks_a_rule_is_named_and_leaves_nothing_behind() {
    let viva = Viva::start_with(
        VIVA,
        "[files]\nfile_bytes = 1000\nsession_bytes = 1500\nuser_bytes = 1700\nsession_files = 3\n",
    )
    .await;
    let id = viva.running_session(json!({})).await;
    let files = format!("/api/v1/sessions/{id}/files");
    let thousand = "x".repeat(1000);
    for (path, code) in [
        ("a%2F..%2Fb", "name"),
        ("..%2F..%2Fviva.db", "name"),
        ("a//b", "name"),
        ("a%00b", "character"),
        ("a%5Cb", "character"),
        ("%E2%80%A6".repeat(100).as_str(), "too_long"),
    ] {
        let refused = put(&viva, &format!("{files}/{path}"), &[], "x").await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!(code)), "{path} {refused:?}");
    }
    let large = put(&viva, &format!("{files}/large"), &[], format!("{thousand}x")).await;
    assert_eq!((large.status, large.code().as_str()), (413, "too_large"));
    let unannounced = futures::stream::iter([(); 3].map(|()| Ok::<_, std::io::Error>("x".repeat(1000))));
    let large = put(&viva, &format!("{files}/large"), &[], Body::wrap_stream(unannounced)).await;
    assert_eq!((large.status, large.code().as_str()), (413, "too_large"));
    put(&viva, &format!("{files}/one"), &[], thousand.clone()).await.expect(201);
    let over = put(&viva, &format!("{files}/two"), &[], thousand.clone()).await;
    assert_eq!((over.status, over.code().as_str()), (429, "quota_reached"));
    assert_eq!(over.json()["figures"], json!({"bytes": 2000, "quota": 1500}));
    // What is said to be too long is refused before a byte of it was sent, whole or in parts.
    let head = format!(
        "PUT {files}/two HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 600\r\n\r\n"
    );
    let mut unsent = std::net::TcpStream::connect(viva.url.trim_start_matches("http://")).unwrap();
    unsent.set_read_timeout(Some(testkit::PATIENCE)).unwrap();
    let told = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        unsent.write_all(head.as_bytes()).unwrap();
        let mut told = [0; 12];
        unsent.read_exact(&mut told).unwrap();
        String::from_utf8(told.to_vec()).unwrap()
    });
    assert_eq!(told.await.unwrap(), "HTTP/1.1 429");
    let part = put(&viva, &format!("{files}/two"), &[("content-range", "bytes 0-0/600")], "x").await;
    assert_eq!((part.status, part.code().as_str()), (429, "quota_reached"));
    // In the place of another its bytes are not counted twice.
    put(&viva, &format!("{files}/one"), &[], thousand.clone()).await.expect(201);
    let digest = [("repr-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")];
    let changed = put(&viva, &format!("{files}/two"), &digest, "not empty").await;
    assert_eq!((changed.status, &changed.json()["errors"][0]["field"]), (422, &json!("Repr-Digest")));
    put(&viva, &format!("{files}/two"), &digest, "").await.expect(201);
    let range = put(&viva, &format!("{files}/three"), &[("content-range", "bytes 9-1/5")], "x").await;
    assert_eq!((range.status, range.code().as_str()), (400, "invalid_parameter"));
    let broken = futures::stream::iter(vec![Ok("some"), Err(std::io::Error::other("gone"))]);
    let gone = viva.client().put(format!("{}{files}/gone", viva.url)).bearer_auth(TOKEN);
    assert!(gone.body(Body::wrap_stream(broken)).send().await.is_err());
    assert_eq!(viva.ask_with("a token that is wrong", Method::GET, &files, None).await.status, 401);

    let page = viva.get(&files).await.expect(200);
    let paths: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["two", "one"]);
    let folder = viva.data.path().join("sessions").join(&id).join("files");
    let until = std::time::Instant::now() + testkit::PATIENCE;
    // The server notices the client that went away a moment later.
    while std::fs::read_dir(&folder).unwrap().count() != 2 {
        assert!(std::time::Instant::now() < until, "contents without a name stay: {folder:?}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
