//! Transport: TLS from certificate files, and the names that the server answers to.

use std::{fs, path::Path, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client};
use tempfile::TempDir;
use testkit::{Viva, server::PATIENCE};

use crate::{VIVA, cli::done};

/// Writes a certificate of its own making for `localhost`; returns it in PEM.
fn certify(folder: &Path) -> String {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // The key first, as a renewal may come between the two.
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("certificate.pem"), cert.pem()).unwrap();
    cert.pem()
}

/// A client that trusts this certificate alone.
fn client(certificate: &str) -> Client {
    Client::builder().tls_certs_only([Certificate::from_pem(certificate.as_bytes()).unwrap()]).build().unwrap()
}

async fn served(files: &TempDir) -> Viva {
    let (certificate, key) = (files.path().join("certificate.pem"), files.path().join("key.pem"));
    Viva::start_with(VIVA, &format!("[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")).await
}

#[tokio::test]
async fn tls_is_spoken_and_a_renewed_certificate_is_taken_while_it_runs() {
    let files = TempDir::new().unwrap();
    let first = certify(files.path());
    let viva = served(&files).await;
    let health = format!("{}/healthz", viva.url.replace("127.0.0.1", "localhost"));
    assert!(health.starts_with("https://"));
    let answer = client(&first).get(&health).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert!(Client::new().get(&health).send().await.is_err(), "an unknown certificate is not trusted");
    assert!(Client::new().get(health.replace("https", "http")).send().await.is_err(), "nothing goes in the clear");
    // The clients of this machine know the certificate, whatever name it is for.
    assert!(done(&viva, &["model", "list"]).contains("demo:final"));

    fs::write(files.path().join("certificate.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(client(&first).get(&health).send().await.unwrap().status(), 200, "the last good one stays");
    let second = certify(files.path());
    let renewed = async {
        while client(&second).get(&health).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.expect("the renewed certificate is served");
    assert!(done(&viva, &["model", "list"]).contains("demo:final"));
}

#[tokio::test]
async fn a_request_for_another_name_is_refused_with_what_to_do() {
    let viva = Viva::start_with(VIVA, "[server]\nhosts = [\"exams.lan\"]\n").await;
    for (host, status) in [("evil.example", 421), ("exams.lan", 200), ("localhost:1", 200), ("127.0.0.1", 200)] {
        let answer =
            viva.client().get(format!("{}/api/openapi.json", viva.url)).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
        if status == 421 {
            let problem: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "misdirected_request");
            assert!(problem["detail"].as_str().unwrap().contains("server.hosts"), "{problem}");
        }
    }
}
