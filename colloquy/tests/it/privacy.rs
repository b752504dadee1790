//! Everything about a person, and their end: through the real stack, across restarts.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::tempdir;

use crate::stack::Stack;

#[tokio::test]
async fn a_person_takes_everything_along_and_is_forgotten_for_good() {
    let directory = tempdir().unwrap();
    let erasures = directory.path().join("erasures");
    let start = || {
        let mut command = Stack::command(directory.path());
        command.arg("--token-cache-ttl=0s").arg("--erasures-file").arg(&erasures);
        Stack::start_with(command)
    };
    let stack = start();
    stack.ask("What survives a crash?").await;
    let me = stack.get("/users/me").await;

    let export = stack.request(Method::GET, "/users/me/export").send().await.unwrap().text().await.unwrap();
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["id"], me["id"]);
    assert!(lines.iter().any(|line| line["type"] == "message" && line["content"] == "What survives a crash?"));
    assert_eq!(lines.last().unwrap()["counts"]["messages"], 2);
    let archive = stack.request(Method::GET, "/users/me/export?format=markdown").send().await.unwrap();
    assert!(archive.bytes().await.unwrap().starts_with(b"PK\x03\x04"));

    let erased = stack.request(Method::DELETE, "/users/me").send().await.unwrap();
    assert_eq!(erased.status(), StatusCode::OK);
    let receipt: Value = erased.json().await.unwrap();
    assert_eq!((&receipt["counts"]["conversations"], &receipt["counts"]["messages"]), (&1.into(), &2.into()));
    let noted = std::fs::read_to_string(&erasures).unwrap();
    assert!(noted.contains(&format!("history {}", receipt["tombstone"].as_str().unwrap())), "{noted}");
    assert_eq!(noted.lines().filter(|line| line.starts_with("auth ")).count(), 2, "{noted}");

    let token = stack.token.clone();
    assert!(stack.terminate().success());
    let mut stack = start();
    let newer = std::mem::replace(&mut stack.token, token.clone());
    for token in [token, newer] {
        stack.token = token;
        let refused = stack.request(Method::GET, "/users/me").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "user_erased");
    }
}
