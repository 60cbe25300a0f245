//! `viva file` against a real server.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use testkit::{TOKEN, Viva};

use crate::VIVA;

/// Runs a command in a folder, with a text for its standard input.
fn run(viva: &Viva, folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(VIVA);
    command.args(args).current_dir(folder).env("VIVA_DATA", viva.data.path());
    command.env_remove("VIVA_URL").env_remove("VIVA_TOKEN");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that does not read its input may have gone.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn done(viva: &Viva, folder: &Path, args: &[&str]) -> String {
    let output = run(viva, folder, args, b"");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(viva: &Viva, folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = run(viva, folder, args, b"");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn files_are_put_listed_got_and_removed() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"name": "store"})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("one.csv"), "a,b\n1,2\n").unwrap();
    fs::write(here.join("zwei ü.txt"), "").unwrap();
    let told = done(&viva, here, &["file", "put", "one.csv", "zwei ü.txt"]);
    assert!(told.contains("one.csv kept: 8 B") && told.contains("zwei ü.txt kept: 0 B"), "{told}");
    let put: Value =
        serde_json::from_str(&done(&viva, here, &["file", "put", "one.csv", "--as", "cases/1 + 1?.csv", "--json"]))
            .unwrap();
    assert_eq!((&put["path"], &put["session_id"]), (&json!("cases/1 + 1?.csv"), &json!(id)));
    let piped = run(&viva, here, &["file", "put", "-", "--as", "piped", "--session", "store"], b"from a pipe");
    assert!(piped.status.success(), "{piped:?}");
    let list = done(&viva, here, &["file", "list", "--session", &id[..20]]);
    for part in ["cases/1 + 1?.csv", "piped", "zwei ü.txt", "of this session"] {
        assert!(list.contains(part), "{part} in {list}");
    }
    let json: Value = serde_json::from_str(&done(&viva, here, &["file", "list", "--json"])).unwrap();
    assert_eq!((json["items"].as_array().unwrap().len(), &json["storage"]["session_bytes"]), (4, &json!(27)));

    assert!(done(&viva, here, &["file", "get", "cases/1 + 1?.csv"]).contains("1 + 1?.csv written"));
    assert_eq!(fs::read_to_string(here.join("1 + 1?.csv")).unwrap(), "a,b\n1,2\n");
    assert_eq!(done(&viva, here, &["file", "get", "piped", "--output", "-"]), "from a pipe");
    fs::write(here.join("piped"), "mine").unwrap();
    let (status, said) = refused(&viva, here, &["file", "get", "piped"]);
    assert!(status == Some(1) && said.contains("is there already") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(here.join("piped")).unwrap(), "mine");
    done(&viva, here, &["file", "get", "piped", "--force"]);
    assert_eq!(fs::read_to_string(here.join("piped")).unwrap(), "from a pipe");
    fs::create_dir(here.join("into")).unwrap();
    done(&viva, here, &["file", "get", "one.csv", "--output", "into"]);
    assert!(here.join("into/one.csv").is_file());

    done(&viva, here, &["file", "remove", "one.csv", "piped"]);
    let (status, said) = refused(&viva, here, &["file", "get", "one.csv", "--output", "again"]);
    assert!(status == Some(1) && said.contains("no file `one.csv`"), "{said}");
    for (args, wanted) in [
        (&["file", "put", "-"][..], "--as NAME"),
        (&["file", "put", "one.csv", "into/one.csv", "--as", "x"], "--as names one file"),
        (&["file", "put", "one.csv", "--as", "../x"], "`..`"),
        (&["file", "remove", ".."], "`..`"),
        (&["file", "get", "../../viva.db"], "`..`"),
    ] {
        let (status, said) = refused(&viva, here, args);
        assert!(status == Some(2) && said.contains(wanted), "{args:?}: {said}");
    }
    assert_eq!(viva.get(&format!("/api/v1/sessions/{id}")).await.status, 200, "`..` names no session");
    let (status, said) = refused(&viva, here, &["file", "put", "into"]);
    assert!(status == Some(1) && said.contains("is a folder"), "{said}");
    let (status, said) = refused(&viva, here, &["file", "put", "absent"]);
    assert!(status == Some(1) && said.contains("no file absent"), "{said}");

    // After the stop they are read by the session's name.
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let (status, said) = refused(&viva, here, &["file", "list"]);
    assert!(status == Some(1) && said.contains("--session"), "{said}");
    assert_eq!(done(&viva, here, &["file", "get", "cases/1 + 1?.csv", "-s", "store", "-o", "-"]), "a,b\n1,2\n");
    let (status, said) = refused(&viva, here, &["file", "put", "one.csv", "-s", "store"]);
    assert!(status == Some(1) && said.contains("has ended"), "{said}");
}

#[tokio::test]
async fn a_large_upload_that_broke_off_is_gone_on_with() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let whole: Vec<u8> = (0..10_000_000u32).flat_map(u32::to_le_bytes).collect();
    fs::write(here.join("big"), &whole).unwrap();
    let begin = async |contents: &[u8]| {
        let path = format!("{}/api/v1/sessions/{id}/files/big", viva.url);
        let range = format!("bytes 0-{}/{}", contents.len() - 1, whole.len());
        let request = viva.client().put(path).bearer_auth(TOKEN).header("content-range", range);
        let answer = request.body(contents.to_vec()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
    };
    begin(&whole[..30_000_000]).await;
    done(&viva, here, &["file", "put", "big"]);
    done(&viva, here, &["file", "get", "big", "--output", "back"]);
    assert!(fs::read(here.join("back")).unwrap() == whole);
    done(&viva, here, &["file", "remove", "big"]);

    // The beginning of another file of the same size is noticed at the end, and given up.
    begin(&[7; 1000]).await;
    done(&viva, here, &["file", "put", "big"]);
    done(&viva, here, &["file", "get", "big", "--output", "again"]);
    assert!(fs::read(here.join("again")).unwrap() == whole);
}

/// Passes connections on to the server, and cuts each of the first ones after so many bytes of its answer. Returns the
/// address to ask.
fn cutting(viva: &Viva, cuts: Vec<usize>) -> String {
    let (listener, server) = (TcpListener::bind("127.0.0.1:0").unwrap(), viva.url.replace("http://", ""));
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut cuts = cuts.into_iter();
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            // Small answers come first: the list of sessions.
            let most = cuts.next().unwrap_or(usize::MAX);
            let (mut asking, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut asking, &mut asked));
            std::thread::spawn(move || {
                let (mut client, mut server) = (client, server);
                let mut left = most;
                let mut buffer = vec![0; 1 << 16];
                while left > 0 {
                    let Ok(count @ 1..) = server.read(&mut buffer) else { break };
                    if client.write_all(&buffer[..count.min(left)]).is_err() {
                        break;
                    }
                    left -= count.min(left);
                }
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            });
        }
    });
    address
}

#[tokio::test]
async fn a_download_that_broke_off_is_gone_on_with() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let whole: Vec<u8> = (0..5_000_000u32).flat_map(u32::to_le_bytes).collect();
    fs::write(here.join("big"), &whole).unwrap();
    done(&viva, here, &["file", "put", "big"]);
    let get = |url: &str, args: &[&str]| {
        let mut command = Command::new(VIVA);
        command.args(["file", "get", "big", "--session", &id]).args(args).current_dir(here);
        command.env("VIVA_URL", url).env("VIVA_TOKEN", TOKEN).env("VIVA_DATA", here).output().unwrap()
    };
    // Each connection breaks in the middle of its answer, but for the last.
    let url = cutting(&viva, vec![9_000_000, 5_000_000]);
    let got = get(&url, &["--output", "back"]);
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    assert!(fs::read(here.join("back")).unwrap() == whole);

    // What a process that died has left is gone on with by another, and what is of no use is not.
    let sha256 = done(&viva, here, &["file", "list", "--json"]);
    let sha256 = serde_json::from_str::<Value>(&sha256).unwrap()["items"][0]["sha256"].as_str().unwrap().to_owned();
    let left = here.join(format!(".again.{}.part", &sha256[..16]));
    for begun in [&whole[..7_000_000], &[7; 1000][..]] {
        fs::write(&left, begun).unwrap();
        let url = cutting(&viva, vec![]);
        let got = get(&url, &["--output", "again", "--force"]);
        if begun.len() > 1000 {
            assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
            assert!(fs::read(here.join("again")).unwrap() == whole);
        } else {
            let said = String::from_utf8_lossy(&got.stderr).into_owned();
            assert!(got.status.code() == Some(1) && said.contains("changed on the way"), "{said}");
        }
        assert!(!left.exists());
    }
}
